-- The date of an hour is the UTC day it starts in, and an hour starts on the
-- hour. The date decides which rows an incremental run replaces: an hour under
-- another day would be left behind, and then be there twice.
with

hours as (

    select * from {{ rows_to_test(ref("fct_hourly_prices")) }}

),

misplaced as (

    select
        coin_id,
        source,
        price_hour,
        price_date
    from hours
    where
        price_date <> cast(price_hour as date)
        or price_hour <> date_trunc('hour', price_hour)

)

select * from misplaced
