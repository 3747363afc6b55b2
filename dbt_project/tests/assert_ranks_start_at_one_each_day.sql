-- If any coin is ranked, one is first and no rank up to the last is missing.
-- Ranks that continue across days, or that unranked coins take up, look right
-- line by line.
with

rankings as (

    select * from {{ ref("fct_daily_rankings") }}

),

ranked_days as (

    select
        rank_date,
        min(performance_rank) as first_rank,
        max(performance_rank) as last_rank,
        count(distinct performance_rank) as rank_count
    from rankings
    where performance_rank is not null
    group by rank_date

),

misnumbered as (

    select *
    from ranked_days
    where first_rank <> 1 or last_rank <> rank_count

)

select * from misnumbered
