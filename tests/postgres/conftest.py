"""One small warehouse on PostgreSQL, built once a worker and copied for each test.

The database is copied as a template, the folder as files; both keep their names. They belong to a
role that may do nothing else, whose password has whatever a password may have.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from extract.settings import Settings
from tests.conftest import refresh
from tests.engines import administered, postgres_settings

PASSWORD = "S3cret p@ss/w:rd%25'"  # noqa: S105


@pytest.fixture(scope="session")
def role(worker_dir: Path) -> Iterator[tuple[str, str]]:
    """A name and a password."""
    from psycopg2 import sql

    name = f"crypto_market_test_{os.getpid()}"
    with postgres_settings(worker_dir) as settings, administered(settings.postgres) as execute:
        execute(
            sql.SQL("create role {} login password {}").format(
                sql.Identifier(name), sql.Literal(PASSWORD)
            )
        )
    yield name, PASSWORD
    with administered(settings.postgres) as execute:
        execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def keep(settings: Settings, name: str, folder: Path) -> tuple[str, Path]:
    """Copies of the database, under this name behind its own, and of the data folder."""
    from psycopg2 import sql

    database = f"{settings.postgres.database}_{name}"
    create = sql.SQL("create database {} template {}").format(
        sql.Identifier(database), sql.Identifier(settings.postgres.database)
    )
    drop(settings, database)
    with administered(settings.postgres) as execute:
        execute(create)
    return database, shutil.copytree(settings.data_dir, folder, symlinks=True)


def drop(settings: Settings, database: str) -> None:
    from psycopg2 import sql

    with administered(settings.postgres) as execute:
        execute(sql.SQL("drop database if exists {}").format(sql.Identifier(database)))


@contextmanager
def copied(template: tuple[str, Path], role: tuple[str, str], data: Path) -> Iterator[Settings]:
    """What was kept, to change at will."""
    database, folder = template
    shutil.copytree(folder, data, symlinks=True)
    with postgres_settings(data, template=database, role=role) as settings:
        yield settings
    shutil.rmtree(data)


@pytest.fixture(scope="session")
def server_template(worker_dir: Path, role: tuple[str, str]) -> Iterator[tuple[str, Path]]:
    """A database and a folder after one refresh at AS_OF."""
    data = worker_dir / "server_data"
    with postgres_settings(data, role=role) as settings:
        refresh(settings)
        kept = keep(settings, "template", worker_dir / "server_template")
    shutil.rmtree(data)
    yield kept
    drop(settings, kept[0])


@pytest.fixture
def built(
    worker_dir: Path, role: tuple[str, str], server_template: tuple[str, Path]
) -> Iterator[Settings]:
    """A copy of the template to change at will."""
    with copied(server_template, role, worker_dir / "server_data") as settings:
        yield settings


@pytest.fixture
def other(worker_dir: Path, built: Settings) -> Iterator[Settings]:
    """Another folder that feeds the database of `built`; it holds dbt's parsed project alone."""
    data = worker_dir / "other_data"
    shutil.copytree(built.state_dir / "dbt", data / "postgres" / "dbt")
    yield replace(built, data_dir=data)
    shutil.rmtree(data)


@pytest.fixture
def execute(built: Settings) -> Iterator[Callable[..., list]]:
    """Statements in the database of `built`, as the user who may do everything."""
    with administered(built.postgres, built.postgres.database) as run:
        yield run
