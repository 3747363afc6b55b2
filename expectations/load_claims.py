"""Claims about a load as a whole: each of its rows can be plausible while the load is poisoned."""

# ruff: noqa: S608 - queries are put together from constants and validated load ids.

from collections.abc import Sequence

from expectations.claims import Claim, loaded_by, text_list

# Where each raw table keeps the coin, the time of its quote and the price. Markets rows are
# ordered by fetch time: the vendor's last_updated goes back between polls.
PRICE_COLUMNS = {
    "coingecko_markets": ("id", "fetched_at", "current_price"),
    "coingecko_market_chart": ("coin_id", "point_at", "price"),
    "stream_ticks": ("product_id", "event_at", "price"),
}


def price_in_line(table: str, earlier_tables: Sequence[str], load_ids: Sequence[str]) -> Claim:
    """Catches cents for dollars or another currency: many coins jump at once.

    One coin may move fivefold in two days, a tenth of all coins do not.
    """
    key, time, price = PRICE_COLUMNS[table]
    loads = text_list(load_ids)
    earlier = " union all ".join(
        "select {} as coin, {} as priced_at, {} as price ".format(*PRICE_COLUMNS[earlier_table])
        + f"from raw.{earlier_table} where _dlt_load_id not in ({loads})"
        for earlier_table in earlier_tables
    )
    query = f"""
        with loaded as (
            select {key} as coin, {time} as priced_at, {price} as price
            from {{batch}} as batch_rows
            where {price} > 0
        ),
        spans as (
            select coin, min(priced_at) as first_at, max(priced_at) as last_at
            from loaded
            group by coin
        ),
        earlier as ({earlier}),
        ranked as (
            select
                earlier.coin,
                earlier.priced_at,
                earlier.price,
                row_number() over (
                    partition by earlier.coin
                    order by earlier.priced_at desc, earlier.price
                ) as recency
            from earlier
            inner join spans on earlier.coin = spans.coin
            where earlier.price > 0
                and earlier.priced_at <= spans.last_at
                and earlier.priced_at >= spans.first_at - interval '48 hours'
        ),
        compared as (
            select
                ranked.coin,
                ranked.priced_at as earlier_at,
                ranked.price as earlier_price,
                percentile_cont(0.5) within group (order by loaded.price) as loaded_price
            from ranked
            inner join loaded
                on ranked.coin = loaded.coin
                and loaded.priced_at >= ranked.priced_at - interval '48 hours'
                and loaded.priced_at <= ranked.priced_at + interval '48 hours'
            where ranked.recency = 1
            group by ranked.coin, ranked.priced_at, ranked.price
        ),
        jumps as (
            select * from compared
            where loaded_price > 5 * earlier_price or 5 * loaded_price < earlier_price
        ),
        counts as (
            select
                (select count(*) from jumps) as jumped_count,
                (select count(*) from compared) as compared_count
        )
        select jumps.*, counts.jumped_count, counts.compared_count
        from jumps
        cross join counts
        where counts.jumped_count >= 3
            and counts.jumped_count > 0.1 * counts.compared_count
    """
    return Claim(
        f"the median {price} is within a factor of 5 of the last price of the 48 hours before, "
        "but for 2 coins or a tenth of them",
        query,
        reason="A jump of many coins at once is a unit or currency error, not the market.",
        observed="{jumped_count} of {compared_count} coins differ",
    )


def pages_in_line(load_ids: Sequence[str] | None) -> Claim:
    """The same error in a single page, wherever in a load it stands.

    A page of quotes is compared with the quotes before it, of this load or an earlier one.
    """
    columns = "response_id, id, fetched_at, current_price"
    earlier = f"""
            union all
            select {columns}, false as is_loaded
            from raw.coingecko_markets
            where _dlt_load_id not in ({text_list(load_ids or [])})
                and fetched_at < (select min(fetched_at) from {{batch}} as batch_rows)
                and fetched_at >= (
                    select min(fetched_at) - interval '48 hours' from {{batch}} as batch_rows
                )
    """
    return Claim(
        "the prices of a page are within a factor of 5 of the quotes before it, "
        "but for 2 coins or a tenth of them",
        f"""
        with quotes as (
            select {columns}, true as is_loaded from {{batch}}
            {earlier if load_ids is not None else ""}
        ),
        compared as (
            select
                *,
                lag(current_price) over series as previous_price,
                lag(fetched_at) over series as previous_at
            from quotes
            window series as (partition by id order by fetched_at, response_id)
        ),
        pages as (
            select
                response_id,
                min(fetched_at) as fetched_at,
                count(*) as compared_count,
                count(*) filter (
                    where current_price > 5 * previous_price or 5 * current_price < previous_price
                ) as jumped_count
            from compared
            where is_loaded and previous_at >= fetched_at - interval '48 hours'
            group by response_id
        )
        select * from pages
        where jumped_count >= 3 and jumped_count > 0.1 * compared_count
        order by fetched_at
        """,
        reason="A jump of many coins at once is a unit or currency error, not the market.",
        observed="{jumped_count} of {compared_count} coins differ",
    )


