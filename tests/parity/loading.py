"""An input in three loads through a target."""

from __future__ import annotations

from extract.pipeline import RawStore
from extract.settings import Settings
from pipeline.dbt_build import invoke
from pipeline.job import Job, prepare
from pipeline.passed_loads import remember_passed
from tests.conftest import quiet_stage
from tests.parity.inputs import Input

MODELS = ("build", "--resource-type", "model", "--resource-type", "seed")


def load_parts(settings: Settings, given: Input, parts: range) -> None:
    """Load and build the models after each part; no gates and no data tests."""
    prepare(settings)
    for part in parts:
        given.deliver(part, settings.landing_dir)
        Job(settings, quiet_stage).load()
        assert not invoke(settings, list(MODELS)).failures


def load_in_parts(settings: Settings, given: Input) -> None:
    """The whole job with the last part: gate 1 is asked about that load, gate 2 about all."""
    last = len(given.loads) - 1
    load_parts(settings, given, range(last))
    remember_passed(settings, RawStore(settings).greatest_load_number())
    given.deliver(last, settings.landing_dir)
    Job(settings, quiet_stage).build_and_publish()
