"""A poison for every expectation of the marts gate."""

# ruff: noqa: S608

from expectations.mart_suites import MART_COLUMNS
from tests.expectations.mart_rows import FILLED, GRAINS, ROWS
from tests.expectations.poison import Poison, nulls, update


def one(table: str, text: str, change: str, row_count: int = 1) -> Poison:
    return Poison(table, text, row_count, update("marts", table, change, ROWS[table]), table)


def copy_row(table: str) -> str:
    return f"insert into marts.{table} select * from marts.{table} where {ROWS[table]}"


HOURS = "fct_hourly_prices"
VOLUMES = "fct_daily_volumes"
RANKINGS = "fct_daily_rankings"
BREADTH = "fct_market_breadth_daily"
ALERTS = "fct_price_alerts"
EPISODES = "fct_threshold_episodes"
COVERAGE = "fct_coverage_daily"
AUDIT = "fct_load_audit"
UNMAPPED = "fct_unmapped_ids"
ANSWERS = "fct_refused_answers"
SUSPECTED = "fct_suspected_coins"

NEW_ID = (
    "insert into marts.fct_unmapped_ids select 'stream', 'NEW-USD', 3, "
    "timestamp '2026-01-01 00:00:00', timestamp '2026-01-02 00:00:00'"
)

START_OF_HOUR = "price_hour is the start of an hour of price_date"
OPEN_CLOSE = "open_price_usd and close_price_usd lie within low_price_usd and high_price_usd"
MEAN = "avg_price_usd lies within low_price_usd and high_price_usd"
WEIGHTED = "time_weighted_price_usd lies within the hour's range and the close before it"
FINITE = "low_price_usd and high_price_usd are positive finite numbers"
VOLUME = "volume_usd is null or a finite number of at least 0"
AT_MIDNIGHT = "a rolling volume was observed near the midnight that closes its day"
METHOD = "volume_method is one of rolling_24h_at_close, traded_sum"
RANK = "performance_rank is 1 plus the number of greater changes that day"
RANKED = "a ranked coin has a change and no exclusion_reason"
MINIMUM = "a ranked coin has a volume_24h_usd of at least 1,000,000"
UNRANKED = "a coin without a rank has no change or an exclusion_reason"
REASONS = "stablecoin, wrapped, suspected, low_volume, no_change"
SHARES = "share_of_total_pct of a source and day add up to 100"
ADVANCING = "advancing_count, declining_count and unchanged_count add up to ranked_count"
RANKED_COUNT = "ranked_count is the number of ranked coins in fct_daily_rankings"
MEDIAN = "the sign of median_change_24h_pct agrees with the greater half"
PEAK = "the size of peak_change_pct is at least threshold_pct"
SEVERITY = "severity of a price move agrees with its peak: watch < 10 <= high < 20 <= critical"
ALERT_TIMES = "opened_at is not after peak_at, and peak_at not after closed_at"
NESTED = "an episode lies within one at the next lower threshold"
IN_FORCE = "the episodes at the threshold in force are the alerts of price moves"
COVERED = "coverage_pct lies between 0 and 100, and is null only if no hour was expected"
SUSPICION = "suspected_reason is one of tracks_dollar, tracks_coin"
TRACKED = "a coin that tracks another one names it, and one that tracks the dollar none"
STRAYED = "worst_deviation_bp is at most 100 of the dollar and 50 of a coin"
COMPARED = "days_compared lies between 20 and 30"
AS_AUDITED = "the number of responses of a run and table is that in fct_load_audit"
ADDED_UP = "received_count is accepted_count plus duplicate_count plus rejected_count"

