"""A small warehouse on which every expectation of both gates holds, warnings included.

Twelve coins. In raw an older load and, an hour later, the load under test; in marts two days of
facts, the second of them still running.
"""

# ruff: noqa: S608

from pathlib import Path

import duckdb

OLD_LOAD = 1
NEW_LOAD = 2

RAW = f"""
create schema raw;

create table raw.landed_responses as
select
    'response-' || load.number as response_id, 'run-' || load.number as run_id,
    'coingecko' as system, '/coins/markets' as endpoint, '/coins/markets' as path,
    '{{}}' as params, 200::bigint as status, load.fetched_at, 12::bigint as received_rows,
    null::bigint as error_code, null::varchar as error_message, 'landing.ndjson' as landing_file,
    1::bigint as sequence, load.load_number
from (values
    (1, {OLD_LOAD}, timestamptz '2026-01-01 00:00:00+00'),
    (2, {NEW_LOAD}, timestamptz '2026-01-01 01:00:00+00')
) as load(number, load_number, fetched_at);

create table raw.coingecko_markets as
select
    landed.response_id || '-' || coin.n as row_id, landed.response_id, coin.n as row_index,
    landed.run_id, landed.fetched_at, landed.load_number,
    'coin-' || coin.n as id, 's' || coin.n as symbol, 'Coin ' || coin.n as name,
    (100.0 + coin.n)::double as current_price, 1e9 as market_cap, coin.n as market_cap_rank,
    (99.0 + coin.n)::double as low_24h, (101.0 + coin.n)::double as high_24h, 1e6 as total_volume,
    1e6 as circulating_supply, 2e6 as total_supply, 1.5::double as price_change_percentage_24h,
    landed.fetched_at - interval '1 minute' as last_updated, 'usd' as currency
from raw.landed_responses as landed
cross join range(1, 13) as coin(n);

create table raw.coingecko_market_chart as
select
    landed.response_id || '-chart-' || coin.n || '-' || point.n as row_id, landed.response_id,
    point.n as row_index, landed.run_id, landed.fetched_at, landed.load_number,
    'coin-' || coin.n as coin_id, landed.fetched_at - point.n * interval '5 minutes' as point_at,
    (100.0 + coin.n)::double as price, 1e9 as market_cap, 1e6 as total_volume, 'usd' as currency
from raw.landed_responses as landed
cross join range(1, 13) as coin(n)
cross join range(0, 6) as point(n);

create table raw.stream_ticks as
select
    landed.response_id || '-tick-' || coin.n as row_id, landed.response_id,
    coin.n as row_index, landed.run_id, landed.fetched_at, landed.load_number,
    landed.response_id || '-event-' || coin.n as event_id, 1::bigint as batch_number,
    'C' || coin.n || '-USD' as product_id, landed.fetched_at as event_at,
    (100.0 + coin.n)::double as price, 5e-1 as size, 1e-1 as change_pct, 'usd' as currency
from raw.landed_responses as landed
cross join range(1, 13) as coin(n);

create table raw.rejected_rows (
    row_id varchar, response_id varchar, row_index bigint, run_id varchar,
    fetched_at timestamptz, load_number bigint, source varchar, table_name varchar,
    reason varchar, payload varchar
);

create table raw.repaired_fields (
    row_id varchar, response_id varchar, row_index bigint, run_id varchar,
    fetched_at timestamptz, load_number bigint, source varchar, table_name varchar,
    field varchar, original_text varchar, reason varchar
);
"""

