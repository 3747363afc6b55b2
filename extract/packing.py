"""Past days of landing become one file each, and single runs are taken out of them.

At any moment a response is in its archive, in the day's file, or in both; given both,
readers use the file. Archives are removed only once the file that holds them is on the disk.
"""

from __future__ import annotations

import heapq
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from extract import durable
from extract.landed import Day, days
from extract.landing import Archive, DamagedArchiveError, archive_name, read_lines, run_of
from extract.packed_day import UNFINISHED, Numbered, content_of, read_packed, write_packed


def pack(
    landing_dir: Path, before: date, on_day: Callable[[str], None] = lambda day: None
) -> list[str]:
    """Pack every day before `before` that has single archives; returns what could not be packed.

    An archive that cannot be read to its end stays as it is, and so do those of a day whose file
    is damaged. Raises OSError.
    """
    for leftover in landing_dir.glob(f"*/*{UNFINISHED}"):
        leftover.unlink()
    damage: list[str] = []
    for day in days(landing_dir):
        if day.folder.name < before.isoformat() and day.folder.is_dir():
            on_day(day.folder.name)
            try:
                _pack_day(day, damage)
            except DamagedArchiveError as error:
                damage.append(str(error))
    return damage


def take_out(landing_dir: Path, run_id: str, place: Path) -> Path | None:
    """Move what a run landed to the archive `place`; returns where the archive belongs in landing.

    None where landing has no such run. Raises OSError and DamagedArchiveError.
    """
    for day in days(landing_dir):
        single = day.folder / Path(archive_name(day.folder.parent.name, run_id)).name
        is_packed = run_id in day.packed_runs()
        if not is_packed and not single.exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if is_packed:
            _extract(day, run_id, place)
            single.unlink(missing_ok=True)
        else:
            single.replace(place)
            durable.sync(single.parent)
        return single
    return None


def put_back(archive: Path, place: Path) -> None:
    """Undo `take_out`: the run lies single again, also where its day is packed."""
    place.parent.mkdir(parents=True, exist_ok=True)
    archive.replace(place)
    durable.sync(place.parent)


def _pack_day(day: Day, damage: list[str]) -> None:
    packed = day.packed_runs()
    sound: list[Path] = []
    new: list[Path] = []
    for path in day.archives():
        try:
            content = content_of(read_lines(path))
        except DamagedArchiveError as error:
            damage.append(str(error))
            continue
        run_id = run_of(path)
        if run_id in packed and packed[run_id] != content:
            damage.append(f"{path.name} differs from what {day.packed.name} holds of that run")
            continue
        sound.append(path)
        if run_id not in packed and content["answers"]:
            new.append(path)
    if new:
        old = read_packed(day.packed) if packed else iter(())
        write_packed(day.packed, heapq.merge(old, _numbered(new), key=lambda item: item[:2]))
        durable.sync(day.packed.parent)
    for path in sound:
        path.unlink()
    if not any(day.folder.iterdir()):
        day.folder.rmdir()
    durable.sync(day.packed.parent)


def _numbered(paths: list[Path]) -> Iterator[Numbered]:
    for path in paths:
        for sequence, line in enumerate(read_lines(path), start=1):
            yield run_of(path), sequence, line


def _extract(day: Day, run_id: str, place: Path) -> None:
    others = set(day.packed_runs()) - {run_id}
    # Written under its own path first: an archive that is there is whole.
    shutil.rmtree(place.parent / ".new", ignore_errors=True)
    with Archive(place.parent / ".new", day.folder.parent.name, run_id) as archive:
        for _, _, line in read_packed(day.packed, others):
            archive.append_line(line)
    archive.path.replace(place)
    durable.sync(place.parent)
    for folder in list(archive.path.parents)[:3]:
        folder.rmdir()
    if others:
        write_packed(day.packed, read_packed(day.packed, {run_id}))
    else:
        day.packed.unlink()
    durable.sync(day.packed.parent)
