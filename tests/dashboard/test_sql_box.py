"""The box answers questions about the marts and nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from published.reading import Snapshot
from published.reading import current as current_snapshot
from streamlit_app import sql_box, sql_process

ONLY_SELECT = "Only SELECT"
OUT_OF_REACH = "out of reach"
PLACES = {str(place) for place in (Path.home(), Path.cwd(), sys.prefix, sys.base_prefix)} - {"/"}


@pytest.fixture
def snapshot(published: Path) -> Snapshot:
    return current_snapshot(published)


def here(snapshot: Snapshot, sql: str) -> tuple[dict, object]:
    """The answer of the process' own code, without a process and its limits."""
    request = {
        "sql": sql,
        "files": {mart: str(snapshot.file(mart)) for mart in snapshot.marts},
        "row_limit": 10,
        "memory_mb": 256,
    }
    return sql_process.reply(request)


def test_a_select_is_answered(snapshot: Snapshot) -> None:
    answer = sql_box.ask(snapshot, "select count(*) as coins from dim_coins")
    assert answer.rows.column("coins").to_pylist() == [snapshot.marts["dim_coins"]["rows"]]
    assert not answer.truncated


def test_rows_end_at_the_limit(snapshot: Snapshot) -> None:
    header, rows = here(snapshot, "select * from range(100000000000)")
    assert header == {"status": "ok", "truncated": True}
    assert rows.num_rows == 10


@pytest.mark.parametrize("mart", ["dim_coins", "fct_hourly_prices", "fct_rejected_rows"])
def test_the_marts_are_there(mart: str, snapshot: Snapshot) -> None:
    header, rows = here(snapshot, f"from {mart} select count(*)")
    assert header["status"] == "ok"
    assert rows.to_pydict()["count_star()"] == [snapshot.marts[mart]["rows"]]


@pytest.mark.parametrize(
    "sql",
    [
        "attach '{file}.db'",
        "copy dim_coins to '{file}'",
        "export database '{file}'",
        "pragma database_list",
        "/* a word */ PRAGMA version",
        "pragma threads = 8",
        "set threads = 8",
        "set enable_external_access = true",
        "reset lock_configuration",
        "install httpfs",
        "load httpfs",
        "create table t as select 1",
        "create secret (type s3)",
        "insert into dim_coins select * from dim_coins",
        "update dim_coins set symbol = 'x'",
        "delete from dim_coins",
        "drop view dim_coins",
        "alter view dim_coins rename to x",
        "call pragma_version()",
        "prepare p as select 1",
        "begin",
        "checkpoint",
        "vacuum",
        "use memory",
        "explain analyze select 1",
    ],
)
def test_what_is_no_select_is_refused(sql: str, snapshot: Snapshot, tmp_path: Path) -> None:
    file = tmp_path / "written"
    header, rows = here(snapshot, sql.format(file=file))
    assert (header["status"], rows) == ("refused", None)
    assert ONLY_SELECT in header["message"]
    assert list(tmp_path.glob("written*")) == []


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from read_blob('/proc/self/environ')",
        "select * from glob('/etc/*')",
        "select * from sniff_csv('/etc/passwd')",
        "select * from read_parquet('{folder}/../*/dim_coins.parquet')",
        "select * from read_text('{folder}/manifest.json')",
        "select * from read_csv('https://example.org/x.csv')",
        "select * from 'https://example.org/x.parquet'",
        "select * from 's3://bucket/x.parquet'",
    ],
)
def test_files_and_the_network_are_out_of_reach(sql: str, snapshot: Snapshot) -> None:
    header, rows = here(snapshot, sql.format(folder=snapshot.folder))
    assert (header["status"], rows) == ("refused", None)
    assert OUT_OF_REACH in header["message"]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("", "no statement"),
        ("-- nothing", "no statement"),
        ("select 1; select 2", "One statement"),
        ("select 1; drop view dim_coins", "One statement"),
        ("select repeat('x', 30000000)", "larger than"),
        ("select * from nowhere", "nowhere"),
        ("selec 1", "syntax error"),
        ("select * from header", "header"),
        ("select * from query('copy dim_coins to ''/tmp/x''')", "SELECT"),
        ("select getenv('HOME')", "getenv"),
    ],
)
def test_other_questions_have_a_clear_answer_too(sql: str, told: str, snapshot: Snapshot) -> None:
    header, rows = here(snapshot, sql)
    assert header["status"] in ("refused", "failed") and rows is None
    assert told in header["message"]


