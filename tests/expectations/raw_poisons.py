"""A poison for every expectation of the raw gate, each in the load under test."""

# ruff: noqa: S608

from tests.expectations.poison import Poison, nulls, update
from tests.expectations.warehouse import NEW_LOAD

PRICE_IN_LINE = (
    "the median {} is within a factor of 5 of the last price of the 48 hours before, "
    "except for 2 coins or a tenth of them"
)
PAGE_IN_LINE = (
    "the prices of a page are within a factor of 5 of the quotes before it, "
    "except for 2 coins or a tenth of them"
)
LINEAGE = ["row_id", "response_id", "run_id", "fetched_at"]
NEW = f"load_number = {NEW_LOAD}"


def one(table: str, text: str, change: str) -> Poison:
    """Changes one row of the load."""
    key = "response_id" if table == "landed_responses" else "row_id"
    row = f"{key} = (select min({key}) from raw.{table} where load_number = {NEW_LOAD})"
    return Poison(table, text, 1, update("raw", table, change, row), table)


def some(table: str, text: str, row_count: int, change: str, rows: str = "true") -> Poison:
    """Changes the rows of the load that meet the condition."""
    loaded = f"load_number = {NEW_LOAD} and {rows}"
    return Poison(table, text, row_count, update("raw", table, change, loaded), table)


def reject(row_count: int) -> str:
    return (
        "insert into raw.rejected_rows select 'rejected-' || n, 'response-2', n, 'run-2', "
        f"timestamptz '2026-01-01 01:00:00+00', {NEW_LOAD}, 'coingecko', "
        f"'coingecko_markets', 'no price', '[]' from range({row_count}) as rejected(n)"
    )


def repair(row_count: int) -> str:
    """One field of each of the first rows of the load."""
    return (
        "insert into raw.repaired_fields select row_id || ':total_volume', response_id, row_index, "
        "run_id, fetched_at, load_number, 'coingecko', 'coingecko_markets', 'total_volume', '-5', "
        f"'below 0' from raw.coingecko_markets where {NEW} and row_index <= {row_count}"
    )


def copy_row(table: str, key: str) -> str:
    """The row is appended a second time, as a writer killed at the wrong moment would."""
    return (
        f"insert into raw.{table} select * from raw.{table} where {key} = "
        f"(select min({key}) from raw.{table} where load_number = {NEW_LOAD})"
    )


def row_rules(table: str) -> list[Poison]:
    """Where every row came from."""
    return [
        Poison(
            table,
            "row_id, response_id, run_id and fetched_at are not null",
            4,
            nulls("raw", table, LINEAGE, NEW),
            table,
        ),
        Poison(table, "one row per row_id", 1, copy_row(table, "row_id"), table),
        one(table, "response_id exists in raw.landed_responses", "response_id = 'nowhere'"),
    ]


def observation_rules(table: str, key: str, time: str, price: str) -> list[Poison]:
    positive = f"{price} is a positive finite number"
    plausible = f"{price} is plausible for one coin"
    not_ancient = f"{time} and fetched_at are not before 2009-01-03"
    three_coins = f"{key} in (select distinct {key} from raw.{table} order by 1 limit 3)"
    return [
        *row_rules(table),
        one(table, f"{key} is not empty", f"{key} = ' '"),
        one(table, f"{time} is not null", f"{time} = null"),
        one(table, positive, f"{price} = 'nan'::double"),
        one(table, plausible, f"{price} = 1.01e12"),
        one(table, plausible, f"{price} = 0.99e-30"),
        one(table, "currency is not empty", "currency = null"),
        one(table, "currency is not empty", "currency = ''"),
        one(
            table,
            f"{time} is at most 5 minutes after fetched_at",
            f"{time} = fetched_at + interval '301 seconds'",
        ),
        one(table, not_ancient, f"{time} = timestamptz '2009-01-02 23:59:59+00'"),
        some(table, PRICE_IN_LINE.format(price), 3, f"{price} = {price} * 100", three_coins),
    ]


MARKETS = "coingecko_markets"
FEW_REJECTED = "at most 20 % of the received rows were rejected, or fewer than 20 rows and not all"
REQUIRED_TABLE = "every required table exists"
REQUIRED_COLUMN = "every column that the checks read exists"

