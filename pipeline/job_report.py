"""What a run did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from expectations.results import GateResult
from extract.visit import FetchReport
from pipeline.dbt_build import DbtResult
from pipeline.exit_codes import JobError


@dataclass
class JobReport:
    """What a run did; `as_of` is the present it took for its own, `seconds` are by stage.

    `load_number` is that of the last load in raw, `widened` says that more was built than was
    selected, `left_undone` what failed of a run that published: commands raise it at their end.
    """

    run_id: str
    as_of: datetime
    load_number: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    fetch: FetchReport | None = None
    replayed: tuple[int, int] | None = None
    loaded_rows: int = 0
    landing_damage: list[str] = field(default_factory=list)
    gates: dict[str, GateResult] = field(default_factory=dict)
    dbt: DbtResult | None = None
    widened: bool = False
    snapshot: Path | None = None
    left_undone: JobError | None = None
