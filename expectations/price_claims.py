"""Claims about the facts made of prices: hourly prices, daily volumes, rankings and breadth."""

# ruff: noqa: S608 - queries are put together from constants.

from collections.abc import Iterator

from expectations.claims import (
    LARGEST_DOUBLE,
    Claim,
    filled,
    none_where,
    one_of,
    one_row_per,
)
from expectations.rules import rule

# Each hour with the close of the hour before; null after a gap.
HOURS_IN_SERIES = """
    with neighbours as (
        select
            *,
            lag(price_hour) over series as previous_hour,
            lag(close_price_usd) over series as previous_hour_close_price_usd
        from {batch}
        window series as (partition by coin_id, source order by price_hour)
    ),
    hours as (
        select
            *,
            case
                when price_hour = previous_hour + interval '1 hour'
                    then previous_hour_close_price_usd
            end as previous_close_price_usd
        from neighbours
    )
"""


def hourly_prices() -> Iterator[Claim]:
    key = "coin_id, source, price_hour"
    prices = "open_price_usd, high_price_usd, low_price_usd, close_price_usd"
    yield filled("coin_id", "source", "price_hour", "price_date", "is_complete")
    yield one_row_per("coin_id", "source", "price_hour")
    yield none_where(
        "price_hour is the start of an hour of price_date",
        "price_hour <> date_trunc('hour', price_hour) or cast(price_hour as date) <> price_date",
        f"{key}, price_date",
    )
    yield none_where(
        "low_price_usd and high_price_usd are positive finite numbers",
        "low_price_usd is null or low_price_usd <= 0 "
        f"or high_price_usd is null or high_price_usd > {LARGEST_DOUBLE}",
        f"{key}, {prices}",
    )
    yield none_where(
        "open_price_usd and close_price_usd lie within low_price_usd and high_price_usd",
        "open_price_usd is null or open_price_usd < low_price_usd "
        "or open_price_usd > high_price_usd or close_price_usd is null "
        "or close_price_usd < low_price_usd or close_price_usd > high_price_usd",
        f"{key}, {prices}",
    )
    yield none_where(
        "avg_price_usd lies within low_price_usd and high_price_usd",
        "avg_price_usd is null or avg_price_usd < low_price_usd * (1 - 1e-9) "
        "or avg_price_usd > high_price_usd * (1 + 1e-9)",
        f"{key}, low_price_usd, high_price_usd, avg_price_usd",
        reason="A mean of equal doubles can differ from them in the last digit.",
    )
    yield Claim(
        "time_weighted_price_usd lies within the hour's range and the close before it",
        f"""
        {HOURS_IN_SERIES}
        select
            coin_id,
            source,
            price_hour,
            time_weighted_price_usd,
            low_price_usd,
            high_price_usd,
            previous_close_price_usd
        from hours
        where time_weighted_price_usd is null
            or time_weighted_price_usd
            < least(low_price_usd, previous_close_price_usd) * (1 - 1e-9)
            or time_weighted_price_usd
            > greatest(high_price_usd, previous_close_price_usd) * (1 + 1e-9)
        """,
        reason="The price in force when the hour began counts until the hour's first sample.",
    )
    yield none_where(
        "sample_count is at least 1",
        "sample_count is null or sample_count < 1",
        f"{key}, sample_count",
    )
    yield Claim(
        "close_price_usd moves by at most 50 % to the next hour",
        f"""
        {HOURS_IN_SERIES}
        select coin_id, source, price_hour, previous_close_price_usd, close_price_usd
        from hours
        where abs(close_price_usd - previous_close_price_usd) > 0.5 * previous_close_price_usd
        """,
        severity="warning",
    )
    yield Claim(
        "close_price_usd of a US dollar stablecoin is within 200 bp of 1",
        """
        select
            prices.coin_id, prices.source, prices.price_hour, prices.close_price_usd
        from {batch} as prices
        inner join marts.dim_coins as coins on prices.coin_id = coins.coin_id
        where coins.is_stablecoin
            and coins.peg_currency = 'usd'
            and abs(prices.close_price_usd - 1) > 0.02
        """,
        severity="warning",
    )


