{# Drops every relation in the models' schemas that no model owns, and reports
   it: what a renamed or removed model left behind would be read as if it were
   up to date. #}
{% macro drop_unowned() -%}
    {%- if execute and flags.WHICH in ["run", "build"] -%}
        {%- set owned = {"builds": ["tested", "built"]} -%}
        {%- for node in graph.nodes.values()
            if node.resource_type in ["model", "seed", "snapshot"] -%}
            {%- do owned.setdefault(node.schema, []).append(node.alias) -%}
            {%- do owned.setdefault("builds", []).append(
                "progress_" ~ node.alias
            ) -%}
        {%- endfor -%}
        {%- for schema, names in owned.items() -%}
            {%- for relation in relations_in(schema)
                if relation.identifier not in names -%}
                {%- do adapter.drop_relation(relation) -%}
                {{ log(
                    "dropped because no model owns it: "
                    ~ schema ~ "." ~ relation.identifier,
                    info=true
                ) }}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
