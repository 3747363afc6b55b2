"""The published snapshot: a folder a run, which readers may open at any time.

Files are written beside the snapshots and moved in whole; the pointer `current` then moves in one
step. A reader that resolved it keeps a whole snapshot, whatever happens meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from extract.settings import PROJECT_ROOT, Settings
from scripts.run_history import history

CURRENT = "current"
UNFINISHED = ".unfinished-"
MARTS_SCHEMA = "marts"
MANIFEST = "manifest.json"
CATALOG = "catalog.json"
# A coin's hours of two years. Smaller groups would compress worse, larger ones hold more coins.
ROW_GROUP_SIZE = 16_384


def publish(
    settings: Settings,
    run_id: str,
    facts_of_run: dict[str, Any],
    catalog: list[dict[str, Any]] | None = None,
) -> Path:
    """Write every mart as Parquet with a manifest, move `current` to it, drop the oldest.

    Columns that begin with an underscore are bookkeeping and stay in the warehouse. The catalog
    says what the marts are. Returns the snapshot's folder.
    """
    published = settings.published_dir
    published.mkdir(parents=True, exist_ok=True)
    for leftover in published.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover)

    unfinished = published / f"{UNFINISHED}{run_id}"
    unfinished.mkdir()
    with duckdb.connect(str(settings.warehouse_path)) as warehouse:
        tables = {name: _write(warehouse, name, unfinished) for name in _marts(warehouse)}
    manifest = {
        "run_id": run_id,
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "source_kind": settings.source_kind,
        "code_version": code_version(),
        "tables": tables,
        **facts_of_run,
    }
    manifest["runs"] = history(manifest, published / CURRENT / MANIFEST, settings.log_dir)
    _write_json(unfinished / MANIFEST, manifest)
    if catalog is not None:
        _write_json(unfinished / CATALOG, {"run_id": run_id, "marts": catalog})

    snapshot = published / run_id
    unfinished.replace(snapshot)
    point_to(published, snapshot)
    _drop_oldest(published, settings.snapshots_kept)
    return snapshot


def point_to(published: Path, snapshot: Path) -> None:
    """Move the pointer in one step."""
    new = published / f"{UNFINISHED}{CURRENT}"
    new.unlink(missing_ok=True)
    new.symlink_to(snapshot.name, target_is_directory=True)
    new.replace(published / CURRENT)


def snapshots(published: Path) -> list[Path]:
    """Finished snapshots, oldest first."""
    return sorted(
        path
        for path in published.iterdir()
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
    )


def code_version() -> str:
    """The commit the project runs from, `+` when files differ from it."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    answer = subprocess.run(  # noqa: S603
        [git, "describe", "--always", "--dirty=+"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() or "unknown"


def _marts(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    rows = warehouse.execute(
        "select table_name from information_schema.tables where table_schema = ? order by 1",
        [MARTS_SCHEMA],
    ).fetchall()
    return [name for (name,) in rows]


def _write(warehouse: duckdb.DuckDBPyConnection, name: str, folder: Path) -> dict[str, Any]:
    relation = warehouse.table(f"{MARTS_SCHEMA}.{name}")
    columns = [column for column in relation.columns if not column.startswith("_")]
    rows = relation.project(", ".join(columns))
    path = folder / f"{name}.parquet"
    rows.order(_reading_order(rows)).write_parquet(
        str(path), compression="zstd", row_group_size=ROW_GROUP_SIZE
    )
    [(row_count,)] = relation.aggregate("count(*)").fetchall()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return {
        "file": path.name,
        "rows": row_count,
        "bytes": path.stat().st_size,
        "sha256": digest,
    }


def _reading_order(rows: duckdb.DuckDBPyRelation) -> str:
    """By coin, then time: who asks for a coin and a period reads little. The rest settles ties."""
    kinds = dict(zip(rows.columns, map(str, rows.types), strict=True))
    times = [column for column, kind in kinds.items() if kind.startswith(("DATE", "TIMESTAMP"))]
    first = [column for column in ("coin_id", *times[:1]) if column in kinds]
    return ", ".join(dict.fromkeys([*first, *rows.columns]))


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, default=str) + "\n")


def _drop_oldest(published: Path, kept: int) -> None:
    current = (published / CURRENT).resolve()
    for snapshot in snapshots(published)[:-kept]:
        if snapshot != current:
            shutil.rmtree(snapshot)
