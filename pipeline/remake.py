"""A warehouse rebuilt from landing: on demand, or once if an older version created raw.

Landing is read and compared with the old warehouse before the latter is touched.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import duckdb

import expectations.gates
from extract.landed import read_landing
from extract.pipeline import RawStore
from extract.settings import Settings
from pipeline.exit_codes import ExitCode, JobError
from pipeline.gating import Gates
from pipeline.job import Job
from pipeline.job_report import JobReport
from pipeline.old_warehouse import set_aside
from pipeline.quarantine import left_out, quarantined

log = logging.getLogger(__name__)

# Enough to see what is wrong; the log has all.
LISTED = 5
LISTED_ARCHIVES = 20


def remake(
    settings: Settings,
    on_stage: Callable[[str], Any],
    say: Callable[[str], None],
    gates: Gates = expectations.gates,
    *,
    quarantine: str | None = None,
    accept_loss: bool = False,
) -> JobReport:
    """Load all of landing into a new warehouse, build, check and publish; `say` takes a line.

    Raises JobError: 1 if landing holds less than the old warehouse and `accept_loss` is not given,
    or if the new one does not pass; 2 for an unknown load. The old one then stays.
    """
    with left_out(settings, quarantine):
        with on_stage("compare") as detail:
            lost = _lost(settings, detail, say)
        if lost and not accept_loss:
            raise JobError(
                ExitCode.CHECK_FAILED,
                "\n".join(
                    [
                        "landing is incomplete or damaged:",
                        *_shortened(lost),
                        "Nothing was changed: the old warehouse and the last snapshot stay.",
                        *_of_others(settings),
                        "Restore the files from a copy and run this again. To continue without "
                        "these responses for good: scripts/rebuild.py --accept-loss",
                    ]
                ),
            )
        for line in _shortened(lost):
            say(f"left out: {line.strip()}")
        with set_aside(settings):
            return Job(settings, on_stage, gates).build_and_publish(full_refresh=True)


def remake_outdated(
    settings: Settings,
    on_stage: Callable[[str], Any],
    say: Callable[[str], None],
    gates: Gates = expectations.gates,
) -> None:
    """If an older version created raw, say so and `remake`; otherwise do nothing."""
    store = RawStore(settings)
    store.discard_unfinished()
    missing = store.missing_columns()
    if missing:
        say(
            f"an older version created this warehouse (raw lacks {missing[0]}"
            f"{f' and {len(missing) - 1} more' if missing[1:] else ''}): "
            "rebuilding it from landing, once"
        )
        remake(settings, on_stage, say, gates)


def _lost(
    settings: Settings, detail: Callable[[str], None], say: Callable[[str], None]
) -> list[str]:
    """What landing cannot give back: damage, and responses of the old warehouse that it lacks."""
    expected = _expected(settings, say)
    damage: list[str] = []
    differing: dict[str, list[str]] = {}
    for count, landed in enumerate(read_landing(settings.landing_dir, {}, damage), start=1):
        known = expected.get(landed.archive, {}).pop(landed.sequence, None)
        if known not in (None, landed.response.content_hash):
            differing.setdefault(landed.archive, []).append(landed.response_id)
        if count % 1000 == 0:
            detail(f"{count:,} responses")
    lines = [f"  {line}" for line in damage]
    for archive, numbers in sorted(expected.items()):
        if numbers:
            # "<kind>/<day>/<run>.ndjson.gz"
            run_id = archive.rsplit("/", 1)[-1].split(".")[0]
            lines.append(_listed(archive, "missing", [f"{run_id}:{n}" for n in sorted(numbers)]))
    lines += [_listed(archive, "changed", ids) for archive, ids in differing.items()]
    for line in lines:
        log.warning("landing: %s", line.strip())
    return lines


def _of_others(settings: Settings) -> list[str]:
    if settings.target != "postgres":
        return []
    return [
        "What another data folder has landed is missing here: copy its landing/ into that of "
        f"{settings.data_dir}, add the lines of its landing_set_aside.ndjson where it has one, and "
        "run this again.",
    ]


def _shortened(lines: list[str]) -> list[str]:
    more = len(lines) - LISTED_ARCHIVES
    return lines[:LISTED_ARCHIVES] + ([f"  and {more:,} more; the log has all"] if more > 0 else [])


def _listed(archive: str, what: str, response_ids: list[str]) -> str:
    shown = ", ".join(response_ids[:LISTED])
    more = f", and {len(response_ids) - LISTED:,} more" if response_ids[LISTED:] else ""
    return f"  {archive}: {len(response_ids):,} responses are {what} ({shown}{more})"


def _expected(settings: Settings, say: Callable[[str], None]) -> dict[str, dict[int, str]]:
    """Content hashes of the old warehouse by archive and number, without quarantined runs."""
    if settings.target == "duckdb" and not settings.warehouse_path.exists():
        return {}
    try:
        expected = RawStore(settings).landed_responses()
    except Exception as error:
        # A damaged database is a reason to remake it; one that another program holds is not.
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, duckdb.Error):
            cause = cause.__cause__ or cause.__context__
        if cause is None or "lock" in str(cause):
            raise
        log.exception("the old warehouse cannot be read")
        say(
            "the old warehouse cannot be read, so landing cannot be compared with it and is "
            "judged by its own checksums"
        )
        return {}
    refused = quarantined(settings)
    return {
        archive: numbers
        for archive, numbers in expected.items()
        if archive.rsplit("/", 1)[-1] not in refused
    }
