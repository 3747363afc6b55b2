"""The data of the pages: SQL over the marts of one snapshot.

Every function takes the snapshot it reads, so that whatever is cached belongs to that snapshot and
a page never mixes two of them. Times are UTC without a zone, as they are published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import streamlit as st

from published.reading import BrokenSnapshotError, Snapshot

KEYED_BY_SNAPSHOT: dict[str | type[Any], Callable[[Any], Any]] = {
    Snapshot: lambda snapshot: str(snapshot.folder)
}
MEMORY_LIMIT = "1GB"
THREADS = 2


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYED_BY_SNAPSHOT)
def _database(snapshot: Snapshot) -> duckdb.DuckDBPyConnection:
    """An in-memory database with a view for each mart; nothing is read until it is asked for."""
    memory = duckdb.connect(":memory:", config={"memory_limit": MEMORY_LIMIT, "threads": THREADS})
    memory.execute("set parquet_metadata_cache = true")
    for mart in snapshot.marts:
        try:
            memory.read_parquet(str(snapshot.file(mart))).create_view(mart)
        except duckdb.Error as error:
            raise _unreadable(snapshot, mart, error) from error
    return memory


@st.cache_data(show_spinner=False, max_entries=2000, hash_funcs=KEYED_BY_SNAPSHOT)
def query(snapshot: Snapshot, sql: str, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """The rows of a SELECT that names marts as tables; values come in as $parameters.

    Raises BrokenSnapshotError when a file of the snapshot cannot be read.
    """
    try:
        with _database(snapshot).cursor() as cursor:
            return cursor.execute(sql, dict(params or {})).df()
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise _unreadable(snapshot, "a mart", error) from error


@st.cache_data(show_spinner=False, hash_funcs=KEYED_BY_SNAPSHOT)
def columns(snapshot: Snapshot, mart: str) -> list[str]:
    """Names of a mart's columns; empty when the snapshot has no such mart."""
    if not snapshot.has(mart):
        return []
    with _database(snapshot).cursor() as cursor:
        return cursor.view(mart).columns


def column_types(snapshot: Snapshot, mart: str) -> pd.DataFrame:
    """name and type of a mart's columns, from its file."""
    with _database(snapshot).cursor() as cursor:
        view = cursor.view(mart)
        return pd.DataFrame({"name": view.columns, "type": [str(kind) for kind in view.types]})


def preview(snapshot: Snapshot, mart: str, most: int) -> pa.Table:
    """The first rows of a mart that the snapshot has, in the types they are published in."""
    if not snapshot.has(mart):
        raise KeyError(mart)
    with _database(snapshot).cursor() as cursor:
        return cursor.view(mart).limit(most).to_arrow_table()


def _unreadable(snapshot: Snapshot, what: str, error: Exception) -> BrokenSnapshotError:
    reason = str(error).splitlines()[0].replace(str(snapshot.folder), snapshot.folder.name)
    return BrokenSnapshotError(f"{what} of {snapshot.folder.name} cannot be read: {reason}")


def coins(snapshot: Snapshot) -> pd.DataFrame:
    """coin_id, symbol, name, is_stablecoin, is_wrapped, price_usd, change_24h_pct, volume_24h_usd,
    performance_rank, exclusion_reason, last_seen_at; the latest ranked day, largest volume first.
    """
    return query(
        snapshot,
        """
        select
            coins.coin_id, upper(coins.symbol) as symbol, coins.name, coins.is_stablecoin,
            coins.is_wrapped, latest.price_usd, latest.change_24h_pct, latest.volume_24h_usd,
            latest.performance_rank, latest.exclusion_reason, coins.last_seen_at
        from dim_coins as coins
        left join fct_daily_rankings as latest
            on coins.coin_id = latest.coin_id
            and latest.rank_date = (select max(rank_date) from fct_daily_rankings)
        order by latest.volume_24h_usd desc nulls last, coins.coin_id
        """,
    )


def observed_until(snapshot: Snapshot) -> datetime | None:
    """Time of the latest observation, which is the present of the market."""
    latest = query(snapshot, "select max(last_seen_at) as at from dim_coins")["at"].dropna()
    return None if latest.empty else _first(latest)


def price_sources(snapshot: Snapshot) -> list[str]:
    """Sources of hourly prices, the one with most hours first."""
    rows = query(
        snapshot,
        "select source from fct_hourly_prices group by source order by count(*) desc, source",
    )
    return rows["source"].tolist()


def sparklines(
    snapshot: Snapshot, coin_ids: Sequence[str], source: str, start: datetime
) -> dict[str, list[float]]:
    """By coin, the closing price of every fourth hour since `start`, oldest first."""
    rows = query(
        snapshot,
        """
        select coin_id, list(close_price_usd order by price_hour) as closes
        from (
            select coin_id, price_hour, close_price_usd
            from fct_hourly_prices
            where list_contains($coins, coin_id) and source = $source and price_hour >= $start
            qualify row_number() over (
                partition by coin_id, time_bucket(interval 4 hours, price_hour)
                order by price_hour desc
            ) = 1
        )
        group by coin_id
        """,
        {"coins": list(coin_ids), "source": source, "start": start},
    )
    return {
        coin_id: list(closes)
        for coin_id, closes in zip(rows["coin_id"], rows["closes"], strict=True)
    }


