"""The published snapshot: one folder per run, which readers may open at any time.

Files are written beside the snapshots and moved in as a whole; then the pointer `current` moves in
one step. A reader that has resolved it keeps a complete snapshot, whatever happens meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from extract import durable
from extract.environment import child_environment
from extract.settings import PROJECT_ROOT, Settings
from pipeline.run_history import forget_failures, history
from pipeline.stopping import publishing
from pipeline.warehouse import Reader, reading
from published.reading import (
    CATALOG,
    CURRENT,
    MANIFEST,
    UNFINISHED,
    BrokenSnapshotError,
    is_whole,
    read_manifest,
    snapshot_number,
    snapshots,
)

MARTS_SCHEMA = "marts"
# A coin's hours of two years. Smaller groups would compress worse, larger ones hold more coins.
ROW_GROUP_SIZE = 16_384


def publish(
    settings: Settings,
    run_id: str,
    facts_of_run: dict[str, Any],
    catalog: list[dict[str, Any]],
) -> Path:
    """Write every mart as Parquet with a manifest, move `current` to it, drop the oldest.

    The catalog says what the marts are: what else lies in their schema is not published. Columns
    that begin with an underscore are bookkeeping and stay in the warehouse. Returns the snapshot's
    folder.
    """
    published = settings.published_dir
    published.mkdir(parents=True, exist_ok=True)
    for leftover in published.glob(f"{UNFINISHED}*"):
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()

    unfinished = published / f"{UNFINISHED}{run_id}"
    unfinished.mkdir()
    with reading(settings) as warehouse:
        tables = {mart["name"]: _write(warehouse, mart, unfinished) for mart in catalog}
        as_of = _newest_observation(warehouse)
    manifest = {
        "run_id": run_id,
        "snapshot_number": 1 + max(map(snapshot_number, snapshots(published)), default=0),
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "as_of": as_of.isoformat() if as_of else None,
        "source_kind": settings.source_kind,
        "target": settings.target,
        "code_version": code_version(),
        "tables": tables,
        **facts_of_run,
    }
    manifest["runs"] = history(manifest, _previous(published), settings.log_dir)
    _write_json(unfinished / MANIFEST, manifest)
    _write_json(unfinished / CATALOG, {"run_id": run_id, "marts": catalog})

    snapshot = published / run_id
    durable.sync(unfinished)
    durable.move(unfinished, snapshot)
    with publishing():
        point_to(published, snapshot)
    forget_failures(settings.log_dir)
    _drop_oldest(published, settings.snapshots_kept)
    return snapshot


def point_to(published: Path, snapshot: Path) -> None:
    """Move the pointer in one step."""
    new = published / f"{UNFINISHED}{CURRENT}"
    new.unlink(missing_ok=True)
    new.symlink_to(snapshot.name, target_is_directory=True)
    durable.move(new, published / CURRENT)


def code_version() -> str:
    """The commit the project runs from, `+` when files differ from it."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    answer = subprocess.run(  # noqa: S603
        [git, "describe", "--always", "--dirty=+"],
        cwd=PROJECT_ROOT,
        env=child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() or "unknown"


def _write(warehouse: Reader, mart: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Columns in the catalog's order: in the warehouse a day that is a partition comes last."""
    columns = ", ".join(column["name"] for column in mart["columns"])
    rows = warehouse.relation(f"select {columns} from {MARTS_SCHEMA}.{mart['name']}")  # noqa: S608
    path = folder / f"{mart['name']}.parquet"
    rows.order(_reading_order(rows)).write_parquet(
        str(path), compression="zstd", row_group_size=ROW_GROUP_SIZE
    )
    row_count = pq.read_metadata(path).num_rows
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    durable.sync(path)
    return {
        "file": path.name,
        "rows": row_count,
        "bytes": path.stat().st_size,
        "sha256": digest,
    }


def _newest_observation(warehouse: Reader) -> datetime | None:
    """What the marts are as of: the present of the market, whenever they were made."""
    newest = f"select max(last_seen_at) as newest from {MARTS_SCHEMA}.dim_coins"  # noqa: S608
    [(latest,)] = warehouse.relation(newest).fetchall()
    return None if latest is None else latest.replace(tzinfo=UTC)


def _reading_order(rows: duckdb.DuckDBPyRelation) -> str:
    """By coin, then time, so that reading one coin and period reads little. The rest settles
    ties."""
    kinds = dict(zip(rows.columns, map(str, rows.types), strict=True))
    times = [column for column, kind in kinds.items() if kind.startswith(("DATE", "TIMESTAMP"))]
    first = [column for column in ("coin_id", *times[:1]) if column in kinds]
    return ", ".join(dict.fromkeys([*first, *rows.columns]))


def _write_json(path: Path, content: dict[str, Any]) -> None:
    durable.write_text(path, json.dumps(content, indent=2, default=str) + "\n")


def _previous(published: Path) -> dict[str, Any] | None:
    """The manifest of the snapshot before; of an older one where that is damaged."""
    for folder in (published / CURRENT, *reversed(snapshots(published))):
        try:
            return read_manifest(folder)
        except BrokenSnapshotError:
            continue
    return None


def _drop_oldest(published: Path, kept: int) -> None:
    """Keep this many intact snapshots; a damaged one does not count, and goes when it is older."""
    current = (published / CURRENT).resolve()
    for snapshot in reversed(snapshots(published)):
        if kept <= 0 and snapshot != current:
            shutil.rmtree(snapshot)
        elif is_whole(snapshot):
            kept -= 1
