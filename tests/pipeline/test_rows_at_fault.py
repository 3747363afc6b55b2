"""All rows that a breach blames are found, on every engine, where the breach shows five."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from expectations.rows_at_fault import find_rows_at_fault
from extract.pipeline import RawStore
from extract.settings import Settings
from pipeline.dbt_build import declare_raw
from tests.conftest import settings_for
from tests.engines import postgres_settings, spark_settings
from tests.extract.answers import NOW, land, market_chart, markets, ms, quote

OPENED: dict[str, Callable[..., AbstractContextManager[Settings]]] = {
    "duckdb": lambda data_dir: nullcontext(settings_for(data_dir)),
    "postgres": postgres_settings,
    "spark": spark_settings,
}


@pytest.fixture(params=OPENED)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    with OPENED[request.param](tmp_path / "data") as found:
        yield found


def page(count: int, factor: float, hours: int, constant: bool = False) -> str:
    at = (NOW + timedelta(hours=hours)).isoformat()
    return json.dumps(
        [
            quote(f"coin-{n}", current_price=5 if constant else (n + 1) * factor, last_updated=at)
            for n in range(count)
        ]
    )


def test_every_row_of_a_poisoned_page_is_found(settings: Settings) -> None:
    later = NOW + timedelta(hours=1)
    land(settings.landing_dir, markets(page(20, 1, 0)))
    store = RawStore(settings)
    list(store.load(store.pending()))
    first_point = [[ms(NOW), 900.0], [ms(later), 901.0]]
    charts = [
        market_chart(
            f"coin-{n}",
            {"prices": first_point, "market_caps": [], "total_volumes": []},
            fetched_at=later,
        )
        for n in range(3)
    ]
    good, jumped, constant, *_ = land(
        settings.landing_dir,
        markets(page(20, 1.01, 1), fetched_at=later),
        markets(page(20, 100, 1), fetched_at=later + timedelta(minutes=5)),
        markets(
            page(20, 1, 1, constant=True).replace("coin-", "new-"),
            fetched_at=later + timedelta(minutes=6),
        ),
        *charts,
        now=later,
    )
    list(store.load(store.pending()))
    declare_raw(settings)

    [load_id] = store.loads_of(good.run_id)
    found = find_rows_at_fault(settings.warehouse_url, [load_id])
    assert found.of_whole_load == []
    answers = [row_id.rsplit(":", 1)[0] for row_id in found.rows]
    assert answers.count(jumped.response_id) == answers.count(constant.response_id) == 20
    assert good.response_id not in answers
    assert len(answers) == 40 + 6
    assert {why.split(" ", 1)[0] for why in found.rows.values()} == {"10", "the"}

    store.forget([good.run_id])
    declare_raw(settings)
    assert store.loads_of(good.run_id) == []
    assert len(list(store.pending())) == 6