CRITICAL = [
    *observation_rules(MARKETS, "id", "last_updated", "current_price"),
    # The other ways to break a rule whose query all three tables share.
    one(MARKETS, "id is not empty", "id = null"),
    *(
        one(MARKETS, "current_price is a positive finite number", f"current_price = {value}")
        for value in ("0", "-1", "null", "'infinity'::double")
    ),
    one(
        MARKETS,
        "last_updated and fetched_at are not before 2009-01-03",
        "fetched_at = timestamptz '1970-01-01 00:00:00+00'",
    ),
    some(MARKETS, PRICE_IN_LINE.format("current_price"), 12, "current_price = current_price / 100"),
    some(MARKETS, PAGE_IN_LINE, 1, "current_price = current_price * 100", "row_index <= 3"),
    some(
        MARKETS,
        "10 or more coins of a load or a response do not all have one price",
        1,
        "current_price = 105",
    ),
    *observation_rules("coingecko_market_chart", "coin_id", "point_at", "price"),
    *observation_rules("stream_ticks", "product_id", "event_at", "price"),
    one("stream_ticks", "event_id is not null", "event_id = null"),
    *(
        Poison(
            "rejected_rows",
            poison.text,
            poison.row_count,
            f"{reject(4)}; {poison.sql}",
            "rejected_rows",
        )
        for poison in row_rules("rejected_rows")
    ),
    Poison(
        "rejected_rows",
        "source, table_name and reason are not null",
        3,
        f"{reject(3)}; " + nulls("raw", "rejected_rows", ["source", "table_name", "reason"]),
        "rejected_rows",
    ),
    Poison(
        "rejected_rows",
        FEW_REJECTED,
        20,
        reject(20),
        MARKETS,
    ),
    Poison(
        "rejected_rows",
        FEW_REJECTED,
        3,
        f"delete from raw.{MARKETS} where {NEW}; {reject(3)}",
        MARKETS,
    ),
    *(
        Poison(
            "repaired_fields",
            poison.text,
            poison.row_count,
            f"{repair(4)}; {poison.sql}",
            "repaired_fields",
        )
        for poison in row_rules("repaired_fields")
    ),
    Poison(
        "repaired_fields",
        "source, table_name, field, original_text and reason are not null",
        5,
        f"{repair(5)}; "
        + nulls(
            "raw",
            "repaired_fields",
            ["source", "table_name", "field", "original_text", "reason"],
        ),
        "repaired_fields",
    ),
    *(
        one(
            "landed_responses",
            "response_id, run_id and fetched_at are not null",
            f"{column} = null",
        )
        for column in ("response_id", "run_id", "fetched_at")
    ),
    Poison(
        "landed_responses",
        "one row per response_id",
        1,
        copy_row("landed_responses", "response_id"),
        "landed_responses",
    ),
    Poison("columns", REQUIRED_TABLE, 1, "drop table raw.landed_responses", "landed_responses"),
    Poison(
        "columns",
        REQUIRED_COLUMN,
        1,
        "alter table raw.coingecko_markets drop column last_updated",
        MARKETS,
    ),
    Poison(
        "columns",
        "no column was split by type",
        1,
        "alter table raw.coingecko_market_chart add column price__v_double double",
        "coingecko_market_chart",
    ),
]

WARNINGS = [
    one(
        MARKETS, "current_price lies within low_24h and high_24h", "low_24h = current_price * 1.01"
    ),
    one(
        MARKETS, "current_price lies within low_24h and high_24h", "high_24h = current_price * 0.99"
    ),
    one(MARKETS, "circulating_supply is at most total_supply", "circulating_supply = 3e6"),
    one(MARKETS, "total_volume is above 0", "total_volume = 0"),
    one(MARKETS, "total_volume is above 0", "total_volume = null"),
    one(
        MARKETS,
        "the quote is at most 1 hour old when fetched",
        "last_updated = fetched_at - interval '61 minutes'",
    ),
    one(
        MARKETS,
        "the quote is at most 24 hours old when fetched",
        "last_updated = fetched_at - interval '25 hours'",
    ),
    one(
        MARKETS,
        "price_change_percentage_24h is not null",
        "price_change_percentage_24h = null",
    ),
    Poison(
        MARKETS,
        "at least 80 % of the coins of the previous markets load are in this one",
        3,
        f"delete from raw.coingecko_markets where row_index <= 3 and load_number = {NEW_LOAD}",
        MARKETS,
    ),
    Poison("rejected_rows", "no row was rejected", 19, reject(19), "rejected_rows"),
    Poison(
        "repaired_fields",
        "at most 5 % of the accepted rows have a malformed field",
        1,
        repair(1),
        MARKETS,
    ),
    one("landed_responses", "every response is a success", "status = 503"),
    one("landed_responses", "every response is a success", "error_code = 429"),
]
