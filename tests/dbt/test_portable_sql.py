"""Models and tests stay in the SQL that DuckDB, PostgreSQL and Spark share.

What only some of them understand, or each understands in its own way, is in macros/compat.sql.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from extract.settings import PROJECT_ROOT

COMPAT = PROJECT_ROOT / "dbt_project" / "macros" / "compat.sql"
FILES = sorted(path for path in (PROJECT_ROOT / "dbt_project").rglob("*.sql") if path != COMPAT)

# A construct, what is wrong with it, and a line that has it.
RULES = {
    "date_spine": (
        r"\bdate_spine\b",
        "wrong rows on Spark",
        "{{ dbt.date_spine('hour') }}",
    ),
    "datediff": (r"\bdatediff\b", "counts boundaries differently", "{{ dbt.datediff(a, b) }}"),
    "type_float": (r"\btype_float\b", "32 bits on two engines", "{{ dbt.type_float() }}"),
    "double": (r"\bas double\b", "unknown to PostgreSQL", "cast(a as double)"),
    "varchar": (r"\bvarchar\b", "needs a length on Spark", "cast(a as varchar)"),
    "numeric": (
        r"\b(numeric|decimal)\b(?!\()",
        "a scale of its own",
        "cast(a as numeric)",
    ),
    "qualify": (r"\bqualify\b", "unknown to PostgreSQL", "qualify row_number() over () = 1"),
    "group by all": (r"\bgroup by all\b", "unknown to PostgreSQL", "group by all"),
    "merge": (r"\bmerge into\b", "not for Parquet tables on Spark", "merge into a using b"),
    "delete": (r"\bdelete from\b", "not for Parquet tables on Spark", "delete from a"),
    "::": (r"::", "not on every Spark", "a::date"),
    "exclude": (r"\bexclude\s*\(", "unknown to PostgreSQL", "select * exclude (a)"),
    "arg_min": (r"\b(arg_min|arg_max|min_by|max_by)\b", "unknown to PostgreSQL", "min_by(a, b)"),
    "nulls": (r"\bignore nulls\b", "unknown to PostgreSQL", "lag(a ignore nulls)"),
    "epoch": (r"\bepoch", "spelled differently", "epoch_us(a)"),
    "round": (r"\bround\([^()]*,", "not for doubles on PostgreSQL", "round(a, 2)"),
    "filter over": (
        r"filter \(where [^()]*\)\s*over\b",
        "unknown to Spark",
        "min(a) filter (where b) over (partition by c)",
    ),
    "quoted name": (r'"', "a text on Spark", 'select "a"'),
    "timezone": (r"\b(timezone\(|at time zone)", "unknown to Spark", "timezone('UTC', a)"),
    "unnest": (
        r"\b(unnest|generate_series)\b",
        "unknown to Spark",
        "unnest(generate_series(1, 2))",
    ),
}

COMMENT = re.compile(r"--[^\n]*|\{#.*?#\}", re.DOTALL)
# What Jinja computes, names and texts among it; calls that name a macro of another package stay.
JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


def sql_of(text: str) -> str:
    """Lower case, without comments; of Jinja only the names that it calls."""
    text = COMMENT.sub(" ", text)
    return JINJA.sub(
        lambda found: " ".join(re.findall(r"dbt(?:_utils)?\.(\w+)", found[0])), text
    ).lower()


@pytest.mark.parametrize("name", RULES)
def test_a_construct_that_is_not_portable_is_found(name: str) -> None:
    pattern, _, line = RULES[name]
    assert re.search(pattern, sql_of(f"select 1,\n    {line}\n"))
    assert not re.search(pattern, sql_of(f"-- {line}\nselect price_usd from hours"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sql_is_portable(path: Path) -> None:
    sql = sql_of(path.read_text())
    found = [f"{name}: {why}" for name, (rule, why, _) in RULES.items() if re.search(rule, sql)]
    assert not found, f"{path.name} has what macros/compat.sql should have: {found}"


def test_every_macro_of_compat_says_what_goes_wrong_without_it() -> None:
    text = COMPAT.read_text()
    macros = re.findall(r"\{%-? macro (\w+)", text)
    commented = re.findall(r"#\}\s*\{%-? macro (\w+)", text)
    assert macros == commented
