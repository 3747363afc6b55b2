"""One small simulated warehouse, built once a worker and copied for each test.

All tests of a worker use the same path, for dbt parses the project again when the path changes.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest

from extract.settings import Settings, switch_telemetry_off

switch_telemetry_off()
os.environ.setdefault("TZ", "UTC")
# In a process without a main file, as xdist's are, pyspark takes the import of its parts for a run
# of its own doctests, and ends the process. In an interactive one it does not.
sys.ps1 = ""

# What a shell starts in the background hears no Ctrl-C, nor do its children; those that tests start
# hear it as at a terminal.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, on however slow a machine.
hypothesis.settings.register_profile(
    "suite",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")

# Far enough from midnight that the running day has a morning; a day with a crash is in the window.
AS_OF = datetime(2026, 11, 1, 12, 5, tzinfo=UTC)
# On the next day, behind a gap that history fills.
LATER = AS_OF + timedelta(hours=13)
COINS = ("bitcoin", "ethereum", "tether", "wrapped-bitcoin", "dogecoin", "pepe")
HISTORY_DAYS = 5


# Workers take whole files, in this order: what takes longest must not begin last.
LONGEST_FIRST = ("parity", "faults", "postgres", "browser", "reference", "pipeline", "replay")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folders = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: folders.get(item.path.parent.name, len(folders)))


@contextmanager
def quiet_stage(name: str) -> Iterator[Callable[[str], None]]:
    yield lambda detail: None


def settings_for(data_dir: Path, **changes: object) -> Settings:
    values: dict[str, object] = {
        "as_of": AS_OF,
        "coins": COINS,
        "history_days": HISTORY_DAYS,
    }
    return Settings(data_dir=data_dir, **(values | changes))


def refresh(settings: Settings, **options: object):
    """One run in this process; the caller owns the folder."""
    from pipeline.job import Job, prepare
    from pipeline.lock import only_writer

    prepare(settings)
    with only_writer(settings):
        return Job(settings, quiet_stage).refresh(**options)


@pytest.fixture(scope="session")
def worker_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("warehouse")


@pytest.fixture(scope="session")
def template(worker_dir: Path) -> Path:
    """A warehouse after one refresh at AS_OF."""
    data = worker_dir / "data"
    refresh(settings_for(data))
    kept = worker_dir / "template"
    data.rename(kept)
    return kept


@pytest.fixture(scope="session")
def later_template(worker_dir: Path, template: Path) -> Path:
    """A warehouse after a second refresh, at LATER, that nothing disturbed."""
    data = worker_dir / "data"
    shutil.copytree(template, data, symlinks=True)
    refresh(settings_for(data, as_of=LATER))
    kept = worker_dir / "later_template"
    data.rename(kept)
    return kept


@pytest.fixture
def built(worker_dir: Path, template: Path) -> Iterator[Settings]:
    """A copy of the template to change at will."""
    data = worker_dir / "data"
    shutil.copytree(template, data, symlinks=True)
    yield settings_for(data)
    shutil.rmtree(data)


@pytest.fixture
def built_twice(worker_dir: Path, later_template: Path) -> Iterator[Settings]:
    """A copy of the template of two refreshes."""
    data = worker_dir / "data"
    shutil.copytree(later_template, data, symlinks=True)
    yield settings_for(data, as_of=LATER)
    shutil.rmtree(data)


@pytest.fixture
def empty(worker_dir: Path, template: Path) -> Iterator[Settings]:
    """An empty folder in the same place, with dbt's parsed project."""
    data = worker_dir / "data"
    data.mkdir()
    shutil.copytree(template / "dbt", data / "dbt")
    yield settings_for(data)
    shutil.rmtree(data)
