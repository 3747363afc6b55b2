{# What the data tests of a job look at: the days of a model that have changed
   since its tests last passed. `dbt test` by hand, without the variable, looks
   at all days. A duplicate or a null is confined to one day, so a day that has
   not changed is as good as when it was tested. #}

{# dbt calls this for every test that is declared in YAML. #}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get("where", "") -%}
    {%- set rows = rows_to_test(relation) -%}
    {{ return(
        "(select * from " ~ rows ~ " where " ~ where ~ ") as chosen"
        if where else rows
    ) }}
{%- endmacro %}

{# Rows of the days that changed; `relation` itself if all days are tested. #}
{% macro rows_to_test(relation) -%}
    {%- set days = untested_days(relation) -%}
    {%- if days -%}
        (
            select *
            from {{ relation }}
            where {{ day_column(relation) }} in ({{ days }})
        ) as changed
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}

{# A query of the days of an incremental model that changed; none if all count.
   #}
{% macro untested_days(relation) -%}
    {%- set limited = var("test_changed_days_only", false) is sameas true -%}
    {%- set day = day_column(relation)
        if limited and is_limited_to_news() -%}
    {%- if day -%}
        {%- set model = growing_model(relation) -%}
        select distinct {{ day }}
        from {{ model.relation_name }}
        where _change_number > {{ last_change_tested(model.alias) }}
    {%- endif -%}
{%- endmacro %}

{# The greatest change number of a model at which all tests passed; `raw` means
   the loads. #}
{% macro last_change_tested(name) -%}
    (
        select coalesce(max(change_number), 0)
        from builds.tested
        where model = '{{ name }}'
    )
{%- endmacro %}

{% macro is_limited_to_news() -%}
    {{ return(
        var("test_changed_days_only", false) is sameas true
        and execute and has_tested()
    ) }}
{%- endmacro %}

{% macro has_tested() -%}
    {{ return(
        adapter.get_relation(this.database, "builds", "tested") is not none
    ) }}
{%- endmacro %}

{# The day column by which an incremental model is replaced, which a view over
   its days has as well; none for any other model. #}
{% macro day_column(relation) -%}
    {%- set model = growing_model(relation) -%}
    {{ return(
        (model.config.unique_key or model.config.partition_by)
        if model else none
    ) }}
{%- endmacro %}

{# The incremental model that a relation is, or whose days it shows; or none. #}
{% macro growing_model(relation) -%}
    {%- set own = "model." ~ project_name ~ "." -%}
    {%- set model = graph.nodes.get(own ~ relation.identifier) -%}
    {%- if model and model.config.meta.days_of -%}
        {%- set model = graph.nodes[own ~ model.config.meta.days_of] -%}
    {%- endif -%}
    {{ return(
        model
        if model and model.config.materialized == "incremental" else none
    ) }}
{%- endmacro %}

{% macro growing_models() -%}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == "model"
        and node.config.materialized == "incremental" -%}
        {%- do found.append(node) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Records how far the models were when every test of a complete build passed.
   #}
{% macro note_tested() -%}
    {%- set broken = [] -%}
    {%- for result in results if result.status in ["fail", "error", "skipped"] -%}
        {%- do broken.append(result) -%}
    {%- endfor -%}
    {%- if execute
        and flags.WHICH == "build"
        and not invocation_args_dict.get("select")
        and not broken -%}
        {%- do run_query("drop table if exists builds.tested") -%}
        {%- set statement -%}
            create table builds.tested as
            {% for node in growing_models() -%}
                select
                    cast('{{ node.alias }}' as {{ text_type() }}) as model,
                    max(_change_number) as change_number
                from {{ node.relation_name }}
                union all
            {% endfor -%}
            select
                cast('raw' as {{ text_type() }}) as model,
                max(load_number) as change_number
            from {{ graph.sources.values() | selectattr(
                "name", "equalto", "landed_responses"
            ) | map(attribute="relation_name") | first }}
        {%- endset -%}
        {%- do run_query(statement) -%}
    {%- endif -%}
{%- endmacro %}

{# Conditions for tests written by hand; true for every row if all days are
   tested. #}
{% macro is_news(load_number) -%}
    {%- if var("test_changed_days_only", false) is sameas true
        and is_limited_to_news() -%}
        {{ load_number }} > {{ last_change_tested("raw") }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# Whether the day has changed in any of several models. #}
{% macro is_changed_day(day, relations) -%}
    {%- set conditions = [] -%}
    {%- for relation in relations -%}
        {%- set days = untested_days(relation) -%}
        {%- if days -%}
            {%- do conditions.append(day ~ " in (" ~ days ~ ")") -%}
        {%- endif -%}
    {%- endfor -%}
    {{ "(" ~ conditions | join(" or ") ~ ")" if conditions else "true" }}
{%- endmacro %}