def prices_differ() -> Claim:
    """A constant column is a default value or a parser that read one cell for every row."""
    return Claim(
        "10 or more coins of a load or a response do not all have one price",
        """
        select
            _dlt_load_id,
            response_id,
            count(distinct id) as coin_count,
            min(current_price) as current_price
        from {batch}
        group by grouping sets ((_dlt_load_id), (_dlt_load_id, response_id))
        having count(distinct id) >= 10
            and min(current_price) = max(current_price)
            and (grouping(response_id) = 0 or count(distinct response_id) > 1)
        """,
        reason="Not even stablecoins agree to the last digit.",
        observed="{coin_count} coins at {current_price}",
    )


def enough_coins(load_ids: Sequence[str]) -> Claim:
    """Compares with the markets load fetched last before this one; sample rows are lost coins."""
    loads = text_list(load_ids)
    return Claim(
        "at least 80 % of the coins of the previous markets load are in this one",
        f"""
        with loaded as (
            select id, min(fetched_at) as first_fetched_at
            from {{batch}} as batch_rows
            group by id
        ),
        previous_load as (
            select _dlt_load_id from raw.coingecko_markets
            where _dlt_load_id not in ({loads})
                and fetched_at < (select min(first_fetched_at) from loaded)
            order by fetched_at desc
            limit 1
        ),
        previous as (
            select markets.id, max(markets.fetched_at) as last_fetched_at
            from raw.coingecko_markets as markets
            inner join previous_load on markets._dlt_load_id = previous_load._dlt_load_id
            group by markets.id
        ),
        missing as (
            select previous.id, previous.last_fetched_at
            from previous
            left join loaded on previous.id = loaded.id
            where loaded.id is null
        ),
        counts as (
            select
                (select count(*) from missing) as missing_count,
                (select count(*) from previous) as previous_count
        )
        select missing.*, counts.missing_count, counts.previous_count
        from missing
        cross join counts
        where counts.missing_count > 0.2 * counts.previous_count
        """,
        severity="warning",
        reason="Ids vanish one at a time; a drop this large is a truncated answer.",
        observed="{missing_count} of {previous_count} coins are missing",
    )


def rejected_share_small(tables: Sequence[str], load_ids: Sequence[str] | None) -> Claim:
    """Counts per table over the same loads; `tables` are the raw tables of observations."""
    counts = [
        f"select '{table}' as table_name, count(*) as loaded_count "
        f"from raw.{table}{loaded_by(load_ids)}"
        for table in tables
    ] or ["select '' as table_name, 0 as loaded_count"]
    return Claim(
        "at most 20 % of the received rows were rejected, or fewer than 20 rows",
        f"""
        with loaded as ({" union all ".join(counts)}),
        rejected as (
            select table_name, count(*) as rejected_count
            from {{batch}} as batch_rows
            group by table_name
        ),
        shares as (
            select
                rejected.table_name,
                rejected.rejected_count,
                rejected.rejected_count + coalesce(loaded.loaded_count, 0) as received_count
            from rejected
            left join loaded on rejected.table_name = loaded.table_name
        )
        select
            batch_rows.table_name,
            batch_rows.source,
            batch_rows.reason,
            batch_rows.payload,
            shares.rejected_count,
            shares.received_count
        from {{batch}} as batch_rows
        inner join shares on batch_rows.table_name = shares.table_name
        where shares.rejected_count >= 20
            and shares.rejected_count > 0.2 * shares.received_count
        """,
        reason="The source changed its form, or it is down and answers with errors.",
        observed="{rejected_count} of {received_count} received rows rejected",
        names_tables=True,
    )
