{# A sum that does not depend on the order of its rows, which varies with the
   threads: the last bits of a sum of doubles would differ. Values, which must
   not be negative, are multiplied by `scale` and added as whole numbers;
   `scale` is `sum_scale` of the greatest value of the group. #}
{% macro exact_sum(value, scale) -%}
    coalesce(
        cast(
            sum(cast(cast({{ value }} * {{ scale }} as bigint) as decimal(38, 0)))
            as {{ double_type() }}
        ) / max({{ scale }}),
        max({{ value }})
    )
{%- endmacro %}

{# The factor that raises a number to about 2 to the 60th, which fits a bigint.
   As a power of two it costs no digit. Null if every value is 0. #}
{% macro sum_scale(greatest) -%}
    power(2, 60 - ceil(ln(nullif({{ greatest }}, 0)) / ln(2)))
{%- endmacro %}
