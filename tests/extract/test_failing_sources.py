"""A source that fails altogether is told, and ends no other's visit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extract.attempts import ATTEMPTS
from extract.faults import SourceError
from extract.simulated.faults import Fault
from extract.sources import coingecko, stream
from tests.extract.conftest import VISITED


def test_a_stream_that_fails_costs_no_quotes(pay_visit, api) -> None:
    api.faults.add(Fault("500", path="/stream", skip=2, times=ATTEMPTS))
    report = pay_visit(stream=True)
    assert (report.calls["market_chart"], report.calls["batches"]) == (3, 2)
    [failure] = report.failures
    assert failure.startswith("stream /batches: 500")


def test_quotes_that_fail_cost_no_trades(pay_visit, api) -> None:
    api.faults.add(Fault("500", path="/coins/markets", times=ATTEMPTS))
    report = pay_visit(stream=True)
    assert (report.coins, report.calls["batches"]) == ([], 6)
    [failure] = report.failures
    assert failure.startswith("coingecko /coins/markets: 500")
    assert list(report.failed) == ["coingecko"]


def test_a_source_that_cannot_be_reached_costs_no_other(pay_visit, settings) -> None:
    report = pay_visit(stream=True, unreachable=("stream",))
    assert sorted(report.coins) == sorted(VISITED)
    assert list(report.failed) == ["stream"]
    assert report.failures[0].startswith("stream cannot be reached")


def test_an_answer_of_an_unknown_shape_costs_no_other_source(pay_visit, monkeypatch) -> None:
    def fetch(visit) -> None:
        visit.http.get("markets", "/coins/markets", {"vs_currency": "usd"})[0]["no such field"]

    odd = replace(coingecko.SOURCE, fetch=fetch)
    monkeypatch.setattr("extract.fetch.SOURCES", (odd, stream.SOURCE))
    report = pay_visit(stream=True)
    assert report.calls["batches"] == 6
    assert report.failures == [
        "coingecko sent a response of an unknown form: KeyError 'no such field'"
    ]


def test_where_every_source_fails_each_is_named(pay_visit, api) -> None:
    api.faults.add(Fault("500", path="/coins/markets", times=ATTEMPTS))
    api.faults.add(Fault("500", path="/stream", times=ATTEMPTS))
    with pytest.raises(SourceError, match=r"coingecko /coins/markets: 500.*; stream /batches: 500"):
        pay_visit(stream=True)
