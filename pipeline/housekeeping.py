"""What keeps a data folder from growing as it ages; done after publishing.

Past days of landing are packed, old ticks leave the table that every load touches, and free space
in the warehouse's file is given back. Any later run can do it as well: a failure undoes nothing.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime

import duckdb

from extract.packing import pack
from extract.pipeline import RawStore
from extract.settings import Settings
from extract.tick_archive import TickArchive, TickArchiveError
from pipeline.exit_codes import ExitCode, JobError
from pipeline.stopping import PUBLISHED, stay_silent_if_stopped
from pipeline.storage import storage_failure

log = logging.getLogger(__name__)

# A smaller file is not worth the copy.
SMALLEST_TO_COMPACT = 16 * 2**20
FREE_SHARE = 1 / 3


def keep_house(
    settings: Settings,
    store: RawStore,
    run_id: str,
    on_detail: Callable[[str], None],
    tell_damage: Callable[[list[str]], None],
) -> JobError | None:
    """All of it, for the run that has just published. Returns what ended it, for people (5).

    Any other error is a bug and raised, with a note that a snapshot had been published.
    """
    try:
        _pack(settings, run_id, on_detail, tell_damage)
        TickArchive(settings, store).move_old()
        compact(settings)
    except Exception as error:
        stay_silent_if_stopped()
        failure = storage_failure(error)
        if isinstance(error, TickArchiveError):
            failure = JobError(ExitCode.STORAGE, f"{error}. {PUBLISHED.capitalize()}.")
        if failure is None:
            error.add_note(f"{PUBLISHED}; this was the housekeeping after it")
            raise
        log.exception("housekeeping failed")
        on_detail("failed")
        return JobError(
            failure.code,
            f"housekeeping: {failure}\n"
            "Only what keeps the folder small was left undone; the next refresh resumes it.",
        )
    return None


def _pack(
    settings: Settings,
    run_id: str,
    on_day: Callable[[str], None],
    tell_damage: Callable[[list[str]], None],
) -> None:
    """The days before that of this run. What cannot be packed stays as it is."""
    today = datetime.strptime(run_id[:8], "%Y%m%d").replace(tzinfo=UTC).date()
    try:
        tell_damage(pack(settings.landing_dir, today, on_day))
    except OSError as error:
        log.exception("landing was not packed")
        tell_damage([f"not packed: {error.strerror}; the next refresh tries again"])


def compact(settings: Settings) -> bool:
    """Copy the DuckDB file without its free blocks when they are a third of it.

    The copy replaces the file in one step, so that a kill leaves either the old file or the new
    one.
    """
    if settings.target != "duckdb" or not _is_worth_it(settings):
        return False
    folder = settings.state_dir / "compacting"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    # The same name, for views name the database that they were made in.
    copy = folder / settings.warehouse_path.name
    with duckdb.connect(str(copy)) as new:
        path = str(settings.warehouse_path).replace("'", "''")
        new.execute(f"attach '{path}' as old (read_only)")
        new.execute(f"copy from database old to {copy.stem}")
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    before, after = settings.warehouse_path.stat().st_size, copy.stat().st_size
    copy.replace(settings.warehouse_path)
    folder.rmdir()
    log.info("the warehouse was compacted from %s to %s bytes", before, after)
    return True


def _is_worth_it(settings: Settings) -> bool:
    if settings.warehouse_path.stat().st_size < SMALLEST_TO_COMPACT:
        return False
    with duckdb.connect(str(settings.warehouse_path)) as warehouse:
        warehouse.execute("checkpoint")
        [(total, free)] = warehouse.execute(
            "select total_blocks, free_blocks from pragma_database_size()"
        ).fetchall()
    return bool(free > FREE_SHARE * total)
