"""Gate 1: what must hold of the rows that were just loaded, before any model reads them.

Extraction rejects rows that break the row rules. They are claimed again here, because rows can
reach raw in other ways. `load_claims` adds what no single row can show.
"""

# ruff: noqa: S608 - queries are put together from constants and load numbers.

from collections.abc import Sequence

from expectations.claims import (
    LARGEST_DOUBLE,
    Claim,
    Suite,
    filled,
    found_in,
    loaded_by,
    none_where,
    positive_finite,
)
from expectations.load_claims import (
    enough_coins,
    pages_in_line,
    price_in_line,
    prices_differ,
)
from expectations.rules import rule
from expectations.share_claims import rejected_share_small, repaired_share_small
from extract.registry import ENDPOINTS, SOURCES
from extract.source import CURRENCY, Endpoint

# 2009-01-03; no engine's literal of an instant is understood by all others.
FIRST_BLOCK = "to_timestamp(1230940800)"
LINEAGE = ("row_id", "response_id", "run_id", "fetched_at")


def _columns_read(endpoint: Endpoint) -> tuple[str, ...]:
    rules = endpoint.rules
    columns = [
        *LINEAGE,
        "load_number",
        *rules.id_fields,
        rules.time_field,
        *([rules.price_field, CURRENCY] if rules.price_field else []),
        *(column for oddity in endpoint.oddities for column in oddity.shown),
    ]
    return tuple(dict.fromkeys(columns))


# The columns that the claims read; a raw table may hold more.
RAW_COLUMNS: dict[str, tuple[str, ...]] = {
    **{table: _columns_read(endpoint) for table, endpoint in ENDPOINTS.items()},
    "rejected_rows": (*LINEAGE, "load_number", "source", "table_name", "reason", "payload"),
    "repaired_fields": (
        *LINEAGE,
        "load_number",
        "row_index",
        "source",
        "table_name",
        "field",
        "original_text",
        "reason",
    ),
    "landed_responses": (
        "response_id",
        "run_id",
        "fetched_at",
        "load_number",
        "endpoint",
        "status",
        "error_code",
        "error_message",
    ),
}
REQUIRED_RAW_TABLES = ("landed_responses",)


def raw_suites(tables: Sequence[str], load_numbers: Sequence[int] | None) -> list[Suite]:
    """One suite for each of the tables, over the rows of the loads or over all rows."""
    claims = {
        **{
            table: _observed(endpoint, tables, load_numbers)
            for table, endpoint in ENDPOINTS.items()
            if table in tables
        },
        "rejected_rows": _rejected_rows(tables, load_numbers),
        "repaired_fields": _repaired_fields(tables, load_numbers),
        "landed_responses": _landed_responses(),
    }
    return [
        Suite(
            "raw",
            table,
            f"select * from raw.{table}{loaded_by(load_numbers)}",
            tuple(claims[table]),
        )
        for table in claims
        if table in tables
    ]


def blames_rows(suite: Suite, claim: Claim) -> bool:
    """Whether a breach can be answered by refusing single rows of the source."""
    return bool(claim.rows) and suite.gate == "raw" and suite.table in ENDPOINTS


def _observed(
    endpoint: Endpoint, tables: Sequence[str], load_numbers: Sequence[int] | None
) -> list[Claim]:
    """What a source declares of its rows: the hard rules, the load as a whole, what is odd."""
    claims = [*_lineage(endpoint.table, tables), *_hard_rules(endpoint)]
    if endpoint.rules.price_field:
        if endpoint.is_listing:
            claims += [prices_differ(endpoint), pages_in_line(endpoint, load_numbers)]
        # Nothing is earlier than all rows, so without loads there is nothing to compare.
        if load_numbers is not None:
            earlier = [other for other in _of_the_same_coins(endpoint) if other.table in tables]
            claims.append(price_in_line(endpoint, earlier, load_numbers))
            claims += [enough_coins(endpoint, load_numbers)] if endpoint.is_listing else []
    claims += [
        none_where(
            oddity.claim,
            oddity.condition,
            ", ".join(("row_id", *oddity.shown)),
            "warning",
            oddity.reason,
        )
        for oddity in endpoint.oddities
    ]
    return claims


