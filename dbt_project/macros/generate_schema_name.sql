{# A schema has the name its folder is given, not `<target schema>_<name>`. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
