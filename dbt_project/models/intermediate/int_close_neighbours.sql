{{ config(**incremental_by_day("closed_date")) }}

{% set copy_bp = var("suspicion_copy_bp") | float %}
{% set dollar_bp = var("suspicion_dollar_bp") | float %}
{% set band_width = 1.5 * [copy_bp, dollar_bp] | max / 10000 %}

with

closes as (

    -- depends_on: {{ ref("int_daily_closes") }}
    select * from {{ ref("int_reference_closes") }}
    {% if is_incremental() %}
        where closed_date in (
            {{ days_to_rebuild(ref("int_daily_closes"), "closed_date") }}
        )
    {% endif %}

),

banded as (

    select
        *,
        cast(floor(ln(price_usd) / {{ band_width }}) as bigint) as band
    from closes

),

reaching as (

    -- Near prices are in the same band or in adjacent ones. Looking only there
    -- keeps the cost proportional to what is found, however many coins there
    -- are.
    {% for step in [-1, 0, 1] %}
        select
            *,
            band + {{ step }} as band_in_reach
        from banded
        where not is_decided
        {{ "union all" if not loop.last }}
    {% endfor %}

),

neighbours as (

    select
        reaching.closed_date,
        reaching.coin_id,
        others.coin_id as neighbour_id,
        reaching.price_usd,
        reaching.size_usd,
        10000.0 * (reaching.price_usd - others.price_usd) / others.price_usd
            as deviation_bp,
        case others.coin_id when '' then {{ dollar_bp }} else {{ copy_bp }} end
            as most_bp
    from reaching
    inner join banded as others
        on
            reaching.closed_date = others.closed_date
            and reaching.band_in_reach = others.band
            and reaching.coin_id <> others.coin_id
            and not others.is_dollar_peg

),

final as (

    -- Each coin is a neighbour of itself, so that every close is included.
    select
        closed_date,
        coin_id,
        coin_id as neighbour_id,
        price_usd,
        size_usd,
        cast(0 as {{ double_type() }}) as deviation_bp,
        {{ change_number() }} as _change_number
    from closes

    union all

    select
        closed_date,
        coin_id,
        neighbour_id,
        price_usd,
        size_usd,
        deviation_bp,
        {{ change_number() }} as _change_number
    from neighbours
    where {{ reaches("most_bp", "abs(deviation_bp)") }}

)

select * from final