MARTS = """
create schema marts;

create table marts.dim_coins as
select
    'coin-' || n as coin_id, 's' || n as symbol, 'Coin ' || n as name,
    n = 12 as is_stablecoin, n = 11 as is_wrapped, false as is_suspected,
    case when n = 12 then 'usd' end as peg_currency,
    timestamp '2026-01-01 00:00:00' as first_seen_at,
    timestamp '2026-01-02 03:00:00' as last_seen_at
from range(1, 13) as coin(n);

create table marts.dim_coin_symbols as
select
    coin_id, symbol, name, first_seen_at as valid_from, null::timestamp as valid_to,
    true as is_current
from marts.dim_coins;

create table marts.fct_hourly_prices as
select
    coin_id, 'coingecko' as source, price_hour, price_hour::date as price_date,
    price as open_price_usd, price * 1.01 as high_price_usd, price * 0.99 as low_price_usd,
    price as close_price_usd, price as avg_price_usd, price as time_weighted_price_usd,
    12 as sample_count, price_hour < timestamp '2026-01-02 03:00:00' as is_complete
from (
    select
        coin_id, (case when is_stablecoin then 1 else 100 end)::double as price,
        timestamp '2026-01-01 00:00:00' + hour.n * interval '1 hour' as price_hour
    from marts.dim_coins cross join range(0, 28) as hour(n)
);

create table marts.fct_daily_volumes as
select
    coin_id, 'coingecko' as source, day as volume_date,
    case when day = date '2026-01-01' then 1e6 end as volume_usd,
    'rolling_24h_at_close' as volume_method,
    case when day = date '2026-01-01' then timestamp '2026-01-02 00:05:00' end as observed_at,
    day = date '2026-01-01' as is_complete,
    case when day = date '2026-01-01' then 100e0 / 12 end as share_of_total_pct
from marts.dim_coins
cross join (values (date '2026-01-01'), (date '2026-01-02')) as days(day);

create table marts.fct_daily_rankings as
select
    date '2026-01-01' as rank_date, 'coin-' || n as coin_id,
    case when n <= 10 then dense_rank() over (order by change desc) end as performance_rank,
    change as change_24h_pct, change + 0.5 as vendor_change_24h_pct, 100e0 as price_usd,
    1e6 as volume_24h_usd, timestamp '2026-01-02 00:00:00' as as_of_at,
    case n when 11 then 'wrapped' when 12 then 'stablecoin' end as exclusion_reason,
    true as is_complete
from (select n, (case when n = 3 then -2 when n > 10 then -50 else -n end)::double as change
    from range(1, 13) as coin(n));

create table marts.fct_market_breadth_daily as
select
    rank_date as breadth_date,
    count(*) filter (where change_24h_pct > 0) as advancing_count,
    count(*) filter (where change_24h_pct < 0) as declining_count,
    count(*) filter (where change_24h_pct = 0) as unchanged_count,
    count(*) as ranked_count, median(change_24h_pct) as median_change_24h_pct,
    true as is_complete
from marts.fct_daily_rankings
where performance_rank is not null
group by rank_date;

create table marts.fct_price_alerts as
select
    'alert-' || n as alert_id, 'coin-' || n as coin_id, 'coingecko' as source,
    'price_move' as alert_type, 'up' as direction, severity,
    timestamp '2026-01-01 02:00:00' as opened_at, timestamp '2026-01-01 06:00:00' as closed_at,
    peak_change_pct, timestamp '2026-01-01 04:00:00' as peak_at, 100e0 as price_usd_at_open,
    5e0 as threshold_pct
from (values
    (1, 'watch', 6e0), (2, 'high', 1e1), (3, 'critical', 2e1), (4, 'watch', 9e0), (5, 'high', 19e0)
) as alert(n, severity, peak_change_pct);

create table marts.fct_threshold_episodes as
select
    'episode-' || threshold.n || '-' || coin_id as episode_id, threshold.n::double as threshold_pct,
    coin_id, source, direction, opened_at, closed_at, peak_change_pct, peak_at, price_usd_at_open
from marts.fct_price_alerts
cross join range(1, 7) as threshold(n)
where peak_change_pct >= threshold.n and alert_type = 'price_move';

create table marts.fct_coverage_daily as
select
    coin_id, 'coingecko' as source, day as coverage_date, hours as hours_seen,
    24 as hours_expected, (100.0 * hours / 24)::double as coverage_pct, hours = 24 as is_complete
from marts.dim_coins
cross join (values (date '2026-01-01', 24), (date '2026-01-02', 3)) as days(day, hours);

create table marts.fct_refused_answers as
select
    'refused-' || n as response_id, '1767229200.5' as run_id, 'coingecko' as source,
    'markets' as endpoint, 'coingecko_markets' as table_name, '/coins/markets' as path,
    429 as http_status, 429 as error_code, 'throttled' as reason,
    timestamp '2026-01-01 01:00:00' as fetched_at, 9 as answer_bytes, 'throttled' as answer_sample
from range(1, 8) as refused(n);

create table marts.fct_rejected_rows as
select
    'rejected-' || n as rejected_row_id, '1767229200.5' as run_id, 'coingecko' as source,
    'coingecko_markets' as table_name, 'no price' as reason, '{}' as payload,
    'response-2' as response_id, n as row_index,
    timestamp '2026-01-01 01:00:00' as fetched_at
from range(1, 7) as rejected(n);

create table marts.fct_repaired_fields as
select
    'repaired-' || n as repaired_field_id, '1767229200.5' as run_id, 'coingecko' as source,
    'coingecko_markets' as table_name, 'total_volume' as field_name, '-5' as original_text,
    'below 0' as reason, 'response-2' as response_id, n as row_index,
    timestamp '2026-01-01 01:00:00' as fetched_at
from range(1, 8) as repaired(n);

create table marts.fct_unmapped_ids (
    source varchar, source_coin_id varchar, row_count bigint, first_seen_at timestamp,
    last_seen_at timestamp
);

create table marts.fct_suspected_coins as
select
    'coin-' || n as coin_id, false as is_suspected, reason as suspected_reason,
    tracked as tracked_coin_id, 50e0 as worst_deviation_bp, 20 as days_compared,
    date '2026-01-01' as first_suspected_date, date '2026-01-02' as last_suspected_date,
    2 as suspected_day_count
from (values
    (1, 'tracks_dollar', null), (2, 'tracks_coin', 'coin-3'), (4, 'tracks_coin', 'coin-3'),
    (5, 'tracks_dollar', null)
) as coin(n, reason, tracked);

create table marts.fct_load_audit as
select
    run_id, 'coingecko_markets' as table_name, 'coingecko' as source, 14 as received_count,
    11 as accepted_count, 1 as duplicate_count, 2 as rejected_count,
    case run_id when '1767229200.5' then 7 else 0 end as error_response_count,
    timestamp '2026-01-01 00:00:00' as first_fetched_at,
    timestamp '2026-01-01 00:00:00' as last_fetched_at
from (values ('1767225600.25'), ('1767229200.5'), ('1767232800.75')) as runs(run_id);
"""


def create_warehouse(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(RAW)
        connection.execute(MARTS)


def url_of(path: Path) -> str:
    return f"duckdb:///{path}"