def _of_the_same_coins(endpoint: Endpoint) -> list[Endpoint]:
    """The tables with prices under the same ids that its prices are compared with.

    A listing is polled, so that its own earlier rows are the nearest.
    """
    if endpoint.is_listing:
        return [endpoint]
    [source] = [found for found in SOURCES if endpoint in found.endpoints]
    others = [found for found in source.endpoints if found.rules.price_field and found != endpoint]
    return [endpoint, *others]


def _rejected_rows(tables: Sequence[str], load_numbers: Sequence[int] | None) -> list[Claim]:
    observed = [table for table in tables if table in ENDPOINTS]
    return [
        *_lineage("rejected_rows", tables),
        filled("source", "table_name", "reason"),
        rejected_share_small(observed, load_numbers),
        none_where(
            "no row was rejected",
            "row_id is not null",
            "row_id, source, table_name, reason, payload",
            "warning",
        ),
    ]


def _repaired_fields(tables: Sequence[str], load_numbers: Sequence[int] | None) -> list[Claim]:
    observed = [table for table in tables if table in ENDPOINTS]
    return [
        *_lineage("repaired_fields", tables),
        filled("source", "table_name", "field", "original_text", "reason"),
        repaired_share_small(observed, load_numbers),
    ]


def _landed_responses() -> list[Claim]:
    return [
        filled("response_id", "run_id", "fetched_at"),
        _unique_in_table("landed_responses", "response_id"),
        none_where(
            "every response is a success",
            "status is null or status <> 200 or coalesce(error_code, 0) <> 0",
            "response_id, endpoint, status, error_code, error_message",
            "warning",
            "An error body can come with status 200.",
        ),
    ]


def _lineage(table: str, tables: Sequence[str]) -> list[Claim]:
    """Every row can be traced to the response it came from."""
    claims = [filled(*LINEAGE), _unique_in_table(table, "row_id")]
    if "landed_responses" in tables:
        claims.append(found_in("response_id", "raw.landed_responses", "row_id, response_id"))
    return claims


def _unique_in_table(table: str, key: str) -> Claim:
    """Looks beyond the batch: a key that was just loaded may exist in an older load."""
    return Claim(
        f"one row per {key}",
        f"select {key}, count(*) as row_count, max(load_number) as last_load_number "
        f"from raw.{table} where {key} in (select {key} from {{batch}}) "
        f"group by {key} having count(*) > 1",
    )


def _hard_rules(endpoint: Endpoint) -> list[Claim]:
    """The hard row rules, which extraction also applies."""
    rules, time = endpoint.rules, endpoint.rules.time_field
    keys = [endpoint.coin_field] if endpoint.coin_field else list(rules.id_fields)
    shown = ", ".join(("row_id", *keys, time, "fetched_at"))
    claims = [filled(name) for name in rules.id_fields if name not in keys]
    claims += [
        none_where(f"{key} is not empty", f"{key} is null or trim({key}) = ''", shown)
        for key in keys
    ]
    claims.append(none_where(f"{time} is not null", f"{time} is null", shown))
    claims += _price_rules(rules.price_field, keys, time) if rules.price_field else []
    claims += [
        none_where(
            f"{time} is at most 5 minutes after fetched_at",
            f"{time} > fetched_at + interval '5 minutes'",
            shown,
        ),
        none_where(
            f"{time} and fetched_at are not before 2009-01-03",
            f"{time} < {FIRST_BLOCK} or fetched_at < {FIRST_BLOCK}",
            shown,
            reason="The day of the first Bitcoin block; an earlier time is a unit error.",
        ),
    ]
    return claims


def _price_rules(price: str, keys: Sequence[str], time: str) -> list[Claim]:
    priced = ", ".join(("row_id", *keys, price, time))
    return [
        positive_finite(price, priced),
        none_where(
            f"{price} is plausible for one coin",
            f"{price} < {rule('smallest_price_usd')!r} and {price} > 0 "
            f"or {price} > {rule('largest_price_usd')!r} and {price} <= {LARGEST_DOUBLE}",
            priced,
            reason="What is derived from such a price overflows.",
        ),
        none_where(
            f"{CURRENCY} is not empty",
            f"{CURRENCY} is null or {CURRENCY} = ''",
            f"{priced}, {CURRENCY}",
            reason="A price without its unit could be taken for US dollars.",
        ),
    ]
