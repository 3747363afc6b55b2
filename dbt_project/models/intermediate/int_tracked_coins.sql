{{ config(**incremental_by_day("judged_date")) }}

{% set days = var("suspicion_days") | int %}
{% set least = var("suspicion_min_closes") | int %}

with

{% if is_incremental() %}
    -- A close matters to the days after it.
    rebuilt_days as (

        select distinct {{ each_day("day", day_after("day", days)) }} as day
        from (
            {{ days_to_rebuild(ref("int_close_neighbours"), "closed_date") }}
        ) as changed

    ),
{% endif %}

neighbours as (

    select * from {{ ref("int_close_neighbours") }}
    {% if is_incremental() %}
        where closed_date in (
            select {{ each_day(day_after("day", -days), "day") }}
            from rebuilt_days
        )
    {% endif %}

),

closes as (

    select * from neighbours
    where coin_id = neighbour_id

),

pairs as (

    -- Two coins that are near by chance are seldom near often. The dollar
    -- tracks itself, so that every day that was judged has a row.
    select
        coin_id,
        neighbour_id
    from neighbours
    where coin_id <> neighbour_id or coin_id = ''
    group by coin_id, neighbour_id
    having count(*) >= {{ least }} or coin_id = ''

),

tracked as (

    -- Over the preceding days on which both had a price.
    select
        judged.closed_date as judged_date,
        pairs.coin_id,
        pairs.neighbour_id as tracked_id,
        count(*) as days_compared,
        max(abs(near.deviation_bp)) as worst_deviation_bp,
        sum(sign(others.size_usd - own.size_usd)) as surplus_days_larger,
        max(others.size_usd) as tracked_size_usd
    from pairs
    inner join closes as judged on pairs.coin_id = judged.coin_id
    inner join closes as own
        on
            pairs.coin_id = own.coin_id
            and judged.closed_date > own.closed_date
            and {{ day_after("judged.closed_date", -days) }} <= own.closed_date
            and own.price_usd is not null
    inner join closes as others
        on
            pairs.neighbour_id = others.coin_id
            and own.closed_date = others.closed_date
            and others.price_usd is not null
    left join neighbours as near
        on
            pairs.coin_id = near.coin_id
            and pairs.neighbour_id = near.neighbour_id
            and own.closed_date = near.closed_date
    {% if is_incremental() %}
        where judged.closed_date in (select day from rebuilt_days)
    {% endif %}
    group by judged.closed_date, pairs.coin_id, pairs.neighbour_id
    having count(*) = count(near.deviation_bp)

),

final as (

    select
        *,
        {{ change_number() }} as _change_number
    from tracked
    where days_compared >= {{ least }} or coin_id = ''

)

select * from final
