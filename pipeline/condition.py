"""The state of a data folder, and what needs attention."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.sizes import Part


@dataclass(frozen=True)
class Problem:
    """A problem that needs attention, and what to do about it."""

    what: str
    to_do: str


@dataclass
class Condition:
    """Everything that is known: `facts` for people, some of them also as `values` for machines.

    Sizes are in bytes, times of values in ISO 8601.
    """

    facts: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        return {"healthy": self.healthy, **asdict(self)}
