"""Claims about episodes: alerts, and those at the thresholds that a reader may choose."""

from collections.abc import Iterator

from expectations.claims import Claim, filled, none_where, one_of, one_row_per
from expectations.rules import rule


def price_alerts() -> Iterator[Claim]:
    shown = "alert_id, coin_id, alert_type, direction, severity, peak_change_pct, threshold_pct"
    high, critical = rule("alert_high_pct"), rule("alert_critical_pct")
    yield filled("alert_id", "coin_id", "source", "opened_at", "peak_at")
    yield one_row_per("alert_id")
    yield one_of("alert_type", ("price_move", "depeg"), shown)
    yield one_of("severity", ("watch", "high", "critical"), shown)
    yield from _episodes("alert_id", shown)
    yield none_where(
        "severity of a price move agrees with its peak: "
        f"watch < {high:g} <= high < {critical:g} <= critical",
        "alert_type = 'price_move' and severity <> case "
        f"when abs(peak_change_pct) >= {critical!r} - 1e-9 then 'critical' "
        f"when abs(peak_change_pct) >= {high!r} - 1e-9 then 'high' else 'watch' end",
        shown,
    )


def threshold_episodes() -> Iterator[Claim]:
    key = "coin_id, source, direction, threshold_pct, opened_at"
    yield filled("episode_id", "coin_id", "source", "opened_at", "peak_at")
    yield one_row_per("episode_id")
    yield one_row_per(*key.split(", "))
    yield from _episodes("episode_id", f"{key}, peak_change_pct")
    yield Claim(
        "an episode lies within one at the next lower threshold",
        """
        with thresholds as (
            select
                threshold_pct,
                lag(threshold_pct) over (order by threshold_pct) as lower_pct
            from (select distinct threshold_pct from {batch} as known) as distinct_thresholds
        ),
        paired as (
            select
                episodes.coin_id,
                episodes.source,
                episodes.direction,
                thresholds.threshold_pct,
                episodes.opened_at,
                episodes.closed_at,
                case when episodes.threshold_pct = thresholds.lower_pct then 1 else 0 end
                    as is_wider
            from {batch} as episodes
            inner join thresholds
                on episodes.threshold_pct in (thresholds.threshold_pct, thresholds.lower_pct)
                and thresholds.lower_pct is not null
        ),
        covered as (
            select
                *,
                max(case when is_wider = 1 then coalesce(closed_at, timestamp '9999-01-01') end)
                    over (
                        partition by coin_id, source, direction, threshold_pct
                        order by opened_at, is_wider desc
                        rows between unbounded preceding and current row
                    ) as covered_until
            from paired
        )
        select coin_id, source, direction, threshold_pct, opened_at, closed_at, covered_until
        from covered
        where is_wider = 0
            and (
                covered_until is null
                or coalesce(closed_at, timestamp '9999-01-01') > covered_until
            )
        """,
        reason="What moved 6 % has moved 5 %, and falls below 80 % of 6 before 80 % of 5.",
    )
    yield Claim(
        "the episodes at the threshold in force are the alerts of price moves",
        f"""
        with alerts as (
            select * from marts.fct_price_alerts
            where alert_type = 'price_move'
                and threshold_pct in (select threshold_pct from {{batch}} as known)
        ),
        episodes as (
            select * from {{batch}} as known
            where threshold_pct = {rule("alert_threshold_pct")!r}
        )
        select
            coalesce(alerts.coin_id, episodes.coin_id) as coin_id,
            coalesce(alerts.source, episodes.source) as source,
            coalesce(alerts.direction, episodes.direction) as direction,
            coalesce(alerts.opened_at, episodes.opened_at) as opened_at,
            alerts.closed_at as alert_closed_at,
            episodes.closed_at as episode_closed_at
        from alerts
        full join episodes
            on alerts.coin_id = episodes.coin_id
            and alerts.source = episodes.source
            and alerts.direction = episodes.direction
            and alerts.opened_at = episodes.opened_at
        where alerts.coin_id is null
            or episodes.coin_id is null
            or alerts.closed_at is distinct from episodes.closed_at
        """,  # noqa: S608 - a number from the project file
    )


def _episodes(identity: str, shown: str) -> Iterator[Claim]:
    yield one_of("direction", ("up", "down"), shown)
    yield none_where(
        "the size of peak_change_pct is at least threshold_pct",
        "peak_change_pct is null or threshold_pct is null "
        "or abs(peak_change_pct) < threshold_pct - 1e-9",
        shown,
    )
    yield none_where(
        "the sign of peak_change_pct agrees with direction",
        "(direction = 'up' and peak_change_pct < 0) "
        "or (direction = 'down' and peak_change_pct > 0)",
        shown,
    )
    yield none_where(
        "opened_at is not after peak_at, and peak_at not after closed_at",
        "opened_at > peak_at or peak_at > closed_at or opened_at > closed_at",
        f"{identity}, coin_id, opened_at, peak_at, closed_at",
    )