def first_observation(snapshot: Snapshot) -> datetime:
    """The time of the first observation of any coin."""
    return _first(query(snapshot, "select min(first_seen_at) as at from dim_coins")["at"])


def first_price_hour(snapshot: Snapshot, source: str) -> datetime:
    """The first hour with a sample of a source of hourly prices."""
    sql = "select min(price_hour) as at from fct_hourly_prices where source = $source"
    return _first(query(snapshot, sql, {"source": source})["at"])


def prices(
    snapshot: Snapshot,
    coin_ids: Sequence[str],
    source: str,
    start: datetime,
    end: datetime,
    hours: int,
) -> pd.DataFrame:
    """coin_id, bucket, open, high, low, close, mean, sample_count, is_complete for [start, end).

    One row per coin and `hours` hours from each coin's first sample to its last; a stretch without
    a sample is included with nulls, so that a chart can leave a gap.
    """
    return query(
        snapshot,
        """
        with sampled as (
            select
                coin_id,
                time_bucket(to_hours($hours), price_hour, timestamp '2000-01-01') as bucket,
                min_by(open_price_usd, price_hour) as open,
                max(high_price_usd) as high,
                min(low_price_usd) as low,
                max_by(close_price_usd, price_hour) as close,
                sum(avg_price_usd * sample_count) / sum(sample_count) as mean,
                sum(sample_count)::bigint as sample_count,
                bool_and(is_complete) as is_complete
            from fct_hourly_prices
            where
                list_contains($coins, coin_id) and source = $source
                and price_hour >= $start and price_hour < $end
            group by all
        ),
        grid as (
            select
                coin_id,
                unnest(generate_series(min(bucket), max(bucket), to_hours($hours))) as bucket
            from sampled
            group by coin_id
        )
        select * from grid left join sampled using (coin_id, bucket) order by coin_id, bucket
        """,
        {
            "coins": list(coin_ids),
            "source": source,
            "start": start,
            "end": end,
            "hours": hours,
        },
    )


def volume_sources(snapshot: Snapshot) -> list[str]:
    """Sources of daily volumes, the one with most days first."""
    rows = query(
        snapshot,
        "select source from fct_daily_volumes group by source order by count(*) desc, source",
    )
    return rows["source"].tolist()


def first_volume_day(snapshot: Snapshot, source: str) -> datetime:
    """Midnight that begins the first day of a source's volumes."""
    sql = "select min(volume_date) as at from fct_daily_volumes where source = $source"
    return _first(query(snapshot, sql, {"source": source})["at"])


def _first(times: pd.Series) -> datetime:
    first: pd.Timestamp = times.iloc[0]
    return first.to_pydatetime()


def volumes(
    snapshot: Snapshot, coin_ids: Sequence[str], source: str, start: date, end: date
) -> pd.DataFrame:
    """Rows of fct_daily_volumes for the days [start, end]; share_of_total_pct null if unknown."""
    share = (
        "share_of_total_pct"
        if "share_of_total_pct" in columns(snapshot, "fct_daily_volumes")
        else "null::double as share_of_total_pct"
    )
    return query(
        snapshot,
        f"""
        select
            coin_id, source, volume_date, volume_usd, volume_method, {share}, observed_at,
            is_complete
        from fct_daily_volumes
        where
            list_contains($coins, coin_id) and source = $source
            and volume_date between $start and $end
        order by coin_id, volume_date
        """,  # noqa: S608
        {"coins": list(coin_ids), "source": source, "start": start, "end": end},
    )


def rank_dates(snapshot: Snapshot) -> list[date]:
    """Days with a ranking, newest first."""
    rows = query(
        snapshot, "select distinct rank_date from fct_daily_rankings order by rank_date desc"
    )
    return [day.date() for day in rows["rank_date"]]


def rankings(snapshot: Snapshot, day: date) -> pd.DataFrame:
    """Rows of fct_daily_rankings of a day with symbol and name, best rank first."""
    return query(
        snapshot,
        """
        select rankings.*, upper(coins.symbol) as symbol, coins.name
        from fct_daily_rankings as rankings
        inner join dim_coins as coins using (coin_id)
        where rankings.rank_date = $day
        order by rankings.performance_rank nulls last, rankings.coin_id
        """,
        {"day": day},
    )


def rank_history(
    snapshot: Snapshot, coin_ids: Sequence[str], start: date, end: date
) -> pd.DataFrame:
    """coin_id, rank_date, performance_rank, change_24h_pct, is_complete for days [start, end]."""
    return query(
        snapshot,
        """
        select coin_id, rank_date, performance_rank, change_24h_pct, is_complete
        from fct_daily_rankings
        where list_contains($coins, coin_id) and rank_date between $start and $end
        order by coin_id, rank_date
        """,
        {"coins": list(coin_ids), "start": start, "end": end},
    )


def breadth(snapshot: Snapshot) -> pd.DataFrame:
    """Rows of fct_market_breadth_daily, oldest first."""
    return query(snapshot, "from fct_market_breadth_daily order by breadth_date")
