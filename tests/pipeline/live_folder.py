"""A data folder as a live warehouse leaves it, in small, and what is in one."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from pipeline.state_release import RESTORED_FROM


def lay_out(data: Path, kind: str = "live", text: str = "first") -> Path:
    landing = data / "landing" / kind / "2026-11-01"
    landing.mkdir(parents=True)
    (landing / "a run.ndjson.gz").write_bytes(gzip.compress(text.encode()))
    (data / "warehouse.duckdb").write_bytes(os.urandom(300_000))
    (data / "dlt" / "empty").mkdir(parents=True)
    (data / "published" / text).mkdir(parents=True)
    (data / "published" / text / "manifest.json").write_text("{}")
    (data / "published" / "current").symlink_to(text)
    (data / "dbt").mkdir()
    (data / "dbt" / "partial_parse.msgpack").write_bytes(b"of this machine")
    return data


def contents(folder: Path) -> dict[str, bytes | str | None]:
    return {
        path.relative_to(folder).as_posix(): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in folder.rglob("*")
        if path.name != RESTORED_FROM
        and path.relative_to(folder).parts[0] not in ("dbt", "refresh.flock")
    }
