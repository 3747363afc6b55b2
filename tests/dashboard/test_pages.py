"""What each page shows for what it is asked."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path

import numpy as np
import pytest

from tests.dashboard.conftest import (
    OpenPage,
    current,
    healthy,
    keep_rows,
    republish,
    rows,
    texts,
)


def figure(app, place: int = 0) -> dict:
    return json.loads(app.get("plotly_chart")[place].proto.spec)


def decoded(values: list | dict) -> list[float]:
    """Plotly writes arrays as typed bytes."""
    if isinstance(values, list):
        return [math.nan if value is None else value for value in values]
    return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]).tolist()


def traces(app, place: int = 0) -> list[str]:
    return [trace["name"] for trace in figure(app, place)["data"]]


def test_market_tiles_are_those_of_the_address(open_page: OpenPage, published: Path) -> None:
    app = open_page("market", tiles="pepe,bitcoin")
    healthy(app)
    assert [tile.label for tile in app.metric] == ["PEPE", "BTC"]
    [(price,)] = rows(
        published,
        "select price_usd from fct_daily_rankings where coin_id = 'pepe' "
        "order by rank_date desc limit 1",
    )
    assert float(app.metric[0].value.removeprefix("$")) == pytest.approx(price, rel=1e-4)


def test_market_names_an_unknown_coin_of_the_address(open_page: OpenPage) -> None:
    app = open_page("market", tiles="bitcoin,no-such-coin")
    healthy(app)
    assert [tile.label for tile in app.metric] == ["BTC"]
    assert "no-such-coin" in app.warning[0].value


def test_market_breadth_is_that_of_the_mart(open_page: OpenPage, published: Path) -> None:
    [(advancing, ranked)] = rows(
        published,
        "select advancing_count, ranked_count from fct_market_breadth_daily "
        "order by breadth_date desc limit 1",
    )
    assert f"{advancing} of {ranked} ranked coins are up" in texts(open_page("market"))


@pytest.mark.parametrize("period", ["1 h", "6 h", "24 h", "7 d", "30 d", "90 d", "all", "range"])
def test_prices_of_every_period(period: str, open_page: OpenPage) -> None:
    app = open_page("prices", period=period, coins="bitcoin")
    healthy(app)
    assert traces(app) == ["BTC"]


@pytest.mark.parametrize(
    ("view", "kind"),
    [
        ("Shared", "scatter"),
        ("Separate", "scatter"),
        ("Per cent", "scatter"),
        ("Log", "scatter"),
        ("Candles", "candlestick"),
    ],
)
def test_prices_in_every_view(view: str, kind: str, open_page: OpenPage) -> None:
    app = open_page("prices", view=view, coins="bitcoin,ethereum")
    healthy(app)
    assert {trace["type"] for trace in figure(app)["data"]} == {kind}
    assert len(figure(app)["data"]) == 2


def test_prices_are_grouped_by_band_unless_told_otherwise(open_page: OpenPage) -> None:
    app = open_page("prices", coins="bitcoin,pepe")
    assert [traces(app, 0), traces(app, 1)] == [["BTC"], ["PEPE"]]
    assert "Above 1,000 USD" in texts(app)
    app = open_page("prices", coins="bitcoin,pepe", bands="false")
    assert traces(app) == ["BTC", "PEPE"]
    assert any("flat" in info.value for info in app.info)


def test_prices_without_a_coin_ask_for_one(open_page: OpenPage) -> None:
    app = open_page("prices", coins="")
    healthy(app)
    assert "Choose a coin" in app.info[-1].value


def test_a_coin_without_any_price_is_said_to_have_none(
    open_page: OpenPage, published: Path
) -> None:
    republish(published, "gap", keep_rows("fct_hourly_prices", "coin_id <> 'bitcoin'"))
    app = open_page("prices", coins="bitcoin")
    healthy(app)
    assert "no price of BTC" in app.info[-1].value
    app = open_page("prices", coins="bitcoin,ethereum")
    healthy(app)
    assert traces(app) == ["ETH"]
    assert "No price of BTC" in texts(app)


def test_a_missing_hour_is_a_gap_in_the_curve(open_page: OpenPage, published: Path) -> None:
    hours = "price_hour not in (timestamp '2026-10-30 05:00', timestamp '2026-10-30 06:00')"
    republish(published, "gap", keep_rows("fct_hourly_prices", hours))
    app = open_page("prices", coins="bitcoin", interval="1 h")
    [curve] = figure(app)["data"]
    assert curve["connectgaps"] is False
    places = [place for place, hour in enumerate(curve["x"]) if "10-30T05" in hour]
    values = decoded(curve["y"])
    assert [math.isnan(value) for value in values[places[0] - 1 : places[0] + 3]] == [
        False,
        True,
        True,
        False,
    ]


def test_the_choice_of_coins_goes_to_the_address_and_the_next_page(open_page: OpenPage) -> None:
    app = open_page("prices")
    app.multiselect(key="coins").set_value(["dogecoin", "pepe"]).run()
    assert app.query_params["coins"] == "dogecoin,pepe"
    app.switch_page("views/volume.py").run()
    healthy(app)
    assert app.multiselect(key="coins").value == ["dogecoin", "pepe"]


def test_volume_marks_the_running_day(open_page: OpenPage, published: Path) -> None:
    app = open_page("volume", coins="bitcoin", days="all")
    healthy(app)
    [bars] = figure(app)["data"]
    complete = rows(
        published,
        "select is_complete from fct_daily_volumes where coin_id = 'bitcoin' "
        "and source = 'coingecko' order by volume_date",
    )
    assert bars["marker"]["pattern"]["shape"] == ["" if done else "/" for (done,) in complete]
    assert False in [done for (done,) in complete]


def test_volume_shows_the_share_of_the_mart(open_page: OpenPage, published: Path) -> None:
    table = open_page("volume", coins="bitcoin", days="all").dataframe[0].value
    shares = rows(
        published,
        "select share_of_total_pct from fct_daily_volumes where coin_id = 'bitcoin' "
        "and source = 'coingecko' order by volume_date desc",
    )
    known = [share for (share,) in shares if share is not None]
    assert known and table["Share"].dropna().tolist() == pytest.approx(known)


def test_rankings_of_a_past_day(open_page: OpenPage, published: Path) -> None:
    app = open_page("rankings", day="2026-10-30")
    healthy(app)
    expected = rows(
        published,
        "select performance_rank, name from fct_daily_rankings inner join dim_coins "
        "using (coin_id) where rank_date = '2026-10-30' and performance_rank is not null "
        "order by performance_rank, coin_id",
    )
    table = app.dataframe[0].value
    assert list(zip(table["Rank"], table["Coin"], strict=True)) == expected


def test_rankings_give_the_reason_of_unranked_coins(open_page: OpenPage, published: Path) -> None:
    table = open_page("rankings", unranked="true").dataframe[0].value
    [(count,)] = rows(published, "select count(*) from fct_daily_rankings where not is_complete")
    assert len(table) == count
    assert "stablecoin" in table["Not ranked because"].tolist()


def test_data_describes_every_mart_and_column(open_page: OpenPage, published: Path) -> None:
    catalog = json.loads((current(published) / "catalog.json").read_text())["marts"]
    manifest = json.loads((current(published) / "manifest.json").read_text())
    assert [mart["name"] for mart in catalog] == list(manifest["tables"])
    for mart in catalog[:3]:
        app = open_page("data", mart=mart["name"])
        healthy(app)
        assert mart["grain"] in texts(app)
        described = app.dataframe[1].value
        assert described["name"].tolist() == [column["name"] for column in mart["columns"]]
        assert described["description"].notna().all()


def test_data_answers_sql_and_shows_refusals(open_page: OpenPage, published: Path) -> None:
    app = open_page("data")
    app.text_area(key="sql").set_value("select count(*) as coins from dim_coins")
    app.button[-1].click().run()
    healthy(app)
    assert app.dataframe[-1].value["coins"].tolist() == [
        count for (count,) in rows(published, "select count(*) from dim_coins")
    ]
    app.text_area(key="sql").set_value("drop view dim_coins")
    app.button[-1].click().run()
    assert "Only SELECT" in app.error[0].value
