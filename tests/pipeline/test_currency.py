"""A quote in another currency is kept with its unit and stands in no mart of US dollars."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import duckdb

from extract.settings import Settings
from tests import snapshots
from tests.conftest import AS_OF, refresh

CURRENCIES = {None: 60_000.0, "eur": 52_000.0, "JPY": 9_000_000.0, "usd": 60_000.0}


def recorded(folder: Path) -> Path:
    """Hourly pages of one instant each, asked for in each currency, euros first."""
    path = folder / "pages.ndjson"
    with path.open("w") as lines:
        for hour in range(3):
            for place, currency in enumerate(("eur", "JPY", None if hour else "usd")):
                at = AS_OF - timedelta(hours=3 - hour)
                page = [
                    {
                        "id": coin,
                        "symbol": coin,
                        "name": coin,
                        "current_price": CURRENCIES[currency] * (1 + number / 10),
                        "total_volume": 5e6,
                        "last_updated": (at - timedelta(seconds=30)).isoformat(),
                    }
                    for number, coin in enumerate(("bitcoin", "ethereum", "dogecoin", "pepe"))
                ]
                if currency == "eur":
                    page.append(page[0] | {"id": "only-in-euros"})
                line = {
                    "recorded_at": (at + timedelta(seconds=place)).isoformat(),
                    "path": "/coins/markets",
                    "params": {"vs_currency": currency} if currency else {},
                    "body": page,
                }
                lines.write(json.dumps(line) + "\n")
    return path


def test_euros_and_yen_stand_apart(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data", source_kind="replay", recordings=recorded(tmp_path)
    )
    report = refresh(settings)
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as warehouse:
        staged = warehouse.sql(
            "select currency, count(*), count(price_usd), min(price)"
            " from staging.stg_coingecko__markets group by currency order by currency"
        ).fetchall()
    assert staged == [
        ("eur", 15, 0, 52_000.0),
        ("jpy", 12, 0, 9_000_000.0),
        ("usd", 12, 12, 60_000.0),
    ]
    assert report.snapshot is not None
    hours = snapshots.table(report.snapshot, "fct_hourly_prices")
    assert len(hours) == 12
    assert hours[hours.coin_id == "bitcoin"].close_price_usd.tolist() == [60_000.0] * 3
    assert set(snapshots.table(report.snapshot, "dim_coins").coin_id) == {
        "bitcoin",
        "ethereum",
        "dogecoin",
        "pepe",
    }
    [audit] = snapshots.table(report.snapshot, "fct_load_audit").to_dict("records")
    assert (audit["received_count"], audit["accepted_count"], audit["duplicate_count"]) == (
        39,
        39,
        0,
    )
