"""Which snapshot a reader sees: the pointer is resolved once, and what it names never changes.

If the newest snapshot is damaged, readers get the newest intact one, and the reason.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from extract.settings import load_settings
from published.json_form import misfit
from published.manifest import CATALOG_FORM, MANIFEST_FORM

CURRENT = "current"
MANIFEST = "manifest.json"
CATALOG = "catalog.json"
UNFINISHED = ".unfinished-"
MART_NAME = re.compile(r"[a-z][a-z0-9_]*")


class NoSnapshotError(Exception):
    """Nothing has been published yet; the argument is the folder that was examined."""


class BrokenSnapshotError(Exception):
    """The snapshot cannot be read; the message says what is wrong with which file."""


@dataclass(frozen=True)
class Snapshot:
    """One published folder. Two are the same when they are the same folder.

    `instead_of` says what is wrong with the newer one that a reader would see otherwise.
    """

    folder: Path
    manifest: dict[str, Any] = field(compare=False, repr=False)
    instead_of: str | None = field(default=None, compare=False)

    @property
    def id(self) -> str:
        return str(self.manifest["run_id"])

    @property
    def source_kind(self) -> str:
        return str(self.manifest["source_kind"])

    @property
    def built_at(self) -> datetime:
        """Aware UTC."""
        return datetime.fromisoformat(self.manifest["built_at"]).astimezone(UTC)

    @property
    def marts(self) -> dict[str, dict[str, Any]]:
        """By name: file, rows, bytes and sha256."""
        tables: dict[str, dict[str, Any]] = self.manifest["tables"]
        return tables

    def has(self, mart: str) -> bool:
        return mart in self.marts

    def file(self, mart: str) -> Path:
        return self.folder / str(self.marts[mart]["file"])

    def catalog(self) -> list[dict[str, Any]]:
        """Each mart as the models describe it; empty in a snapshot from before there was one."""
        path = self.folder / CATALOG
        return _read_json(path, CATALOG_FORM)["marts"] if path.is_file() else []


def published_dir() -> Path:
    return load_settings().published_dir


def current(published: Path, damaged: Mapping[Path, str] | None = None) -> Snapshot:
    """The snapshot that `current` points to now, or the newest intact one if that is damaged.

    `damaged` names folders that a closer look (`verify`) found damaged, and how. Raises
    NoSnapshotError when there is none and BrokenSnapshotError when none can be read.
    """
    damaged = damaged or {}
    folder = current_folder(published)
    if folder is None:
        raise NoSnapshotError(str(published))
    try:
        return _read_unless(folder, damaged)
    except BrokenSnapshotError as error:
        for other in reversed(snapshots(published)):
            try:
                return replace(_read_unless(other, damaged), instead_of=str(error))
            except BrokenSnapshotError:
                continue
        raise


def current_folder(published: Path) -> Path | None:
    """The folder that the pointer names, whether it is there or not; None without a pointer."""
    pointer = published / CURRENT
    try:
        return pointer.resolve() if pointer.is_symlink() or pointer.is_dir() else None
    except (OSError, RuntimeError):  # a link to itself
        return pointer


def snapshots(published: Path) -> list[Path]:
    """Finished snapshots, intact or damaged, in the order in which they were published."""
    if not published.is_dir():
        return []
    folders = (
        path
        for path in published.iterdir()
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
    )
    return sorted(folders, key=lambda folder: (snapshot_number(folder), folder.name))


def snapshot_number(folder: Path) -> int:
    """The number of a snapshot in its folder's sequence; 0 if it has none."""
    try:
        number = json.loads((folder / MANIFEST).read_text())["snapshot_number"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0
    return number if type(number) is int else 0


def is_whole(folder: Path) -> bool:
    """Whether the snapshot can be read, as far as `read` looks."""
    try:
        inspect(folder)
        return True
    except BrokenSnapshotError:
        return False


def current_manifest(published: Path) -> dict[str, Any]:
    """What the current snapshot says of itself; empty where there is none that can be read."""
    try:
        return current(published).manifest
    except (NoSnapshotError, BrokenSnapshotError):
        return {}


@lru_cache(maxsize=16)
def read(folder: Path) -> Snapshot:
    """Like `inspect`; a snapshot that was intact once is not examined again."""
    return inspect(folder)


def inspect(folder: Path) -> Snapshot:
    """The snapshot in a folder, once its files have the right sizes. Raises BrokenSnapshotError.

    Changes within a file are found by `verify`, which reads them all.
    """
    if not folder.is_dir():
        raise BrokenSnapshotError(f"the folder {folder.name}, named by `current`, does not exist")
    snapshot = Snapshot(folder, read_manifest(folder))
    for mart, table in snapshot.marts.items():
        if not MART_NAME.fullmatch(mart) or table["file"] != f"{mart}.parquet":
            raise BrokenSnapshotError(f"{MANIFEST} of {folder.name} lists an odd table: {mart!r}")
        if wrong := _wrong_size(folder / table["file"], table["bytes"]):
            raise BrokenSnapshotError(f"{table['file']} of {folder.name} {wrong}")
    snapshot.catalog()
    return snapshot


def verify(folder: Path) -> list[str]:
    """What is wrong with a snapshot, a line for each damaged file; reads every byte of it."""
    try:
        tables = read_manifest(folder)["tables"]
    except BrokenSnapshotError as error:
        return [str(error)]
    found = []
    for table in tables.values():
        path = folder / table["file"]
        if wrong := _wrong_size(path, table["bytes"]) or _wrong_content(path, table["sha256"]):
            found.append(f"{table['file']} of {folder.name} {wrong}")
    if not found:
        try:
            inspect(folder)
        except BrokenSnapshotError as error:
            return [str(error)]
    return found


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a snapshot says of itself. Raises BrokenSnapshotError."""
    return _read_json(folder / MANIFEST, MANIFEST_FORM)


def _read_unless(folder: Path, damaged: Mapping[Path, str]) -> Snapshot:
    if folder in damaged:
        raise BrokenSnapshotError(damaged[folder])
    return read(folder)


def _wrong_size(path: Path, size: int) -> str | None:
    try:
        found = path.stat().st_size if path.is_file() else None
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if found is None:
        return "is missing"
    return None if found == size else f"is damaged: {found:,} bytes instead of {size:,}"


def _wrong_content(path: Path, digest: str) -> str | None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return (
        None if found == digest else "is damaged: its checksum is not the one it was written with"
    )


def _read_json(path: Path, form: Any) -> dict[str, Any]:
    """Raises BrokenSnapshotError if the file is not JSON of that form."""
    name = f"{path.name} of {path.parent.name}"
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BrokenSnapshotError(f"{name} is missing") from error
    except (OSError, ValueError, RecursionError) as error:
        raise BrokenSnapshotError(f"{name} is damaged: {error}") from error
    if wrong := misfit(content, form):
        raise BrokenSnapshotError(f"{name} is damaged: {wrong}")
    return content
