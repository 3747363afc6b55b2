"""An input in three loads through a target."""

from __future__ import annotations

from extract.settings import Settings
from scripts.dbt_build import invoke
from scripts.job import Job, prepare
from tests.conftest import quiet_stage
from tests.parity.inputs import Input


def load_in_parts(settings: Settings, given: Input) -> None:
    """Models are built after each load; gates and data tests are run after the last."""
    prepare(settings)
    for load in range(len(given.loads)):
        given.deliver(load, settings.landing_dir)
        job = Job(settings, quiet_stage)
        if load < len(given.loads) - 1:
            job.load()
            models_only = ["build", "--resource-type", "model", "--resource-type", "seed"]
            assert not invoke(settings, models_only).failures
    job.build_and_publish()
