with

tracked as (

    select * from {{ ref("int_tracked_coins") }}
    where tracked_id <> coin_id

),

originals as (

    -- The dollar, or a coin that was larger on most days; in a draw, the id
    -- decides.
    select
        *,
        row_number() over (
            partition by judged_date, coin_id
            order by
                case when tracked_id = '' then 0 else 1 end asc,
                tracked_size_usd desc,
                tracked_id asc
        ) as place
    from tracked
    where
        tracked_id = ''
        or surplus_days_larger > 0
        or (surplus_days_larger = 0 and tracked_id < coin_id)

),

final as (

    select
        judged_date,
        coin_id,
        case when tracked_id = '' then 'tracks_dollar' else 'tracks_coin' end
            as suspected_reason,
        nullif(tracked_id, '') as tracked_coin_id,
        worst_deviation_bp,
        days_compared
    from originals
    where place = 1

)

select * from final
