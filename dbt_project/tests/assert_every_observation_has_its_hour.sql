-- The samples of a day's hours are the observations of that day, neither more
-- nor fewer: an incremental run that forgets a day, or takes one up twice,
-- shows here. Their hours of day add up to the same, so that none is in
-- another's hour; a join by hour would say which, and take four times as long.
{% set changed = [ref("int_price_observations"), ref("fct_hourly_prices")] %}

with

observations as (

    select * from {{ ref("int_price_observations") }}
    where {{ is_changed_day("observed_date", changed) }}

),

hours as (

    select * from {{ ref("fct_hourly_prices") }}
    where {{ is_changed_day("price_date", changed) }}

),

observed as (

    select
        source,
        coin_id,
        observed_date,
        count(*) as observation_count,
        sum(extract(hour from observed_at)) as hours_of_day
    from observations
    group by source, coin_id, observed_date

),

sampled as (

    select
        source,
        coin_id,
        price_date,
        sum(sample_count) as sample_count,
        sum(sample_count * extract(hour from price_hour)) as hours_of_day
    from hours
    group by source, coin_id, price_date

),

unequal as (

    select
        coalesce(observed.source, sampled.source) as source,
        coalesce(observed.coin_id, sampled.coin_id) as coin_id,
        coalesce(observed.observed_date, sampled.price_date) as price_date,
        coalesce(observed.observation_count, 0) as observation_count,
        coalesce(sampled.sample_count, 0) as sample_count
    from observed
    full outer join sampled
        on
            observed.source = sampled.source
            and observed.coin_id = sampled.coin_id
            and observed.observed_date = sampled.price_date
    where
        observed.observation_count is distinct from sampled.sample_count
        or observed.hours_of_day is distinct from sampled.hours_of_day

)

select * from unequal
