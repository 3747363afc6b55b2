"""What the page of alerts shows for what it is asked."""

from __future__ import annotations

from pathlib import Path

from streamlit_app.alert_data import CLOSE_REASONS
from tests.dashboard.conftest import OpenPage, healthy, rows, texts


def test_the_threshold_slider_answers_from_the_mart(open_page: OpenPage, published: Path) -> None:
    for threshold in (1, 3, 12):
        app = open_page("alerts", threshold=str(threshold), period="all")
        healthy(app)
        [(expected,)] = rows(
            published,
            "select count(*) from fct_threshold_episodes where threshold_pct = ?",
            threshold,
        )
        told = texts(app)
        assert (f"{expected:,} episodes" in told) if expected else ("No episode matches" in told)


def test_published_alerts_and_episodes_of_their_threshold_are_the_same(published: Path) -> None:
    [(differing,)] = rows(
        published,
        """
        select count(*) from (
            select coin_id, source, direction, opened_at from fct_price_alerts
            where alert_type = 'price_move'
        ) full join (
            select coin_id, source, direction, opened_at, true as found
            from fct_threshold_episodes where threshold_pct = 5
        ) using (coin_id, source, direction, opened_at)
        where found is null or coin_id is null
        """,
    )
    assert differing == 0


def test_alerts_are_filtered(open_page: OpenPage, published: Path) -> None:
    [(up,)] = rows(
        published,
        "select count(*) from fct_price_alerts where alert_type = 'price_move' "
        "and direction = 'up' and coin_id in ('pepe', 'dogecoin')",
    )
    app = open_page("alerts", only="pepe,dogecoin", direction=["▲ up"], period="all")
    healthy(app)
    told = texts(app)
    assert (f"{up:,} episodes" in told) if up else ("No episode matches" in told)


def test_closed_episodes_say_what_closed_them(open_page: OpenPage, published: Path) -> None:
    reasons = rows(
        published,
        "select close_reason, count(*) from fct_price_alerts"
        " where alert_type = 'price_move' group by close_reason",
    )
    assert {reason for reason, _ in reasons} - {None}
    app = open_page("alerts", period="all")
    healthy(app)
    [shown] = [frame.value for frame in app.dataframe if "Closed by" in frame.value]
    told = shown["Closed by"].value_counts().to_dict()
    assert told == {CLOSE_REASONS[reason]: count for reason, count in reasons if reason}
