{# How far each incremental model has come: one table per model in schema
   `builds`, written in the model's own transaction. It holds

   - for every input, the greatest change number that was processed. For raw
     these are the numbers of its loads; a model counts its own builds instead,
     because its rows of one load may come in several of them;
   - the number of the model's last build, which its own rows carry;
   - the fingerprint it was built with.

   No partial build can therefore make a model skip a row. #}

{# Hooks of an incremental model, each a statement that is rendered when it
   runs. What is in reach is noted before the model reads: a load that arrives
   in the meantime is processed by the next build. #}
{% macro progress_hooks() -%}
    {%- set statements -%}
        {% raw %}
        drop table if exists {{ progress_of(this, "reach") }};
        create table {{ progress_of(this, "reach") }} as {{ loads_in_reach() }};
        drop table if exists {{ progress_of(this) }};
        {{ rename_table(progress_of(this, "reach"), progress_of(this)) }}
        {% endraw %}
    {%- endset -%}
    {%- set hooks = statements.split(";") -%}
    {{ return({"pre_hook": hooks[:2], "post_hook": hooks[2:]}) }}
{%- endmacro %}

{% macro progress_of(relation, phase="progress") -%}
    builds.{{ phase }}_{{ relation.identifier }}
{%- endmacro %}

{% macro loads_in_reach() -%}
    {%- for id in model.depends_on.nodes if is_numbered(id) %}
        {%- set input = graph.sources.get(id) or graph.nodes[id] %}
        select
            cast('{{ input.get("identifier", input.alias) }}' as {{ text_type() }})
                as input,
            cast(coalesce(max(
                {{- "load_number" if id in graph.sources else "_change_number" -}}
            ), 0) as bigint) as change_number,
            {{ next_build_number() }} as build_number,
            cast('{{ fingerprint_of(model.unique_id) }}' as {{ text_type() }})
                as fingerprint
        from {{ input.relation_name }}
        {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro next_build_number() -%}
    {%- set progress = adapter.get_relation(
        this.database, "builds", "progress_" ~ this.identifier
    ) -%}
    {%- if progress -%}
        (
            select coalesce(max(build_number), 0) + cast(1 as bigint)
            from {{ progress }}
        )
    {%- else -%}
        cast(1 as bigint)
    {%- endif -%}
{%- endmacro %}

{# The number that the rows of this build carry. #}
{% macro change_number() -%}
    (select max(build_number) from {{ progress_of(this, "reach") }})
{%- endmacro %}

{# Whether its rows carry a change number: raw, and the incremental models. #}
{% macro is_numbered(id) -%}
    {%- set node = graph.nodes.get(id) -%}
    {{ return(
        id in graph.sources
        or (node and node.config.materialized == "incremental")
    ) }}
{%- endmacro %}

{# The greatest change number of an input that the model has processed. #}
{% macro last_change_taken(input) -%}
    (
        select coalesce(max(change_number), 0)
        from {{ progress_of(this) }}
        where input = '{{ input.identifier }}'
    )
{%- endmacro %}

{# dbt calls this for every model it runs. A model that was last built with
   other code, variables or seeds is rebuilt in full, and so is all that depends
   on it. #}
{% macro should_full_refresh() -%}
    {%- if config.get("full_refresh") is not none -%}
        {{ return(config.get("full_refresh")) }}
    {%- endif -%}
    {{ return(flags.FULL_REFRESH or is_built_otherwise()) }}
{%- endmacro %}

{% macro is_built_otherwise() -%}
    {%- if not execute or model.config.materialized != "incremental" -%}
        {{ return(false) }}
    {%- endif -%}
    {%- if model._is_built_otherwise is not defined -%}
        {%- set built = adapter.get_relation(this.database, this.schema, this.identifier) -%}
        {%- set progress = adapter.get_relation(
            this.database, "builds", "progress_" ~ this.identifier
        ) -%}
        {%- set found = run_query(
            "select max(fingerprint) from " ~ progress
        ).columns[0].values() if progress else [none] -%}
        {%- set otherwise = found[0] != fingerprint_of(model.unique_id) -%}
        {%- do model.update({"_is_built_otherwise": otherwise}) -%}
        {%- if built and otherwise and model.get("compiled_code") -%}
            {{ log("rebuilt whole: " ~ this.identifier, info=true) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(model._is_built_otherwise) }}
{%- endmacro %}

{# The note of the last whole build (pipeline/unchanged.py) is of no more use once
   something is built. #}
{% macro forget_built() -%}
    {%- if flags.WHICH in ["build", "run", "seed", "clone"] -%}
        drop table if exists builds.built
    {%- endif -%}
{%- endmacro %}
