{# What determines the rows of a model apart from raw: its code and that of the
   macros it calls, the variables they use, seeds, and the same for everything
   it depends on. #}
{% macro fingerprint_of(id) -%}
    {%- set node = graph.nodes[id] -%}
    {#- The graph is of one command, and what is kept in it of all its nodes. -#}
    {%- if node.get("_fingerprint") -%}
        {{ return(node._fingerprint) }}
    {%- endif -%}
    {%- if node.resource_type == "seed" -%}
        {{ return(node.checksum.checksum) }}
    {%- endif -%}
    {%- set parts = [node.config.materialized, node.raw_code] -%}
    {%- for macro_id in macros_called(node.depends_on.macros) -%}
        {%- do parts.append(context[macro_id.split(".")[-1]].macro.macro_sql) -%}
    {%- endfor -%}
    {%- set named = modules.re.findall(
        "var\\(\\s*[\"'](\\w+)", parts | join("\n")
    ) -%}
    {%- for name in named | unique | sort -%}
        {%- do parts.append(name ~ "=" ~ var(name)) -%}
    {%- endfor -%}
    {%- for parent in node.depends_on.nodes | sort if parent in graph.nodes -%}
        {%- do parts.append(fingerprint_of(parent)) -%}
    {%- endfor -%}
    {%- do node.update({"_fingerprint": local_md5(parts | join("\n"))}) -%}
    {{ return(node._fingerprint) }}
{%- endmacro %}

{# The project's own macros among `ids`, and those that they call. #}
{% macro macros_called(ids, found=none) -%}
    {%- set found = [] if found is none else found -%}
    {%- set own = "macro." ~ project_name ~ "." -%}
    {%- for id in ids | sort if id.startswith(own) and id not in found -%}
        {%- do found.append(id) -%}
        {%- do macros_called(
            context[id.split(".")[-1]].macro.depends_on.macros, found
        ) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
