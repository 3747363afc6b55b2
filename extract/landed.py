"""All of landing in one order, whether its days are packed or not."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extract import packed_day
from extract.landing import SUFFIX, DamagedArchiveError, Landed, closing_of, read_archive, run_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Day:
    """One UTC day of one kind of source; `folder` is that of its single archives."""

    folder: Path

    @property
    def packed(self) -> Path:
        """The file of the whole day."""
        return self.folder.with_name(self.folder.name + packed_day.SUFFIX)

    def packed_runs(self) -> dict[str, dict[str, Any]]:
        """As `packed_day.runs_in`; none where the day is not packed."""
        return packed_day.runs_in(self.packed) if self.packed.exists() else {}

    def archives(self) -> list[Path]:
        """The archives that lie single, oldest first, also those that are packed already."""
        return sorted(self.folder.glob(f"*{SUFFIX}"))


def days(landing_dir: Path) -> list[Day]:
    """Every day that has an archive or a file, oldest first."""
    folders = {path for path in landing_dir.glob("*/????-??-??") if path.is_dir()}
    folders |= {
        path.with_suffix("") for path in landing_dir.glob(f"*/????-??-??{packed_day.SUFFIX}")
    }
    return [Day(folder) for folder in sorted(folders, key=lambda path: (path.name, path.parent))]


def run_ids(landing_dir: Path) -> list[str]:
    """Every run that landed something. Raises DamagedArchiveError where a day cannot be opened."""
    return [
        run_id
        for day in days(landing_dir)
        for run_id in sorted({*day.packed_runs(), *map(run_of, day.archives())})
    ]


def missing_runs(landing_dir: Path, run_ids: Iterable[str]) -> list[str]:
    """Those of the runs that landing does not hold, or in a file that cannot be opened."""
    wanted = set(run_ids)
    for day in days(landing_dir):
        try:
            wanted -= {*day.packed_runs(), *map(run_of, day.archives())}
        except DamagedArchiveError as error:
            log.warning("landing: %s", error)
            wanted -= set(map(run_of, day.archives()))
    return sorted(wanted)


def read_landing(
    landing_dir: Path, loaded: Mapping[str, int], damage: list[str] | None = None
) -> Iterator[Landed]:
    """Responses behind those that are `loaded` (archive: greatest number), oldest run first.

    What is loaded whole is not decompressed. What cannot be read is passed over and told in
    `damage`, once each.
    """
    told = [] if damage is None else damage
    for day in days(landing_dir):
        yield from read_day(day, told, loaded)


def read_day(
    day: Day, damage: list[str], loaded: Mapping[str, int] | None = None
) -> Iterator[Landed]:
    """As `read_landing`, of one day."""
    loaded = loaded or {}
    packed: dict[str, Any] = {}
    try:
        packed = day.packed_runs()
    except DamagedArchiveError as error:
        _tell(damage, error)
    # A run in both is one whose packing was cut off before the last step.
    single = [path for path in day.archives() if run_of(path) not in packed]
    yield from heapq.merge(
        _sound(packed_day.landed(day.packed, packed, loaded), damage) if packed else (),
        _sound(_behind(day.folder.parent.parent, single, loaded, damage), damage),
        key=lambda landed: landed.run_id,
    )


def _behind(
    landing_dir: Path, paths: list[Path], loaded: Mapping[str, int], damage: list[str]
) -> Iterator[Landed]:
    for path in paths:
        after = loaded.get(path.relative_to(landing_dir).as_posix(), 0)
        closing = closing_of(path)
        if closing is None or closing[0] > after:
            yield from _sound(read_archive(landing_dir, path, after), damage)


def _sound(landed: Iterator[Landed], damage: list[str]) -> Iterator[Landed]:
    try:
        yield from landed
    except DamagedArchiveError as error:
        _tell(damage, error)


def _tell(damage: list[str], error: DamagedArchiveError) -> None:
    log.warning("landing: %s", error)
    if str(error) not in damage:
        damage.append(str(error))
