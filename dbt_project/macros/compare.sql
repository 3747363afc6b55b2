{# Whether a percentage is at or above a level. What is exact in decimal may be
   off by a few last bits in binary: 1.005 is 50 basis points off 1. #}
{% macro reaches(percentage, level) -%}
    {{ percentage }} >= {{ level }} - 1e-9
{%- endmacro %}

{# Billionths of a per cent, the precision to which changes count as equal. #}
{% macro to_billionths(percentage) -%}
    round({{ percentage }} * 1e9)
{%- endmacro %}
