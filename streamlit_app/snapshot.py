"""Which snapshot a reader sees: the pointer is resolved once, and what it named does not change."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from extract.settings import load_settings

CURRENT = "current"
MANIFEST = "manifest.json"
CATALOG = "catalog.json"
NEEDED = ("run_id", "built_at", "source_kind", "tables")
MART_NAME = re.compile(r"[a-z][a-z0-9_]*")


class NoSnapshotError(Exception):
    """Nothing was published yet; the argument is the folder that was looked at."""


class BrokenSnapshotError(Exception):
    """The snapshot cannot be read; the message says what is wrong with which file."""


@dataclass(frozen=True)
class Snapshot:
    """One published folder. Two are the same when they are the same folder."""

    folder: Path
    manifest: dict[str, Any] = field(compare=False, repr=False)

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
        return self.manifest["tables"]

    def has(self, mart: str) -> bool:
        return mart in self.marts

    def file(self, mart: str) -> Path:
        return self.folder / self.marts[mart]["file"]

    def catalog(self) -> list[dict[str, Any]]:
        """Each mart as the models describe it; empty in a snapshot from before there was one."""
        path = self.folder / CATALOG
        return _read_json(path).get("marts", []) if path.is_file() else []


def published_dir() -> Path:
    return load_settings().published_dir


def current(published: Path) -> Snapshot:
    """The snapshot that `current` points to now.

    Raises NoSnapshotError when there is none and BrokenSnapshotError when it cannot be read.
    """
    folder = current_folder(published)
    if folder is None:
        raise NoSnapshotError(str(published))
    return read(folder)


def current_folder(published: Path) -> Path | None:
    pointer = published / CURRENT
    return pointer.resolve() if pointer.is_symlink() or pointer.is_dir() else None


@lru_cache(maxsize=16)
def read(folder: Path) -> Snapshot:
    """The snapshot in a folder. Raises BrokenSnapshotError."""
    if not folder.is_dir():
        raise BrokenSnapshotError(f"the folder {folder.name}, which `current` names, is not there")
    manifest = _read_json(folder / MANIFEST)
    missing = [name for name in NEEDED if name not in manifest]
    if missing:
        raise BrokenSnapshotError(f"{MANIFEST} of {folder.name} has no {', '.join(missing)}")
    for mart, table in manifest["tables"].items():
        if not MART_NAME.fullmatch(mart) or table.get("file") != f"{mart}.parquet":
            raise BrokenSnapshotError(f"{MANIFEST} of {folder.name} names an odd table: {mart!r}")
        if not (folder / table["file"]).is_file():
            raise BrokenSnapshotError(f"{table['file']} of {folder.name} is not there")
    return Snapshot(folder, manifest)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BrokenSnapshotError(f"{path.name} of {path.parent.name} is not there") from error
    except (OSError, ValueError) as error:
        raise BrokenSnapshotError(
            f"{path.name} of {path.parent.name} is damaged: {error}"
        ) from error
    if not isinstance(content, dict):
        raise BrokenSnapshotError(f"{path.name} of {path.parent.name} is no JSON object")
    return content
