"""The old warehouse while a new one is built: put away, then dropped or put back.

A kill at any moment leaves a state that `recover` knows, and `recover` can itself be killed. The
files of a warehouse are moved by renaming, and the name of their folder says how far it got:

- `old_warehouse.moving`: they are on the way out or back. All of them are old, here or there.
- `old_warehouse`: the old ones are all here. Those in their places are new and unfinished.
- `old_warehouse.done`: the new ones are complete, and these can go.

On PostgreSQL, the schemas are renamed in one transaction while the folder is `.moving`. Schemas
whose names begin with `before_rebuild_` belong to a warehouse that has not been replaced yet.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extract import durable
from extract.settings import Settings
from pipeline.exit_codes import ExitCode, JobError
from pipeline.quarantine import settle
from pipeline.warehouse import MODEL_SCHEMAS, postgres_connection

log = logging.getLogger(__name__)

SCHEMAS = ("raw", *MODEL_SCHEMAS)
PREFIX = "before_rebuild_"


@contextmanager
def set_aside(settings: Settings) -> Iterator[None]:
    """Put away raw, the models and what is known about them; put everything back on failure.

    Call `recover` first, under the lock. Raises JobError (2) if the folders are not on this
    machine.
    """
    moving, kept, done = _folders(settings)
    _refuse_elsewhere(settings)
    moving.mkdir(parents=True)
    try:
        for path in _own_paths(settings):
            if path.exists():
                path.replace(moving / path.name)
        _rename_schemas(settings)
        _move(moving, kept)
        yield
    except BaseException:
        recover(settings)
        raise
    _drop_schemas(settings)
    _move(kept, done)
    settle(settings, replaced=True)
    shutil.rmtree(done)


def recover(settings: Settings) -> None:
    """Put back what a killed rebuild had put away, or complete its last steps; otherwise do
    nothing.

    For every command that writes, under the lock, before it opens the warehouse. A load that the
    rebuild was to leave out is put back into landing, or left out, in the same way.
    """
    moving, kept, done = _folders(settings)
    with_schemas = settings.target == "postgres" and _has_schemas_put_away(settings)
    if kept.exists() and settings.target == "postgres" and not with_schemas:
        # The schemas go last of all, and they are gone: the rebuild had finished.
        _move(kept, done)
    if kept.exists():
        for path in _own_paths(settings):
            _remove(path)
        _move(kept, moving)
    if moving.exists():
        log.warning("a rebuild was interrupted; putting the previous warehouse back")
        for path in moving.iterdir():
            path.replace(settings.state_dir / path.name)
        moving.rmdir()
    if with_schemas:
        _put_schemas_back(settings)
    if done.exists():
        settle(settings, replaced=True)
        shutil.rmtree(done)
    settle(settings, replaced=False)


def _folders(settings: Settings) -> tuple[Path, Path, Path]:
    kept = settings.state_dir / "old_warehouse"
    return kept.with_name(f"{kept.name}.moving"), kept, kept.with_name(f"{kept.name}.done")


def _move(folder: Path, to: Path) -> None:
    """The step that decides. On the disk before anything that relies on it."""
    durable.sync(folder)
    durable.move(folder, to)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _own_paths(settings: Settings) -> list[Path]:
    """What is known about the warehouse, and the warehouse itself where it consists of files."""
    paths = [settings.dlt_dir, settings.gate_pointer]
    if settings.target == "duckdb":
        warehouse = settings.warehouse_path
        # Its log holds what a killed process had written last.
        paths += [
            warehouse,
            warehouse.with_name(f"{warehouse.name}.wal"),
            settings.tick_dir,
        ]
    if settings.target == "spark":
        paths += [settings.state_dir / name for name in ("lake", "warehouse", "metastore")]
    return paths


def _refuse_elsewhere(settings: Settings) -> None:
    if settings.target == "spark" and (settings.spark.raw_url or settings.spark.warehouse_url):
        raise JobError(
            ExitCode.USAGE,
            "rebuild moves folders of this machine; with SPARK_RAW_URL or SPARK_WAREHOUSE_URL "
            "set, point both at empty folders and run refresh.py --target spark",
        )


def _has_schemas_put_away(settings: Settings) -> bool:
    with postgres_connection(settings) as connection:
        return any(name.startswith(PREFIX) for name in _schemas(connection))


def _rename_schemas(settings: Settings) -> None:
    if settings.target != "postgres":
        return
    with postgres_connection(settings) as connection:
        cursor = connection.cursor()
        for name in set(SCHEMAS) & _schemas(connection):
            cursor.execute(f"alter schema {name} rename to {PREFIX}{name}")
        connection.commit()


def _put_schemas_back(settings: Settings) -> None:
    with postgres_connection(settings) as connection:
        cursor = connection.cursor()
        present = _schemas(connection)
        for name in SCHEMAS:
            cursor.execute(f"drop schema if exists {name} cascade")
            if PREFIX + name in present:
                cursor.execute(f"alter schema {PREFIX}{name} rename to {name}")
        connection.commit()


def _drop_schemas(settings: Settings) -> None:
    if settings.target != "postgres":
        return
    with postgres_connection(settings) as connection:
        cursor = connection.cursor()
        for name in SCHEMAS:
            cursor.execute(f"drop schema if exists {PREFIX}{name} cascade")
        connection.commit()


def _schemas(connection: Any) -> set[str]:
    cursor = connection.cursor()
    cursor.execute("select schema_name from information_schema.schemata")
    return {name for (name,) in cursor.fetchall()}