@pytest.mark.parametrize(
    "sql",
    [
        "select current_setting('allowed_paths')",
        "select current_setting('allowed_directories')",
        "select current_setting('home_directory')",
        "select current_setting('secret_directory')",
        "select current_setting('extension_directory')",
        "select current_setting('temp_directory')",
        "select current_setting('log_query_path')",
        "from duckdb_settings()",
        "from duckdb_databases()",
        "from duckdb_views()",
        "from duckdb_tables()",
        "from duckdb_columns()",
        "from duckdb_functions() where function_name like '%parquet%'",
        "from duckdb_extensions()",
        "from duckdb_secrets()",
        "from duckdb_logs()",
        "from duckdb_temporary_files()",
        "from duckdb_external_file_cache()",
        "from duckdb_variables()",
        "from pragma_database_list()",
        "from pragma_show('dim_coins')",
        "from pragma_metadata_info()",
        "from information_schema.tables",
        "from pg_catalog.pg_views",
        "from pg_catalog.pg_settings",
        "select sql from sqlite_master",
        "select distinct filename from read_parquet('mart://dim_coins', filename = true)",
        "from parquet_metadata('mart://dim_coins')",
        "from parquet_file_metadata('mart://dim_coins')",
        "from parquet_kv_metadata('mart://dim_coins')",
        "from read_blob('mart://dim_coins') select filename",
        "from read_text('mart://dim_coins')",
        "from read_csv('mart://dim_coins')",
        "from read_json('mart://dim_coins')",
        "from sniff_csv('mart://dim_coins')",
        "from read_parquet('mart://nothing')",
        "from read_parquet('mart://../dim_coins')",
        "from read_parquet('mart://*')",
        "from glob('*')",
        "from glob('mart://*')",
        "from read_text('*')",
        "from read_text('.')",
        "from read_text('/proc/self/cmdline')",
        "from 'dim_coins.parquet'",
        "select getvariable('x'), current_database(), current_schemas(true)",
        "select current_query()",
        "select error(current_setting('allowed_paths')::varchar)",
        "select cast(current_setting('allowed_paths') as integer)",
        "from query('from duckdb_settings()')",
        "select json_serialize_sql('from dim_coins')",
        "from summary('dim_coins')",
        "select * from dim_coins where no_such_column = 1",
        "select 1 / (select coin_id::integer from dim_coins limit 1)",
    ],
)
def test_no_answer_names_a_place_of_the_server(sql: str, snapshot: Snapshot) -> None:
    header, rows = here(snapshot, sql)
    told = json.dumps(header) + ("" if rows is None else str(rows.to_pylist()))
    for place in PLACES | {str(snapshot.folder), *map(str, list(snapshot.folder.parents)[:-1])}:
        assert place not in told


def test_a_snapshot_that_is_gone_is_no_way_to_its_place(snapshot: Snapshot, tmp_path: Path) -> None:
    gone, damaged = tmp_path / "dim_coins.parquet", tmp_path / "damaged.parquet"
    damaged.write_bytes(b"PAR1" + bytes(40) + b"PAR1")
    for path in (gone, damaged):
        request = {"files": {"dim_coins": str(path)}, "row_limit": 10, "memory_mb": 256}
        header, rows = sql_process.reply(request | {"sql": "from dim_coins"})
        assert (header["status"], rows) == ("failed", None)
        assert str(tmp_path) not in header["message"]
        assert "sql_process" not in header["message"]


def test_the_configuration_is_locked(snapshot: Snapshot) -> None:
    files = {mart: str(snapshot.file(mart)) for mart in snapshot.marts}
    memory = sql_process.locked_database(files, 256)
    for statement in ("set threads = 1", "set enable_external_access = true"):
        with pytest.raises(Exception, match="locked"):
            memory.execute(statement)


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from range(1000000) a, range(1000) b where a.range % 7 <> hash(b.range)",
        "with recursive t as (select 1 a union all select a + 1 from t) select count(*) from t",
    ],
    ids=["a cross join of a billion rows", "endless recursion"],
)
def test_a_long_question_is_stopped(sql: str, snapshot: Snapshot) -> None:
    with pytest.raises(sql_box.SqlRefusedError, match="took longer than 2 seconds"):
        sql_box.ask(snapshot, sql, seconds=2)


@pytest.mark.parametrize(
    "sql",
    [
        "select repeat('x', 4000000000)",
        "select count(distinct x) from (select unnest(range(1000000000)) as x)",
    ],
)
def test_a_large_question_is_stopped(sql: str, snapshot: Snapshot) -> None:
    with pytest.raises(sql_box.SqlRefusedError, match="memory"):
        sql_box.ask(snapshot, sql)


def test_the_process_can_write_no_file_and_has_no_environment(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Even if SQL found a way to its own process."""
    probe = tmp_path / "probe.py"
    probe.write_text(
        "import json, os, sys\n"
        f"sys.path.insert(0, {str(Path(sql_process.__file__).parent)!r})\n"
        "import sql_process\n"
        "request = json.load(sys.stdin)\n"
        "sql_process.bound(request['memory_mb'], request['seconds'])\n"
        "try:\n"
        f"    with open({str(tmp_path / 'written')!r}, 'w') as file:\n"
        "        file.write('x')\n"
        "    told = 'written'\n"
        "except OSError as error:\n"
        "    told = f'{type(error).__name__} {sorted(os.environ)}'\n"
        "sys.stdout.write(json.dumps({'status': 'refused', 'message': told}) + chr(10))\n"
    )
    monkeypatch.setenv("A_SECRET", "x")
    monkeypatch.setattr(sql_box, "PROCESS", probe)
    with pytest.raises(sql_box.SqlRefusedError) as told:
        sql_box.ask(snapshot, "select 1")
    assert "written" not in str(told.value)
    assert "A_SECRET" not in str(told.value)
    assert (tmp_path / "written").read_text() == ""


def test_at_most_two_questions_are_answered_at_once(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_box, "SECONDS_IN_LINE", 0)
    with (
        sql_box.AT_ONCE,
        sql_box.AT_ONCE,
        pytest.raises(sql_box.SqlRefusedError, match="Other readers"),
    ):
        sql_box.ask(snapshot, "select 1")
    assert sql_box.ask(snapshot, "select 1").rows.num_rows == 1
