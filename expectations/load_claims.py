"""Claims about a load as a whole: each of its rows can be plausible while the load is poisoned."""

# ruff: noqa: S608 - queries are put together from constants and load numbers.

from collections.abc import Sequence

from expectations.claims import Claim, number_list
from extract.source import CURRENCY, Endpoint


def _priced(endpoint: Endpoint) -> tuple[str, str, str]:
    """The columns of the coin, of the time of its quote, and of the price.

    Listings are ordered by the time they were fetched: vendors' own times go back between polls.
    """
    time = "fetched_at" if endpoint.is_listing else endpoint.rules.time_field
    assert endpoint.coin_field and endpoint.rules.price_field  # noqa: S101
    return endpoint.coin_field, time, endpoint.rules.price_field


def price_in_line(
    endpoint: Endpoint, earlier_endpoints: Sequence[Endpoint], load_numbers: Sequence[int]
) -> Claim:
    """Catches cents for dollars or another currency: many coins jump at once.

    One coin may move fivefold in two days, a tenth of all coins do not.
    """
    key, time, price = _priced(endpoint)
    loads = number_list(load_numbers)
    earlier = " union all ".join(
        "select {} as coin, {} as priced_at, {} as price, ".format(*_priced(other))
        + f"{CURRENCY} from raw.{other.table} where load_number not in ({loads})"
        for other in earlier_endpoints
    )
    query = f"""
        with loaded as (
            select {key} as coin, {CURRENCY}, {time} as priced_at, {price} as price
            from {{batch}} as batch_rows
            where {price} > 0
        ),
        spans as (
            select coin, {CURRENCY}, min(priced_at) as first_at, max(priced_at) as last_at
            from loaded
            group by coin, {CURRENCY}
        ),
        earlier as ({earlier}),
        ranked as (
            select
                earlier.coin,
                earlier.{CURRENCY},
                earlier.priced_at,
                earlier.price,
                row_number() over (
                    partition by earlier.coin, earlier.{CURRENCY}
                    order by earlier.priced_at desc, earlier.price
                ) as recency
            from earlier
            inner join spans
                on earlier.coin = spans.coin and earlier.{CURRENCY} = spans.{CURRENCY}
            where earlier.price > 0
                and earlier.priced_at <= spans.last_at
                and earlier.priced_at >= spans.first_at - interval '48 hours'
        ),
        compared as (
            select
                ranked.coin,
                ranked.{CURRENCY},
                ranked.priced_at as earlier_at,
                ranked.price as earlier_price,
                percentile_cont(0.5) within group (order by loaded.price) as loaded_price
            from ranked
            inner join loaded
                on ranked.coin = loaded.coin
                and ranked.{CURRENCY} = loaded.{CURRENCY}
                and loaded.priced_at >= ranked.priced_at - interval '48 hours'
                and loaded.priced_at <= ranked.priced_at + interval '48 hours'
            where ranked.recency = 1
            group by ranked.coin, ranked.{CURRENCY}, ranked.priced_at, ranked.price
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
    # For a coin that jumped, other responses of the load may be right.
    rows = f"""
        select batch_rows.row_id
        from {{batch}} as batch_rows
        inner join ({query}) as broken
            on batch_rows.{key} = broken.coin and batch_rows.{CURRENCY} = broken.{CURRENCY}
        where (
                batch_rows.{price} > 5 * broken.earlier_price
                or 5 * batch_rows.{price} < broken.earlier_price
            )
            and batch_rows.{time} >= broken.earlier_at - interval '48 hours'
            and batch_rows.{time} <= broken.earlier_at + interval '48 hours'
    """
    return Claim(
        f"the median {price} is within a factor of 5 of the last price of the 48 hours before, "
        "except for 2 coins or a tenth of them",
        query,
        reason="A jump of many coins at once is a unit or currency error, not the market.",
        observed="{jumped_count} of {compared_count} coins differ",
        rows=rows,
    )


def pages_in_line(endpoint: Endpoint, load_numbers: Sequence[int] | None) -> Claim:
    """The same error in a single page, wherever in a load it stands.

    A page of quotes is compared with the quotes before it, of this load or an earlier one. Where a
    page lists a coin twice, its lower price counts.
    """
    coin, _, price = _priced(endpoint)
    quote = f"run_id, response_id, {coin}, {CURRENCY}, fetched_at"
    earlier = f"""
            union all
            select {quote}, min({price}) as {price}, false as is_loaded
            from raw.{endpoint.table}
            where load_number not in ({number_list(load_numbers or [])})
                and fetched_at < (select min(fetched_at) from {{batch}} as batch_rows)
                and fetched_at >= (
                    select min(fetched_at) - interval '48 hours' from {{batch}} as batch_rows
                )
            group by {quote}
    """
    query = f"""
        with quotes as (
            select {quote}, min({price}) as {price}, true as is_loaded
            from {{batch}}
            group by {quote}
            {earlier if load_numbers is not None else ""}
        ),
        compared as (
            select
                *,
                lag({price}) over series as previous_price,
                lag(fetched_at) over series as previous_at
            from quotes
            window series as (
                partition by {coin}, {CURRENCY}
                order by fetched_at, run_id, length(response_id), response_id
            )
        ),
        pages as (
            select
                response_id,
                min(fetched_at) as fetched_at,
                count(*) as compared_count,
                count(*) filter (
                    where {price} > 5 * previous_price or 5 * {price} < previous_price
                ) as jumped_count
            from compared
            where is_loaded and previous_at >= fetched_at - interval '48 hours'
            group by response_id
        )
        select * from pages
        where jumped_count >= 3 and jumped_count > 0.1 * compared_count
        order by fetched_at
    """
    # The whole page: for a coin that was never quoted before, nothing else shows the error.
    rows = f"""
        select row_id from {{batch}}
        where response_id in (select response_id from ({query}) as broken)
    """
    return Claim(
        "the prices of a page are within a factor of 5 of the quotes before it, "
        "except for 2 coins or a tenth of them",
        query,
        reason="A jump of many coins at once is a unit or currency error, not the market.",
        observed="{jumped_count} of {compared_count} coins differ",
        rows=rows,
    )


def prices_differ(endpoint: Endpoint) -> Claim:
    """A constant column is a default value or a parser that read one cell for every row."""
    coin, _, price = _priced(endpoint)
    query = f"""
        select
            load_number,
            response_id,
            count(distinct {coin}) as coin_count,
            min({price}) as {price}
        from {{batch}}
        group by grouping sets ((load_number), (load_number, response_id))
        having count(distinct {coin}) >= 10
            and min({price}) = max({price})
            and (grouping(response_id) = 0 or count(distinct response_id) > 1)
    """
    return Claim(
        "10 or more coins of a load or a response do not all have one price",
        query,
        reason="Not even stablecoins agree to the last digit.",
        observed=f"{{coin_count}} coins at {{{price}}}",
        rows=f"""
        select batch_rows.row_id
        from {{batch}} as batch_rows
        inner join ({query}) as broken
            on batch_rows.load_number = broken.load_number
            and coalesce(broken.response_id, batch_rows.response_id) = batch_rows.response_id
        """,
    )


def enough_coins(endpoint: Endpoint, load_numbers: Sequence[int]) -> Claim:
    """Compares with the markets load fetched last before this one; sample rows are lost coins."""
    coin, loads = endpoint.coin_field, number_list(load_numbers)
    return Claim(
        "at least 80 % of the coins of the previous markets load are in this one",
        f"""
        with loaded as (
            select {coin}, min(fetched_at) as first_fetched_at
            from {{batch}} as batch_rows
            group by {coin}
        ),
        previous_load as (
            select load_number from raw.{endpoint.table}
            where load_number not in ({loads})
                and fetched_at < (select min(first_fetched_at) from loaded)
            order by fetched_at desc
            limit 1
        ),
        previous as (
            select markets.{coin}, max(markets.fetched_at) as last_fetched_at
            from raw.{endpoint.table} as markets
            inner join previous_load on markets.load_number = previous_load.load_number
            group by markets.{coin}
        ),
        missing as (
            select previous.{coin}, previous.last_fetched_at
            from previous
            left join loaded on previous.{coin} = loaded.{coin}
            where loaded.{coin} is null
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
        reason="Ids vanish one at a time; a drop this large is a truncated response.",
        observed="{missing_count} of {previous_count} coins are missing",
    )