def daily_volumes() -> Iterator[Claim]:
    key = "coin_id, source, volume_date"
    midnight = "(cast(volume_date as timestamp) + interval '1 day')"
    yield filled("coin_id", "source", "volume_date", "is_complete")
    yield one_row_per("coin_id", "source", "volume_date")
    yield one_of("volume_method", ("rolling_24h_at_close", "traded_sum"), f"{key}, volume_method")
    yield none_where(
        "volume_usd is null or a finite number of at least 0",
        f"volume_usd < 0 or volume_usd > {LARGEST_DOUBLE}",
        f"{key}, volume_usd",
    )
    tolerance = f"interval '{rule('as_of_tolerance_minutes'):g} minutes'"
    yield none_where(
        "a rolling volume was observed near the midnight that closes its day",
        "volume_method = 'rolling_24h_at_close' and volume_usd is not null "
        "and (observed_at is null "
        f"or observed_at < {midnight} - {tolerance} "
        f"or observed_at > {midnight} + {tolerance})",
        f"{key}, volume_usd, observed_at",
        reason="A rolling 24 h sum is the day's volume only at the day's end.",
    )
    yield Claim(
        "share_of_total_pct of a source and day add up to 100",
        """
        select source, volume_date, sum(share_of_total_pct) as total_pct
        from {batch}
        group by source, volume_date
        having abs(sum(share_of_total_pct) - 100) > 1e-6
            or (sum(volume_usd) > 0 and count(share_of_total_pct) <> count(volume_usd))
        """,
    )
    yield none_where(
        "volume_usd of a complete day is not null",
        "is_complete and volume_usd is null",
        f"{key}, volume_method",
        "warning",
    )


def rankings() -> Iterator[Claim]:
    least_volume = rule("ranking_min_volume_usd")
    shown = "rank_date, coin_id, performance_rank, change_24h_pct, exclusion_reason"
    yield filled("rank_date", "coin_id", "is_complete")
    yield one_row_per("rank_date", "coin_id")
    yield one_of(
        "exclusion_reason",
        ("stablecoin", "wrapped", "suspected", "low_volume", "no_change"),
        shown,
        nullable=True,
    )
    yield none_where(
        "a ranked coin has a change and no exclusion_reason",
        "performance_rank is not null and (change_24h_pct is null or exclusion_reason is not null)",
        shown,
    )
    yield none_where(
        "a coin without a rank has no change or an exclusion_reason",
        "performance_rank is null and change_24h_pct is not null and exclusion_reason is null",
        shown,
    )
    yield Claim(
        "performance_rank is 1 plus the number of greater changes that day",
        """
        with ranked as (
            select
                rank_date,
                coin_id,
                change_24h_pct,
                performance_rank,
                dense_rank() over (
                    partition by rank_date order by round(change_24h_pct * 1e9) desc
                ) as expected_rank
            from {batch}
            where performance_rank is not null
        )
        select * from ranked
        where performance_rank <> expected_rank
        """,
        reason="Ties, to 1e-9, share a rank, no rank is skipped, and those of a day start at 1.",
    )
    yield none_where(
        "volume_24h_usd is null or at least 0",
        "volume_24h_usd < 0",
        "rank_date, coin_id, volume_24h_usd",
    )
    yield none_where(
        f"a ranked coin has a volume_24h_usd of at least {least_volume:,.0f}",
        "performance_rank is not null "
        f"and (volume_24h_usd is null or volume_24h_usd < {least_volume!r})",
        "rank_date, coin_id, performance_rank, volume_24h_usd",
    )
    yield none_where(
        "change_24h_pct is within 2 percentage points of vendor_change_24h_pct",
        "abs(change_24h_pct - vendor_change_24h_pct) > 2",
        "rank_date, coin_id, change_24h_pct, vendor_change_24h_pct",
        "warning",
        "The vendor's window can end at another time than ours.",
    )


def market_breadth() -> Iterator[Claim]:
    counts = "advancing_count, declining_count, unchanged_count, ranked_count"
    yield filled("breadth_date")
    yield filled("is_complete")
    yield one_row_per("breadth_date")
    yield none_where(
        "advancing_count, declining_count and unchanged_count add up to ranked_count",
        "coalesce(advancing_count + declining_count + unchanged_count, -1) "
        "<> coalesce(ranked_count, -2)",
        f"breadth_date, {counts}",
    )
    yield Claim(
        "ranked_count is the number of ranked coins in fct_daily_rankings",
        """
        with ranked as (
            select rank_date, count(performance_rank) as rank_count
            from marts.fct_daily_rankings
            group by rank_date
        )
        select
            coalesce(breadth.breadth_date, ranked.rank_date) as breadth_date,
            breadth.ranked_count,
            ranked.rank_count
        from {batch} as breadth
        full join ranked on breadth.breadth_date = ranked.rank_date
        where coalesce(breadth.ranked_count, -1) <> coalesce(ranked.rank_count, -1)
        """,
    )
    yield none_where(
        "the sign of median_change_24h_pct agrees with the greater half",
        "(2 * advancing_count > ranked_count and median_change_24h_pct <= 0) "
        "or (2 * declining_count > ranked_count and median_change_24h_pct >= 0) "
        "or (ranked_count > 0) = (median_change_24h_pct is null)",
        f"breadth_date, {counts}, median_change_24h_pct",
    )
