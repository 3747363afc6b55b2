-- Coins are ranked by the reference source: without one no coin has a rank, and
-- with two every coin has several a day.
with

sources as (

    select * from {{ ref("price_sources") }}

),

counted as (

    select count(*) filter (where is_reference) as reference_count
    from sources

),

other_than_one as (

    select *
    from counted
    where reference_count <> 1

)

select * from other_than_one