CRITICAL = [
    *(
        Poison(table, f"one row per {grain}", 1, copy_row(table), table)
        for table, grain in GRAINS.items()
    ),
    *(
        Poison(
            table,
            f"{text} are not null",
            len(columns),
            nulls("marts", table, columns),
            table,
        )
        for table, text in FILLED.items()
        for columns in [text.replace(" and ", ", ").split(", ")]
    ),
    *(
        one(table, "coin_id exists in marts.dim_coins", "coin_id = 'nobody'")
        for table, columns in MART_COLUMNS.items()
        if "coin_id" in columns and table != "dim_coins"
    ),
    Poison(
        "columns",
        "every required table exists",
        2,
        "drop table marts.fct_hourly_prices; drop table marts.fct_coverage_daily",
        "fct_hourly_prices, fct_coverage_daily",
    ),
    Poison(
        "columns",
        "every column that the checks read exists",
        1,
        "alter table marts.fct_coverage_daily drop column coverage_pct",
        COVERAGE,
    ),
    one(
        "dim_coins",
        "first_seen_at is not after last_seen_at",
        "last_seen_at = timestamp '2025-12-31'",
    ),
    one("dim_coin_symbols", "valid_from is before valid_to", "valid_to = valid_from"),
    Poison(
        "dim_coin_symbols",
        "a coin has at most one current symbol",
        1,
        "insert into marts.dim_coin_symbols select coin_id, 'old', name, "
        "valid_from - interval '1 day', valid_from, true "
        "from marts.dim_coin_symbols where coin_id = 'coin-1'",
        "dim_coin_symbols",
    ),
    one(HOURS, START_OF_HOUR, "price_hour = price_hour + interval '1 second'"),
    one(HOURS, START_OF_HOUR, "price_date = date '2026-01-02'"),
    one(HOURS, FINITE, "low_price_usd = 0"),
    one(HOURS, FINITE, "high_price_usd = 'infinity'::double"),
    one(HOURS, FINITE, "high_price_usd = null"),
    one(HOURS, OPEN_CLOSE, "open_price_usd = high_price_usd * 1.001"),
    one(HOURS, OPEN_CLOSE, "close_price_usd = low_price_usd * 0.999"),
    one(HOURS, OPEN_CLOSE, "close_price_usd = null"),
    one(HOURS, MEAN, "avg_price_usd = high_price_usd * 1.00001"),
    one(HOURS, WEIGHTED, "time_weighted_price_usd = low_price_usd * 0.99999"),
    one(HOURS, WEIGHTED, "time_weighted_price_usd = high_price_usd * 1.00001"),
    one(HOURS, "sample_count is at least 1", "sample_count = 0"),
    one(VOLUMES, METHOD, "volume_method = 'summed'"),
    one(VOLUMES, METHOD, "volume_method = null"),
    one(VOLUMES, VOLUME, "volume_usd = -1"),
    one(VOLUMES, VOLUME, "volume_usd = 'nan'::double"),
    one(VOLUMES, AT_MIDNIGHT, "observed_at = timestamp '2026-01-01 22:29:59'"),
    one(VOLUMES, AT_MIDNIGHT, "observed_at = timestamp '2026-01-02 01:30:01'"),
    one(VOLUMES, AT_MIDNIGHT, "observed_at = null"),
    one(VOLUMES, SHARES, "share_of_total_pct = share_of_total_pct + 0.001"),
    one(VOLUMES, SHARES, "share_of_total_pct = null"),
    one(
        RANKINGS,
        f"exclusion_reason is null or one of {REASONS}",
        "exclusion_reason = 'ugly', performance_rank = null",
    ),
    one(RANKINGS, RANKED, "exclusion_reason = 'low_volume'"),
    one(RANKINGS, RANKED, "change_24h_pct = null"),
    one(RANKINGS, UNRANKED, "performance_rank = null"),
    one(RANKINGS, RANK, "performance_rank = 99"),
    Poison(
        RANKINGS,
        RANK,
        10,
        "update marts.fct_daily_rankings set performance_rank = performance_rank + 1",
        RANKINGS,
    ),
    one(RANKINGS, "volume_24h_usd is null or at least 0", "volume_24h_usd = -1"),
    one(RANKINGS, MINIMUM, "volume_24h_usd = 999999"),
    one(BREADTH, "breadth_date is not null", "breadth_date = null"),
    one(BREADTH, "is_complete is not null", "is_complete = null"),
    one(BREADTH, ADVANCING, "declining_count = null"),
    one(BREADTH, ADVANCING, "advancing_count = advancing_count + 1"),
    one(BREADTH, RANKED_COUNT, "ranked_count = ranked_count + 1"),
    Poison(
        BREADTH,
        RANKED_COUNT,
        1,
        "insert into marts.fct_daily_rankings by name "
        "select date '2026-01-03' as rank_date, * exclude (rank_date) "
        "from marts.fct_daily_rankings where coin_id = 'coin-1'",
        BREADTH,
    ),
    one(BREADTH, MEDIAN, "median_change_24h_pct = 0"),
    one(BREADTH, MEDIAN, "median_change_24h_pct = null"),
    one(ALERTS, "alert_type is one of price_move, depeg", "alert_type = 'spike'"),
    one(ALERTS, "direction is one of up, down", "direction = null"),
    one(ALERTS, "severity is one of watch, high, critical", "severity = 'low'"),
    one(ALERTS, PEAK, "peak_change_pct = 4.9"),
    one(ALERTS, PEAK, "threshold_pct = null"),
    one(ALERTS, "the sign of peak_change_pct agrees with direction", "peak_change_pct = -6"),
    one(ALERTS, SEVERITY, "peak_change_pct = 10"),
    one(ALERTS, SEVERITY, "severity = 'critical'"),
    one(ALERTS, ALERT_TIMES, "peak_at = opened_at - interval '1 second'"),
    one(ALERTS, ALERT_TIMES, "peak_at = closed_at + interval '1 second'"),
    Poison(
        EPISODES,
        "one row per coin_id, source, direction, threshold_pct, opened_at",
        1,
        "insert into marts.fct_threshold_episodes by name "
        "select 'other' as episode_id, * exclude (episode_id) "
        f"from marts.fct_threshold_episodes where {ROWS[EPISODES]}",
        EPISODES,
    ),
    one(EPISODES, "direction is one of up, down", "direction = null"),
    one(EPISODES, PEAK, "peak_change_pct = 2.9"),
    one(EPISODES, PEAK, "threshold_pct = null"),
    one(EPISODES, "the sign of peak_change_pct agrees with direction", "peak_change_pct = -6"),
    one(EPISODES, ALERT_TIMES, "peak_at = closed_at + interval '1 second'"),
    one(EPISODES, NESTED, "opened_at = opened_at - interval '1 second'"),
    one(EPISODES, NESTED, "closed_at = null"),
    Poison(
        EPISODES,
        NESTED,
        1,
        f"delete from marts.fct_threshold_episodes where {ROWS[EPISODES]}",
        EPISODES,
    ),
    *(
        Poison(EPISODES, IN_FORCE, 1, f"{change} where {rows}", EPISODES)
        for change, rows in (
            ("delete from marts.fct_threshold_episodes", "episode_id = 'episode-5-coin-1'"),
            ("delete from marts.fct_price_alerts", "alert_id = 'alert-1'"),
            ("update marts.fct_price_alerts set closed_at = null", "alert_id = 'alert-1'"),
        )
    ),
    one(COVERAGE, COVERED, "coverage_pct = 100.1"),
    one(COVERAGE, COVERED, "coverage_pct = -0.1"),
    one(COVERAGE, COVERED, "coverage_pct = null"),
    Poison(
        ANSWERS,
        AS_AUDITED,
        1,
        f"delete from marts.fct_refused_answers where {ROWS['fct_refused_answers']}",
        ANSWERS,
    ),
    one(ANSWERS, AS_AUDITED, "run_id = 'nobody'", 2),
    one(SUSPECTED, SUSPICION, "suspected_reason = null"),
    one(SUSPECTED, TRACKED, "tracked_coin_id = null"),
    one(SUSPECTED, TRACKED, "tracked_coin_id = coin_id"),
    one(SUSPECTED, STRAYED, "worst_deviation_bp = 50.01"),
    one(SUSPECTED, STRAYED, "worst_deviation_bp = null"),
    one(SUSPECTED, COMPARED, "days_compared = 19"),
    one(SUSPECTED, COMPARED, "days_compared = 31"),
    one(AUDIT, ADDED_UP, "rejected_count = 3"),
    one(AUDIT, ADDED_UP, "duplicate_count = null"),
    Poison(UNMAPPED, "one row per source, source_coin_id", 1, f"{NEW_ID}; {NEW_ID}", UNMAPPED),
    one(AUDIT, "no count is negative", "duplicate_count = -1, accepted_count = 13"),
]

WARNINGS = [
    one(
        HOURS,
        "close_price_usd moves by at most 50 % to the next hour",
        "close_price_usd = 151, high_price_usd = 152",
    ),
    Poison(
        HOURS,
        "close_price_usd of a US dollar stablecoin is within 200 bp of 1",
        1,
        "update marts.fct_hourly_prices set close_price_usd = 0.979, low_price_usd = 0.97 "
        "where coin_id = 'coin-12' and price_hour = timestamp '2026-01-01 05:00:00'",
        HOURS,
    ),
    one(VOLUMES, "volume_usd of a complete day is not null", "volume_usd = null"),
    one(
        RANKINGS,
        "change_24h_pct is within 2 percentage points of vendor_change_24h_pct",
        "vendor_change_24h_pct = change_24h_pct + 2.1",
    ),
    one(COVERAGE, "coverage_pct of a complete day is at least 90", "coverage_pct = 89.9"),
    Poison(UNMAPPED, "every id of a source belongs to a coin", 1, NEW_ID, UNMAPPED),
    one(SUSPECTED, "a suspected coin was looked at by a person", "is_suspected = true"),
]
