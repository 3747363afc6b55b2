"""A body is parsed once where it is fetched and once where it is loaded from landing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from extract import bounded_json
from extract.fetch import simulated_sources, visit
from extract.landing import Landed
from extract.raw_batch import RawBatch
from extract.reading import read_into
from extract.simulated.faults import Fault
from tests.extract.answers import EmptyRaw, all_landed, batches, chart, market_chart, markets, quote

MARKETS = ("markets", "/coins/markets", {"vs_currency": "usd", "ids": "bitcoin"})


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each text was parsed."""
    counts: Counter[str] = Counter()
    loads = bounded_json.loads

    def counting(text: str, *arguments: Any) -> Any:
        counts[text] += 1
        return loads(text, *arguments)

    monkeypatch.setattr(bounded_json, "loads", counting)
    return counts


def test_a_visit_parses_each_answer_once(
    api, archive, settings, clock, fake_time, parsed: Counter[str]
) -> None:
    api.faults.add(Fault("500", path="/coins/markets", times=2))
    sources = simulated_sources(api.url, archive, clock)
    wanted = replace(settings, coins=("bitcoin", "dai"))
    visit(sources, EmptyRaw(), wanted, clock, lambda *_: None)
    bodies = Counter(answer.body for answer in all_landed(settings.landing_dir))
    assert len(bodies) > 8
    assert parsed == bodies


@pytest.mark.parametrize(
    "response",
    [
        markets([quote()]),
        market_chart("bitcoin", chart()),
        batches(7, 2),
        markets("<html>", status=503),
        markets('{"error": "not found"}', status=404),
    ],
    ids=["quotes", "history", "ticks", "no JSON", "an error"],
)
def test_a_load_parses_each_answer_once(response, parsed: Counter[str]) -> None:
    read_into(RawBatch(), Landed(response, "simulated/2026-11-01/run.ndjson.gz", 1))
    assert parsed == {response.body: 1}
