"""What a data folder holds, in files and bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extract.settings import Settings
from pipeline.set_aside import FOLDER as SET_ASIDE


@dataclass(frozen=True)
class Part:
    """Files and bytes below a folder, or of a database with the log beside it."""

    name: str
    path: str
    files: int
    bytes: int


def parts(settings: Settings) -> list[Part]:
    """The parts that are there."""
    state = settings.state_dir
    paths = {
        "landing": settings.landing_dir,
        "quarantine": settings.quarantine_dir,
        "warehouse": settings.warehouse_path if settings.target == "duckdb" else state,
        "ticks": state / "ticks",
        "dlt": settings.dlt_dir,
        "dbt": settings.dbt_dir,
        "published": settings.published_dir,
        "quality docs": settings.quality_docs_dir,
        "logs": settings.log_dir,
        "set aside": settings.data_dir / SET_ASIDE,
    }
    sizes = {name: size_of(path) for name, path in paths.items()}
    return [
        Part(name, shown(settings, paths[name]), files, size)
        for name, (files, size) in sizes.items()
        if files
    ]


def size_of(path: Path) -> tuple[int, int]:
    """Files and bytes; what vanishes meanwhile is not there."""
    files = size = 0
    for file in _files(path):
        try:
            size += file.lstat().st_size
            files += 1
        except (FileNotFoundError, NotADirectoryError):
            continue
    return files, size


def shown(settings: Settings, path: Path) -> str:
    """Below the data folder where it is."""
    inside = path.is_relative_to(settings.data_dir)
    return str(path.relative_to(settings.data_dir) if inside else path)


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for folder, _, names in os.walk(path):
            yield from (Path(folder) / name for name in names)
    else:
        yield path
        yield path.with_name(f"{path.name}.wal")
