"""Examines a data folder. Nothing is changed, and the writer's lock is not taken."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from itertools import islice

import duckdb

from extract.landed import days, read_day
from extract.landing import source_kind_of
from extract.settings import Settings
from pipeline.condition import Condition, Problem
from pipeline.exit_codes import JobError
from pipeline.lock import holder, is_held
from pipeline.run_history import Run, failed_runs
from pipeline.set_aside import FOLDER as SET_ASIDE
from pipeline.sizes import parts, shown, size_of
from pipeline.state_files import damages
from pipeline.warehouse import refuse_unreachable
from published.reading import (
    UNFINISHED,
    BrokenSnapshotError,
    current_folder,
    read_manifest,
    snapshots,
    verify,
)

PACKAGES = ("duckdb", "dbt-core", "dlt", "great-expectations", "streamlit")
LEAST_FREE_BYTES = 1_000_000_000
# Live data is refreshed twice an hour; four misses are no accident. Others are made by hand.
EXPECTED_AGE = {"live": timedelta(hours=2)}
# What to do after a run that ended with this exit code; for others its message says so.
KEPT_BY_OLDER_VERSIONS = "before_rebuild"
SEE_LOG = "see logs/refresh.log, then `make refresh`"
TO_DO = {
    3: "try again later: `make refresh` continues with what had arrived",
    4: "wait for the other refresh",
}


def examine(settings: Settings, now: datetime) -> Condition:
    """Examine everything; whatever cannot be examined is reported as a problem of its own."""
    found = Condition(versions=_versions())
    found.facts["data folder"] = str(settings.data_dir)
    if settings.plain_dir != settings.data_dir:
        found.facts["state folder"] = str(settings.plain_dir)
    # What they are until they have been examined.
    found.facts |= {"target": settings.target, "source": "unknown", "lock": "unknown"}
    if not settings.data_dir.is_dir():
        found.problems.append(Problem("there is no data folder yet", "`make refresh`"))
        return found
    looks: tuple[Callable[[Condition, Settings, datetime], None], ...] = (
        _look_at_landing,
        _look_at_lock,
        _look_at_warehouse,
        _look_at_snapshots,
        _look_at_runs,
        _look_at_damage,
        _look_at_leftovers,
        _look_at_disk,
    )
    for look in looks:
        try:
            look(found, settings, now)
        except OSError as error:
            what = f"{error.filename or settings.data_dir} cannot be read: {error.strerror}"
            found.problems.append(Problem(what, "check its owner, its permissions and the disk"))
    return found


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def _look_at_landing(found: Condition, settings: Settings, now: datetime) -> None:
    found.facts["source"] = source_kind_of(settings.landing_dir) or "none yet"
    known = days(settings.landing_dir)
    if not known:
        return
    damage: list[str] = []
    oldest = [each.response.fetched_at for each in islice(read_day(known[0], damage), 1)]
    newest = [each.response.fetched_at for each in read_day(known[-1], damage)]
    found.problems += [Problem(line, "restore it from a copy") for line in damage]
    if oldest:
        found.facts["oldest response"] = _iso(oldest[0])
    if newest:
        found.facts["newest response"] = _iso(max(newest))


def _look_at_lock(found: Condition, settings: Settings, now: datetime) -> None:
    if not settings.lock_path.exists():
        found.facts["lock"] = "free"
        return
    since = _instant(settings.lock_path.stat().st_mtime)
    if is_held(settings.lock_path):
        pid = holder(settings.lock_path)
        found.facts["lock"] = f"held by pid {pid or 'unknown'} since {since}"
        found.values["lock_pid"] = pid
    else:
        found.facts["lock"] = "free"
        found.notes.append(
            f"The run that began {since} died; the next `make refresh` continues from there."
        )


def _look_at_warehouse(found: Condition, settings: Settings, now: datetime) -> None:
    if settings.target != "duckdb":
        try:
            refuse_unreachable(settings)
            found.facts["warehouse"] = "can be reached"
        except JobError as error:
            found.facts["warehouse"] = "cannot be reached"
            found.problems.append(Problem(str(error), "check the server and its settings"))
        return
    path = settings.warehouse_path
    if not path.exists():
        found.facts["warehouse"] = "none"
        if days(settings.landing_dir):
            found.notes.append("The next `make refresh` rebuilds the warehouse from landing.")
        return
    if found.facts["lock"] != "free":
        # Opening it would stop the refresh, if only for a moment.
        found.facts["warehouse"] = "in use by the refresh"
        return
    try:
        with duckdb.connect(str(path), read_only=True) as warehouse:
            warehouse.execute("select count(*) from duckdb_tables()").fetchall()
        found.facts["warehouse"] = "readable"
    except duckdb.Error as error:
        message = " ".join(str(error).split())
        if "Could not set lock" in message:
            found.facts["warehouse"] = "held by another program"
            to_do = "end that program, or close its connection"
        else:
            found.facts["warehouse"] = "damaged"
            to_do = "`make rebuild` rebuilds it from landing"
        found.problems.append(Problem(f"the warehouse cannot be opened: {message}", to_do))


def _look_at_snapshots(found: Condition, settings: Settings, now: datetime) -> None:
    current = current_folder(settings.published_dir)
    for folder in snapshots(settings.published_dir):
        damaged = verify(folder)
        try:
            built_at = read_manifest(folder)["built_at"]
        except BrokenSnapshotError:
            built_at = None
        found.snapshots.append(
            {
                "id": folder.name,
                "built_at": built_at,
                "bytes": size_of(folder)[1],
                "current": folder.resolve() == current,
                "damaged": damaged,
            }
        )
        if damaged:
            found.problems.append(
                Problem(
                    "; ".join(damaged),
                    "readers get the newest intact snapshot; `make refresh` publishes another, and "
                    f"{folder.relative_to(settings.data_dir)} may then be deleted",
                )
            )
    if not found.snapshots:
        found.problems.append(Problem("nothing is published yet", "`make refresh`"))


def _look_at_runs(found: Condition, settings: Settings, now: datetime) -> None:
    built = [shot["built_at"] for shot in found.snapshots if shot["built_at"]]
    success = max((datetime.fromisoformat(at) for at in built), default=None)
    if success is None:
        found.facts["last success"] = "none"
    else:
        found.values["last_success_at"] = success.isoformat()
        found.facts["last success"] = f"{_iso(success)}, {_age(now - success)} ago"
        expected = EXPECTED_AGE.get(found.facts["source"])
        if expected is not None and now - success > expected:
            what = f"the last success is {_age(now - success)} old"
            found.problems.append(Problem(what, "check that the schedule is running; `make live`"))
    failure = _last_failure(settings)
    if failure is None:
        found.facts["last failure"] = "none on record"
        return
    failed_at = datetime.fromisoformat(failure["failed_at"])
    message = failure.get("message") or "no message"
    stage = failure.get("stage") or "the start"
    found.values["last_failure_at"] = failed_at.isoformat()
    found.facts["last failure"] = f"{_iso(failed_at)} at {stage}: {message}"
    if success is None or failed_at > success:
        found.problems.append(
            Problem(
                f"the last run failed at {stage}: {message}",
                TO_DO.get(
                    failure.get("exit_code") or 0, "see logs/refresh.log, then `make refresh`"
                ),
            )
        )


def _last_failure(settings: Settings) -> Run | None:
    if not settings.log_dir.is_dir():
        return None
    runs = [run for run in failed_runs(settings.log_dir)[0] if run.get("failed_at")]
    return max(runs, key=lambda run: datetime.fromisoformat(run["failed_at"]), default=None)


def _look_at_damage(found: Condition, settings: Settings, now: datetime) -> None:
    for damage in damages(settings):
        if damage.path.parent != settings.published_dir:
            found.problems.append(
                Problem(
                    f"{shown(settings, damage.path)} is damaged ({damage.wrong})",
                    f"`make refresh` moves it to {SET_ASIDE}/ and continues; {damage.follows}",
                )
            )
        elif damage.path.is_symlink() or not damage.path.is_dir() or damage.path.name == "current":
            found.problems.append(
                Problem(
                    f"{shown(settings, damage.path)} is damaged ({damage.wrong})",
                    "`make refresh` repairs it",
                )
            )


def _look_at_leftovers(found: Condition, settings: Settings, now: datetime) -> None:
    before = sorted(settings.state_dir.glob("old_warehouse*"))
    if before and found.facts["lock"] == "free":
        found.problems.append(
            Problem(
                f"a rebuild was interrupted; the previous warehouse is in {before[0].name}/",
                "the next `make refresh` or `make rebuild` puts it back",
            )
        )
    if (settings.state_dir / KEPT_BY_OLDER_VERSIONS).exists():
        found.problems.append(
            Problem(
                "a rebuild by an older version was interrupted; what it had set aside is in "
                f"{KEPT_BY_OLDER_VERSIONS}/, which nothing here uses or deletes",
                "keep it until `make rebuild` has succeeded, then delete it",
            )
        )
    unfinished = sorted(settings.published_dir.glob(f"{UNFINISHED}*"))
    if unfinished and found.facts["lock"] == "free":
        found.notes.append(
            f"{len(unfinished)} snapshots were not finished; the next `make refresh` removes them."
        )
    kept = settings.data_dir / SET_ASIDE
    if kept.is_dir() and (things := sorted(path.name for path in kept.iterdir())):
        found.notes.append(
            f"{len(things)} damaged items are in {SET_ASIDE}/, the oldest from {things[0]}. "
            "They are no longer needed and may be deleted."
        )


def _look_at_disk(found: Condition, settings: Settings, now: datetime) -> None:
    found.parts = parts(settings)
    free = shutil.disk_usage(settings.data_dir).free
    found.values["free_bytes"] = free
    found.facts["free disk"] = f"{free / 1e9:,.1f} GB"
    # A rebuild keeps the old warehouse until the new one is done.
    needed = max(LEAST_FREE_BYTES, 2 * sum(p.bytes for p in found.parts if p.name == "warehouse"))
    if free < needed:
        found.problems.append(
            Problem(
                f"the disk has {free / 1e9:,.1f} GB free, and {needed / 1e9:,.1f} GB may be needed",
                "free some space, or move the folder and point --data-dir to it",
            )
        )


def _instant(seconds: float) -> str:
    return _iso(datetime.fromtimestamp(seconds, UTC))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _age(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
