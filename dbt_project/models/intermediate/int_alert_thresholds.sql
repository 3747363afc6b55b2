{% set selectable = var("selectable_thresholds_pct") | map("float") | list %}
{% set move = var("alert_threshold_pct") | float %}
{% set depeg = (var("depeg_threshold_bp") | float) / 100 %}
{% set reset_ratio = var("alert_reset_ratio") | float %}

{% set rules = [] %}
{% for threshold in (selectable + [move]) | unique | sort %}
    {% set _ = rules.append({
        "type": "price_move",
        "threshold": threshold,
        "in_force": threshold == move,
        "selectable": threshold in selectable,
    }) %}
{% endfor %}
{% set _ = rules.append({
    "type": "depeg",
    "threshold": depeg,
    "in_force": true,
    "selectable": false,
}) %}

with

thresholds as (

    -- Rounded, because in binary 80 % of 3 is slightly more than 2.4.
    {% for rule in rules %}
        {% set reset = (reset_ratio * rule.threshold) | round(9) %}
        select
            '{{ rule.type }}' as alert_type,
            cast({{ rule.threshold }} as {{ double_type() }}) as threshold_pct,
            cast({{ reset }} as {{ double_type() }}) as reset_pct,
            {{ rule.in_force | lower }} as is_in_force,
            {{ rule.selectable | lower }} as is_selectable
        {{ "union all" if not loop.last }}
    {% endfor %}

)

select * from thresholds
