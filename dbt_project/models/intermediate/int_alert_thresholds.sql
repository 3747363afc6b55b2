{% set selectable = var("selectable_thresholds_pct") | map("float") | list %}
{% set move = var("alert_threshold_pct") | float %}
{% set depeg = (var("depeg_threshold_bp") | float) / 100 %}
{% set reset_ratio = var("alert_reset_ratio") | float %}

{% set rules = [] %}
{% for threshold in (selectable + [move]) | unique | sort %}
    {% set _ = rules.append(("price_move", threshold, threshold == move)) %}
{% endfor %}
{% set _ = rules.append(("depeg", depeg, true)) %}

with

thresholds as (

    -- Rounded, for 80 % of 3 in binary is a hair more than 2.4.
    {% for alert_type, threshold, is_in_force in rules %}
        select
            '{{ alert_type }}' as alert_type,
            cast({{ threshold }} as {{ double_type() }}) as threshold_pct,
            cast({{ (reset_ratio * threshold) | round(9) }} as {{ double_type() }})
                as reset_pct,
            {{ is_in_force | lower }} as is_in_force,
            {{ (alert_type == "price_move" and threshold in selectable) | lower }}
                as is_selectable
        {{ "union all" if not loop.last }}
    {% endfor %}

)

select * from thresholds
