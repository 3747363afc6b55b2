"""Who looks for the Spark session of the process asks one module, and is told where none is."""

from __future__ import annotations

import importlib.util

import pytest

from expectations.gates import WarehouseUnavailableError, run_gate
from extract.settings import PROJECT_ROOT
from extract.spark_session import SPARK_URL, NoSparkSessionError, spark_session
from tests.engines import missing

OWNER = PROJECT_ROOT / "extract" / "spark_session.py"
ROOMS = ("expectations", "extract", "pipeline", "published", "scripts", "streamlit_app", "tests")


def test_one_module_alone_knows_the_class_of_sessions() -> None:
    of_pyspark = "Spark" + "Session"
    users = {
        path
        for room in ROOMS
        for path in (PROJECT_ROOT / room).rglob("*.py")
        if f"{of_pyspark}." in path.read_text() or f"import {of_pyspark}" in path.read_text()
    }
    assert users == {OWNER}


def test_a_process_without_a_session_is_told_so(tmp_path) -> None:
    if importlib.util.find_spec("pyspark") is None:
        missing("Spark's packages are not installed: make setup-spark")
    with pytest.raises(NoSparkSessionError):
        spark_session()
    with pytest.raises(WarehouseUnavailableError, match="no Spark session in this process"):
        run_gate("raw", SPARK_URL, tmp_path)
