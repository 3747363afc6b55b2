"""Whatever is accepted keeps every critical expectation of gate 1 and every claim of staging."""

# ruff: noqa: S608

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.raw_suites import RAW_COLUMNS, raw_suites
from expectations.rules import rule
from extract.acceptance import RowRules
from extract.landing import Landed
from extract.raw_batch import RawBatch
from extract.raw_tables import RAW_TABLES
from extract.reading import read_into
from extract.registry import ENDPOINTS, SOURCES
from extract.settings import PROJECT_ROOT
from extract.sources import stream
from extract.sources.coingecko import MARKET_CHART, MARKETS
from tests.extract.answers import NOW, markets, ms
from tests.odd_answers import ODD_VALUES, bounds, responses

TABLES: dict[str, RowRules] = {table: endpoint.rules for table, endpoint in ENDPOINTS.items()}
LANDED = Landed(markets("[]"), "simulated/2026-11-01/run.ndjson.gz", 99)
MODELS = {
    table: f"{source.system}/{endpoint.staging_model}"
    for source in SOURCES
    for table, endpoint in ((found.table, found) for found in source.endpoints)
}
STAGING = PROJECT_ROOT / "dbt_project/models/staging"


def rows_of(rules: RowRules) -> st.SearchStrategy[dict[str, Any]]:
    """Sound id, time and price in most of them; any other field from all that is odd."""
    assert rules.price_field is not None
    sound: dict[str, st.SearchStrategy[Any]] = {
        **{name: st.sampled_from(["a", "b", "c"]) for name in rules.id_fields},
        rules.time_field: st.integers(ms(NOW) - 10**9, ms(NOW)),
        rules.price_field: st.floats(1e-30, 1e12) | st.sampled_from([1e-30, 1e12]),
    }
    odd = {
        name: st.sampled_from((*ODD_VALUES, *bounds(domain, NOW))) | st.floats()
        for name, domain in rules.domains.items()
    }
    fields = {name: sound[name] | odd[name] if name in sound else odd[name] for name in odd}
    return st.fixed_dictionaries(fields) | st.fixed_dictionaries(odd | sound)


def staged_claims(table: str) -> Iterator[str]:
    """The claims of a staging model's YAML in the names of raw."""
    model = MODELS[table]
    folder, name = model.split("/")
    sql = (STAGING / f"{model}.sql").read_text()
    raw_name = {new: old for old, new in re.findall(r"^\s+(\w+) as (\w+),$", sql, re.MULTILINE)}
    amounts = re.findall(r'in_usd\("(\w+)"\) \}\} as (\w+),$', sql, re.MULTILINE)
    raw_name |= {new: f"case when currency = 'usd' then {old} end" for old, new in amounts}
    models = yaml.safe_load((STAGING / folder / f"_{folder}__models.yml").read_text())["models"]
    [holds] = [
        test["holds"]["arguments"]
        for found in models
        if found["name"] == name
        for test in found["data_tests"]
        if "holds" in test
    ]
    claims = [*holds["claims"], *(f"{column} is not null" for column in holds["never_null"])]
    for claim in claims:
        claim = re.sub(r"\{\{ var\('(\w+)'\) \}\}", lambda found: repr(rule(found[1])), claim)
        yield re.sub(r"\w+", lambda found: raw_name.get(found[0], found[0]), claim)


def broken(batch: RawBatch) -> Iterator[str]:
    with duckdb.connect(":memory:") as memory:
        memory.execute("create schema raw; set timezone = 'UTC'")
        for name in RAW_TABLES:
            rows = batch.table(name, 1)
            memory.register("rows", rows)
            memory.execute(f"create table raw.{name} as select * from rows")
        for suite in raw_suites(list(RAW_COLUMNS), None):
            if suite.table not in ENDPOINTS:
                continue
            for claim in suite.claims:
                # Where an answer came from is not the row's to keep; it is landed beside it.
                if claim.severity == "critical" and "landed_responses" not in claim.text:
                    query = claim.query.replace("{batch}", f"raw.{suite.table}")
                    if found := memory.sql(query).fetchall():
                        yield f"{suite.name}: {claim.text}: {found[0]}"
        for table in MODELS:
            for claim in staged_claims(table):
                found = memory.sql(f"select * from raw.{table} where not ({claim})").fetchall()
                if found:
                    yield f"{table}: {claim}: {found[0]}"


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=25)
@given(data=st.data())
def test_no_accepted_row_breaks_a_claim(table: str, data: st.DataObject) -> None:
    batch = RawBatch()
    rows = data.draw(st.lists(rows_of(TABLES[table]), min_size=1, max_size=9))
    batch.add_observations(ENDPOINTS[table], rows, LANDED)
    assert list(broken(batch)) == []


def test_no_accepted_row_of_any_kind_of_oddity_breaks_a_claim() -> None:
    """Each field of each table with each odd value, in a row of its own."""
    batch = RawBatch()
    for number, response in enumerate(responses(NOW), 1):
        read_into(batch, Landed(response, "simulated/2026-11-01/run.ndjson.gz", number))
    assert batch.table("rejected_rows", 1).num_rows > 100
    assert batch.table("repaired_fields", 1).num_rows > 500
    assert list(broken(batch)) == []


def test_claims_about_raw_fields_are_found() -> None:
    found = {table: list(staged_claims(table)) for table in MODELS}
    assert "case when currency = 'usd' then total_volume end >= 0" in found[MARKETS.table]
    assert "price <= 1000000000000.0" in found[MARKET_CHART.table]
    assert "size >= 0" in found[stream.TICKS.table]
