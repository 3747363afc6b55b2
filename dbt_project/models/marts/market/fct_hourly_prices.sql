{{ config(**incremental_by_day("price_date")) }}

with

-- The last price of a day counts in the first hour of the next.
{% if is_incremental() %}
    {{ rebuilt_and_read_days(
        ref("int_price_observations"),
        "observed_date",
        spill=[0, 1],
        reach=[-1],
        reopen="price_date"
    ) }}
{% endif %}

observations as (

    select * from {{ ref("int_price_observations") }}
    {% if is_incremental() %}
        where observed_date in (select day from read_days)
    {% endif %}

),

clocks as (

    select * from {{ ref("int_source_clocks") }}

),

weighted as (

    {{ time_weights("observations") }}

),

scales as (

    select
        source,
        coin_id,
        price_hour,
        {{ sum_scale("max(price_usd)") }} as price_scale,
        {{ sum_scale("max(weighted_usd)") }} as weighted_scale,
        {{ sum_scale("max(seconds)") }} as seconds_scale
    from weighted
    group by source, coin_id, price_hour

),

hourly as (

    select
        cast(weighted.coin_id as {{ text_type() }}) as coin_id,
        weighted.source,
        weighted.price_hour,
        {{ value_at_least("price_usd", "observed_at") }} as open_price_usd,
        max(weighted.price_usd) as high_price_usd,
        min(weighted.price_usd) as low_price_usd,
        {{ value_at_greatest("price_usd", "observed_at") }} as close_price_usd,
        {{ exact_sum("weighted.price_usd", "scales.price_scale") }}
        / count(*) as avg_price_usd,
        {{ exact_sum("weighted.weighted_usd", "scales.weighted_scale") }}
        / {{ exact_sum("weighted.seconds", "scales.seconds_scale") }}
            as time_weighted_price_usd,
        count(*) as sample_count
    from weighted
    inner join scales
        on
            weighted.source = scales.source
            and weighted.coin_id = scales.coin_id
            and weighted.price_hour = scales.price_hour
    group by weighted.source, weighted.coin_id, weighted.price_hour

),

final as (

    select
        hourly.*,
        cast(hourly.price_hour as date) as price_date,
        clocks.as_of_at >= hourly.price_hour + interval '1 hour' as is_complete,
        {{ change_number() }} as _change_number
    from hourly
    inner join clocks on hourly.source = clocks.source
    {% if is_incremental() %}
        where
            cast(hourly.price_hour as date) in (select day from rebuilt_days)
    {% endif %}

)

select * from final
