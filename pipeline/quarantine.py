"""The archive of a load that a rebuild leaves out, until the rebuild has succeeded or failed.

It is kept in a separate folder in `quarantine/`, one per target. If the rebuild replaces the old
warehouse, it moves into `quarantine/`; if the old one is put back, so is the archive.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extract import durable
from extract.landing import (
    SUFFIX,
    DamagedArchiveError,
    archive_name,
    run_of,
    source_kind_of,
)
from extract.packing import put_back, take_out
from extract.settings import Settings
from pipeline.exit_codes import ExitCode, JobError


@contextmanager
def left_out(settings: Settings, load: str | None) -> Iterator[None]:
    """Landing without the archive of a load; put back on failure.

    Raises JobError: 1 where the archive cannot be read, 2 for an unknown load.
    """
    if load is None:
        yield
        return
    name = f"{load}{SUFFIX}"
    try:
        belongs = take_out(settings.landing_dir, load, _undecided(settings) / name)
    except DamagedArchiveError as error:
        settle(settings, replaced=False)
        raise JobError(ExitCode.CHECK_FAILED, f"{error}; nothing was changed") from error
    if belongs is None and not (settings.quarantine_dir / name).exists():
        raise JobError(ExitCode.USAGE, f"no load {load!r} in {settings.landing_dir}")
    try:
        yield
    except BaseException:
        settle(settings, replaced=False)
        raise


def settle(settings: Settings, *, replaced: bool) -> None:
    """Say whether the rebuild has replaced the old warehouse; without one do nothing."""
    folder = _undecided(settings)
    if not folder.is_dir():
        return
    kind = source_kind_of(settings.landing_dir) or settings.source_kind
    for path in folder.glob(f"*{SUFFIX}"):
        if replaced:
            durable.move(path, settings.quarantine_dir / path.name)
        else:
            put_back(path, settings.landing_dir / archive_name(kind, run_of(path)))
    shutil.rmtree(folder)


def quarantined(settings: Settings) -> set[str]:
    """The names of the archives that are left out, and of one that may be."""
    return {path.name for path in settings.quarantine_dir.rglob(f"*{SUFFIX}")}


def _undecided(settings: Settings) -> Path:
    return settings.quarantine_dir / f"undecided_{settings.target}"
