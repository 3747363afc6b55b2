{{ config(**incremental_by_day("observed_date")) }}

{% set staged = [] %}
{% for facts in raw_tables().values() if facts.coin_id %}
    {% do staged.append(ref(facts.staging_model)) %}
{% endfor %}

with

{% if is_incremental() %}
    rebuilt_days as (

        {% for relation in staged %}
            select day
            from ({{ days_to_rebuild(relation, "observed_date") }}) as days
            {{ "union" if not loop.last }}
        {% endfor %}

    ),
{% endif %}

points as (

    select * from {{ ref("int_price_points") }}
    {% if is_incremental() %}
        where observed_date in (select day from rebuilt_days)
    {% endif %}

),

placed as (

    -- A quote says more than a chart point of the same instant. Among several
    -- trades the last one sets the price: the stream numbers its batches, and
    -- ids count up, 999 before 1000.
    select
        *,
        rank() over (
            partition by source, coin_id, observed_at
            order by
                is_chart_point asc,
                batch_number desc nulls last,
                length(event_id) desc,
                event_id desc
        ) as place,
        max(traded_usd) over (
            partition by source, coin_id, observed_at
        ) as greatest_traded_usd
    from points

),

observations as (

    select
        source,
        coin_id,
        observed_at,
        observed_date,
        max(price_usd) filter (where place = 1) as price_usd,
        max(market_cap_usd) filter (where place = 1) as market_cap_usd,
        max(rolling_volume_usd) filter (where place = 1) as rolling_volume_usd,
        {{ exact_sum("traded_usd", sum_scale("greatest_traded_usd")) }}
            as traded_volume_usd,
        max(vendor_change_24h_pct) filter (where place = 1)
            as vendor_change_24h_pct
    from placed
    group by source, coin_id, observed_at, observed_date

),

final as (

    select
        *,
        {{ change_number() }} as _change_number
    from observations

)

select * from final
