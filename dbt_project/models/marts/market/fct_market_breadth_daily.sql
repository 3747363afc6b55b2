with

rankings as (

    select * from {{ ref("fct_daily_rankings") }}

),

judged as (

    select
        rank_date,
        is_complete,
        case when performance_rank is not null then change_24h_pct end
            as ranked_change_pct
    from rankings

),

final as (

    select
        rank_date as breadth_date,
        count(*) filter (where ranked_change_pct > 0) as advancing_count,
        count(*) filter (where ranked_change_pct < 0) as declining_count,
        count(*) filter (where ranked_change_pct = 0) as unchanged_count,
        count(ranked_change_pct) as ranked_count,
        percentile_cont(0.5) within group (order by ranked_change_pct)
            as median_change_24h_pct,
        bool_and(is_complete)
        and count(ranked_change_pct) >= {{ var("breadth_min_ranked_count") }}
            as is_complete
    from judged
    group by rank_date

)

select * from final
