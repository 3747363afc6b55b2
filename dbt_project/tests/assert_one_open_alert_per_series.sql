-- At one source, a coin has at most one open episode of a type, in whichever
-- direction: what is up 5 % is not down 4 %, so the flip must have closed one.
with

alerts as (

    select * from {{ ref("fct_price_alerts") }}

),

doubled as (

    select
        coin_id,
        source,
        alert_type,
        count(*) as open_count
    from alerts
    where closed_at is null
    group by coin_id, source, alert_type
    having count(*) > 1

)

select * from doubled
