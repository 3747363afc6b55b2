"""`.env.example` and the code know the same variables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from extract.settings import PROJECT_ROOT
from extract.variables import Variables
from tests.extract.environment import settings_from

EXAMPLE = PROJECT_ROOT / ".env.example"
CODE = ("extract", "expectations", "pipeline", "published", "scripts", "streamlit_app")
PROFILES = ("profiles.yml", "dbt_project.yml")
NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
# Told to a library, which reads it itself.
WRITERS = {"setdefault", "setenv"}


def read_variables(source: str) -> Iterator[str]:
    """Names of variables that are looked up by hand: f("NAME", ...) and mapping["NAME"]."""
    for node in ast.walk(ast.parse(source)):
        looked_up: list[ast.expr] = []
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            looked_up = [] if called in WRITERS else node.args
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            looked_up = [node.slice]
        for value in looked_up:
            if isinstance(value, ast.Constant) and NAME.fullmatch(str(value.value)):
                yield str(value.value)


@pytest.fixture(scope="module")
def variables() -> set[str]:
    found = set(Variables.model_fields)
    for folder in CODE:
        for file in (PROJECT_ROOT / folder).rglob("*.py"):
            found.update(read_variables(file.read_text()))
    for name in PROFILES:
        text = (PROJECT_ROOT / name).read_text()
        found.update(re.findall(r"env_var\(\s*['\"](\w+)", text))
    return found


def examples() -> list[tuple[str, str]]:
    """Each variable with the line above it."""
    lines = EXAMPLE.read_text().splitlines()
    return [
        (match[1], lines[number - 1])
        for number, line in enumerate(lines)
        if (match := re.fullmatch(r"# ([A-Z_]+)=.*", line))
    ]


def test_every_way_to_look_up_a_variable_by_hand_is_seen() -> None:
    source = """
import os
a = os.environ["A_SUBSCRIPT"]
b = os.environ.get("A_GET", "x")
c = os.getenv("A_GETENV")
d = values.get("A_MAPPING")
e = positive(values, "A_FUNCTION", 5)
os.environ["NOT_READ"] = "x"
os.environ.setdefault("NOT_READ", "x")
f = "NOT_READ"
"""
    assert sorted(read_variables(source)) == [
        "A_FUNCTION",
        "A_GET",
        "A_GETENV",
        "A_MAPPING",
        "A_SUBSCRIPT",
    ]


def test_the_example_lists_what_the_code_reads_and_nothing_else(variables: set[str]) -> None:
    names = [name for name, _ in examples()]
    assert sorted(names) == sorted(variables)
    assert variables == {
        "COINGECKO_API_KEY",
        "COINGECKO_PLAN",
        "COINGECKO_CALLS_PER_MINUTE",
        "COINGECKO_MONTHLY_CALLS",
        "CRYPTO_CA_BUNDLE",
        "CRYPTO_DATA_DIR",
        "CRYPTO_SNAPSHOTS_KEPT",
        "CRYPTO_TICK_RETENTION_DAYS",
        "POSTGRES_DB",
        "POSTGRES_HOST",
        "POSTGRES_PASSWORD",
        "POSTGRES_PORT",
        "POSTGRES_SSLMODE",
        "POSTGRES_USER",
        "SPARK_CATALOG",
        "SPARK_MASTER",
        "SPARK_RAW_URL",
        "SPARK_SHUFFLE_PARTITIONS",
        "SPARK_THRIFT_HOST",
        "SPARK_THRIFT_PORT",
        "SPARK_WAREHOUSE_URL",
    }


def test_every_line_of_the_example_is_commented_out() -> None:
    assert all(line.startswith("#") for line in EXAMPLE.read_text().splitlines() if line)


def test_every_variable_is_explained_with_its_default() -> None:
    for name, explanation in examples():
        assert explanation.startswith("# ") and "Default:" in explanation, name


def test_the_values_of_the_example_are_the_defaults(tmp_path: Path) -> None:
    uncommented = tmp_path / ".env"
    uncommented.write_text(re.sub(r"(?m)^# ([A-Z_]+=)", r"\1", EXAMPLE.read_text()))
    assert settings_from({}, env_file=uncommented) == settings_from({})
