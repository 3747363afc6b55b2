"""Two inputs in three loads each, as archives: what every target is given.

The first load of each leaves days that a later one adds rows to.
"""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from extract.landing import archives
from extract.settings import Settings
from extract.simulated import stream
from pipeline.job import Job, prepare
from tests.conftest import AS_OF, quiet_stage, settings_for
from tests.recordings import FOLDER

PAGES = FOLDER / "coingecko" / "markets_daily_2023_2024.ndjson.gz"


@dataclass(frozen=True)
class Input:
    """Archives of three loads, and the snapshot that DuckDB made of all of them at once."""

    source_kind: str
    landing_dir: Path
    loads: tuple[tuple[Path, ...], ...]
    expected: Path

    @property
    def catalog(self) -> list[dict]:
        return json.loads((self.expected / "catalog.json").read_text())["marts"]

    def deliver(self, load: int, landing_dir: Path) -> None:
        """Put the archives of one load where a target takes them up."""
        for archive in self.loads[load]:
            target = landing_dir / archive.relative_to(self.landing_dir)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(archive, target)


def simulated(folder: Path) -> Input:
    """Later runs bring the whole history of a coin that was not asked for before.

    The stream keeps eight minutes of trades and no whole hour.
    """
    data_dir = folder / "simulated"
    runs = [
        {"as_of": AS_OF - timedelta(hours=30), "coins": ("bitcoin", "tether")},
        {"as_of": AS_OF - timedelta(hours=6), "coins": ("bitcoin", "dogecoin", "tether")},
        {"as_of": AS_OF, "coins": ("bitcoin", "dogecoin", "tether", "wrapped-bitcoin")},
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "RETENTION_BATCHES", 96)
        return _loaded([settings_for(data_dir, history_days=3, **run) for run in runs])


def recorded(folder: Path) -> Input:
    """Daily pages of three weeks; those of the second come last."""
    with gzip.open(PAGES, "rb") as file:
        pages = file.readlines()[:21]
    parts = [pages[:7], pages[14:], pages[7:14]]
    settings = []
    for number, part in enumerate(parts):
        recording = folder / f"part_{number}.ndjson"
        recording.write_bytes(b"".join(part))
        settings.append(
            Settings(data_dir=folder / "recorded", source_kind="replay", recordings=recording)
        )
    return _loaded(settings)


def _loaded(runs: list[Settings]) -> Input:
    landing_dir = runs[0].landing_dir
    loads: list[tuple[Path, ...]] = []
    for settings in runs:
        prepare(settings)
        job = Job(settings, quiet_stage)
        job.fetch()
        loads.append(tuple(set(archives(landing_dir)) - {path for load in loads for path in load}))
    snapshot = job.build_and_publish().snapshot
    assert snapshot is not None
    return Input(runs[0].source_kind, landing_dir, tuple(loads), snapshot)
