"""What it takes to add a source: a declaration and a staging model, and where it has prices its
seed rows and its place in the union. Everything else follows, from landing to rebuild.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from extract.settings import PROJECT_ROOT
from pipeline.exit_codes import ExitCode
from tests import snapshots
from tests.extract.answers import all_landed
from tests.extract.local_server import serving
from tests.pipeline.added_answers import TODAY, YESTERDAY, answer

OVERLAYS = Path(__file__).parent / "added_sources"
ROOMS = ("extract", "expectations", "pipeline", "published", "scripts", "dbt_project")
FILES = ("dbt_project.yml", "profiles.yml", "requirements.lock")
GENERATED = {
    "dbt_project/macros/raw_tables.sql",
    "dbt_project/models/staging/landing/_landing__sources.yml",
}
SEEDS = {
    "price_sources.csv": "exchange,traded_sum,false\n",
    "coin_source_ids.csv": "exchange,XBT,bitcoin\n",
}
UNION = "dbt_project/models/intermediate/int_price_points.sql"
# The place of a source in the union: its staging model, and its rows under their coin.
UNION_EDITS = {
    '    "ticks": ref("stg_stream__ticks"),\n': '    "tickers": ref("stg_exchange__tickers"),\n',
    "            and coin_ids.source = 'stream'\n": """
    union all

    select
        'exchange' as source,
        coin_ids.coin_id,
        tickers.observed_at,
        tickers.observed_date,
        tickers.price_usd,
        cast(null as {{ double_type() }}) as market_cap_usd,
        cast(null as {{ double_type() }}) as rolling_volume_usd,
        cast(null as {{ double_type() }}) as traded_usd,
        cast(null as {{ double_type() }}) as vendor_change_24h_pct,
        false as is_chart_point,
        cast(null as bigint) as batch_number,
        cast(null as {{ text_type() }}) as event_id
    from tickers
    inner join coin_ids
        on
            tickers.product = coin_ids.source_coin_id
            and coin_ids.source = 'exchange'
""",
}


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def added(project: Path, overlay: str, url: str) -> tuple[set[str], set[str]]:
    """Lay a source into the project; the files that are new, and those that were changed."""
    before = digests(project)
    shutil.copytree(OVERLAYS / overlay, project, dirs_exist_ok=True)
    for path in (project / "extract/sources").glob("*.py"):
        path.write_text(path.read_text().replace("http://server.invalid", url))
    if overlay == "exchange":
        for name, row in SEEDS.items():
            with (project / "dbt_project/seeds" / name).open("a") as seed:
                seed.write(row)
        union = (project / UNION).read_text()
        for place, addition in UNION_EDITS.items():
            assert union.count(place) == 1
            union = union.replace(place, place + addition)
        (project / UNION).write_text(union)
    written = run(project, "scripts/dbt_sources.py")
    assert written.returncode == 0, written.stderr
    after = digests(project)
    changed = {path for path in before if before[path] != after[path]}
    return after.keys() - before.keys(), changed


def run(project: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A command of the copied project; CoinGecko cannot be reached from it."""
    hidden = ("CRYPTO_", "COINGECKO_", "DBT_")
    environment = {name: os.environ[name] for name in os.environ if not name.startswith(hidden)}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=project,
        env=environment | {"HTTPS_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving(answer) as url:
        yield url


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, server: str, touched: dict[str, set[str]]
) -> Path:
    """A copy of the project with both sources, and what each of them touched."""
    root = tmp_path_factory.mktemp("project")
    for name in ROOMS:
        shutil.copytree(PROJECT_ROOT / name, root / name)
    for name in FILES:
        shutil.copy(PROJECT_ROOT / name, root)
    for overlay in ("index", "exchange"):
        new, changed = added(root, overlay, server)
        touched[f"{overlay}, new"], touched[f"{overlay}, changed"] = new, changed
    return root


@pytest.fixture(scope="module")
def touched() -> dict[str, set[str]]:
    return {}


