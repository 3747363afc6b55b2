from pathlib import Path

import pytest

from expectations.duckdb_dialect import ATTRIBUTE, keep_duckdb_connection_open
from expectations.gates import run_gate
from tests.expectations.warehouse import NEW_LOAD, url_of

engine_module = pytest.importorskip(
    "great_expectations.execution_engine.sqlalchemy_execution_engine"
)


@pytest.fixture
def library_dialects(monkeypatch: pytest.MonkeyPatch) -> tuple:
    """The list as the library ships it, whatever ran before."""
    dialects = tuple(d for d in getattr(engine_module, ATTRIBUTE) if d.value != "duckdb")
    monkeypatch.setattr(engine_module, ATTRIBUTE, dialects)
    return dialects


def test_duckdb_is_added_once_and_the_others_stay(library_dialects: tuple) -> None:
    keep_duckdb_connection_open()
    keep_duckdb_connection_open()

    dialects = getattr(engine_module, ATTRIBUTE)
    assert dialects[:-1] == library_dialects
    assert dialects[-1] == dialects[-1].value == "duckdb"


def test_without_it_the_library_still_fails(
    library_dialects: tuple,
    good_warehouse: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When this fails, the library has learned to do it and the work-around can go."""
    monkeypatch.setattr("expectations.validation.keep_duckdb_connection_open", lambda: None)
    result = run_gate("raw", url_of(good_warehouse), tmp_path, [NEW_LOAD])
    assert not result.passed
    assert all(breach.row_count is None for breach in result.critical)


def test_a_version_without_the_list_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(engine_module, ATTRIBUTE)
    with pytest.raises(RuntimeError, match=rf"great-expectations [0-9.]+ has no {ATTRIBUTE}"):
        keep_duckdb_connection_open()