@pytest.fixture(scope="module")
def data(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first refresh made of it."""
    folder = tmp_path_factory.mktemp("added") / "data"
    outcome = run(project, "scripts/refresh.py", "--source", "live", "--data-dir", folder)
    assert outcome.returncode == ExitCode.SOURCE, outcome.stdout + outcome.stderr
    assert "coingecko cannot be reached" in outcome.stderr
    assert "What had arrived is published" in " ".join(outcome.stderr.split())
    return folder


def query(data: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        return warehouse.execute(sql).fetchall()


STAGED = {
    "stg_fear_greed__index_values": (
        "observed_at, index_value, class",
        {(TODAY.replace(tzinfo=None), 22, "Extreme Fear"), (YESTERDAY, None, "Fear")},
    ),
    "stg_exchange__tickers": (
        "product, currency, price, price_usd",
        {
            ("XBT", "usd", 60_000.5, 60_000.5),
            ("NEW", "usd", 1.5, 1.5),
            ("XBT", "usdt", 61_000.5, None),
            ("NEW", "usdt", 1.5, None),
        },
    ),
}


def test_six_files_and_what_is_written_from_them(
    project: Path, touched: dict[str, set[str]]
) -> None:
    assert touched["index, new"] == {
        "extract/sources/fear_greed.py",
        "dbt_project/models/staging/fear_greed/stg_fear_greed__index_values.sql",
        "dbt_project/models/staging/fear_greed/_fear_greed__models.yml",
    }
    assert touched["index, changed"] == GENERATED
    assert len(touched["exchange, new"]) == 3
    by_hand = touched["exchange, changed"] - GENERATED
    assert by_hand == {UNION, *(f"dbt_project/seeds/{name}" for name in SEEDS)}
    assert len(touched["exchange, new"] | by_hand) == 6


def test_its_answers_are_landed_and_its_rows_typed_staged_and_rejected(data: Path) -> None:
    landed = {(answer.system, answer.endpoint) for answer in all_landed(data / "landing")}
    assert landed == {("fear_greed", "fng"), ("exchange", "tickers")}
    for model, (_, expected) in STAGED.items():
        assert set(rows_of(data, model)) == expected
    rejected = query(data, "select source, table_name, reason from raw.rejected_rows")
    assert sorted(rejected) == [
        ("exchange", "exchange_tickers", "price not a positive finite number"),
        ("exchange", "exchange_tickers", "price not a positive finite number"),
        ("fear_greed", "fear_greed_index", "no time"),
    ]
    assert query(data, "select field, original_text from raw.repaired_fields") == [
        ("index_value", '"x"')
    ]


def test_its_rows_stand_in_the_audit_and_dollars_alone_in_the_facts(data: Path) -> None:
    snapshot = snapshots.current(data / "published")
    audit = snapshots.table(snapshot, "fct_load_audit")
    counts = audit.set_index("table_name")[
        ["source", "received_count", "accepted_count", "duplicate_count", "rejected_count"]
    ]
    assert list(counts.loc["fear_greed_index"]) == ["fear_greed", 3, 2, 0, 1]
    assert list(counts.loc["exchange_tickers"]) == ["exchange", 6, 4, 0, 2]
    hours = snapshots.table(snapshot, "fct_hourly_prices")
    assert hours[["source", "coin_id", "close_price_usd"]].values.tolist() == [
        ["exchange", "bitcoin", 60_000.5]
    ]
    unmapped = snapshots.table(snapshot, "fct_unmapped_ids")
    assert unmapped[["source", "source_coin_id", "row_count"]].values.tolist() == [
        ["exchange", "NEW", 2]
    ]


GATE = """
import json, sys
from pathlib import Path
from expectations.gates import run_gate
result = run_gate("raw", f"duckdb:///{sys.argv[1]}", Path(sys.argv[2]), [1])
found = [[breach.severity, breach.table, breach.expectation] for breach in result.breaches]
print(json.dumps(found))
"""


def test_the_first_gate_checks_what_it_declares(project: Path, data: Path, tmp_path: Path) -> None:
    gate = snapshots.manifest(snapshots.current(data / "published"))["gates"]["raw"]
    assert gate["row_counts"]["fear_greed_index"] == 2
    assert gate["row_counts"]["exchange_tickers"] == 4

    poisoned = Path(shutil.copy(data / "warehouse.duckdb", tmp_path))
    with duckdb.connect(str(poisoned)) as warehouse:
        warehouse.execute("update raw.fear_greed_index set day_at = day_at + interval '3 days'")
        warehouse.execute("update raw.exchange_tickers set currency = null where product = 'XBT'")
    # A process without a main file is taken by pyspark for a run of its own doctests.
    (project / "scripts/gate.py").write_text(GATE)
    outcome = run(project, "-m", "scripts.gate", poisoned, tmp_path / "docs")
    assert outcome.returncode == 0, outcome.stderr
    breaches = {tuple(breach) for breach in json.loads(outcome.stdout.splitlines()[-1])}
    assert ("critical", "exchange_tickers", "currency is not empty") in breaches
    late = "day_at is at most 5 minutes after fetched_at"
    assert ("critical", "fear_greed_index", late) in breaches
    assert ("warning", "fear_greed_index", "index_value is not null") in breaches


def test_it_is_rebuilt_and_replayed_from_landing_equal(
    project: Path, data: Path, tmp_path: Path
) -> None:
    before = snapshots.current(data / "published")
    staged = {model: rows_of(data, model) for model in STAGED}
    outcome = run(project, "scripts/rebuild.py", "--data-dir", data)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    snapshots.assert_equal(before, snapshots.current(data / "published"))
    assert {model: rows_of(data, model) for model in STAGED} == staged

    replayed = tmp_path / "replayed"
    outcome = run(
        project, "scripts/refresh.py", "--source", "replay", "--recordings", data / "landing",
        "--data-dir", replayed,
    )  # fmt: skip
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    again = snapshots.current(replayed / "published")
    snapshots.assert_equal(before, again, leave_out=snapshots.TABLES_OF_LOADS)
    assert {model: rows_of(replayed, model) for model in STAGED} == staged


def rows_of(data: Path, model: str) -> list[tuple]:
    return query(data, f"select {STAGED[model][0]} from staging.{model} order by all")  # noqa: S608
