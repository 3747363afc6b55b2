"""What a build leaves out: nodes whose inputs are as they were when everything last passed.

A whole build that passed notes in the warehouse, in `builds.built`, the code that it was made with
and the greatest load number of every raw table. Whatever else builds something removes the note
first (`forget_built` in dbt_project/macros/build_progress.sql): a build that was cut short, was
partial, or was started by hand, is followed by a whole one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from extract.settings import Settings
from pipeline.warehouse import BUILDS_SCHEMA, create_table, reading, relations

BUILT = "built"
RUNNABLE = ("model", "seed", "test")


@dataclass(frozen=True)
class Built:
    """The code of a build, and the greatest load number of each raw table it read."""

    code: str
    loads: Mapping[str, int]


def inputs_of_build(
    settings: Settings, project: Path, manifest: Any, variables: Iterable[str]
) -> Built:
    """What a build of the dbt project in that folder is made of if it begins now."""
    present = relations(settings)
    counts = " union all ".join(
        f"select '{source.identifier}' as name, max(load_number) as load_number"  # noqa: S608
        f" from {source.schema}.{source.identifier}"
        for source in manifest.sources.values()
        if (source.schema, source.identifier) in present
    )
    loads: dict[str, int] = {}
    if counts:
        with reading(settings) as warehouse:
            loads = {name: number or 0 for name, number in warehouse.relation(counts).fetchall()}
    return Built(_code(project, settings.target, *variables), loads)


def note_built(settings: Settings, built: Built) -> None:
    """Everything passed, and was made of this."""
    rows = " union all ".join(
        f"select cast('{name}' as varchar(99)) as name,"
        f" cast('{built.code}' as varchar(99)) as code,"
        f" cast({number} as bigint) as load_number"
        for name, number in sorted(built.loads.items())
    )
    create_table(settings, f"{BUILDS_SCHEMA}.{BUILT}", rows)


def runnable(manifest: Any) -> dict[str, Any]:
    """Models, seeds and data tests by id, without ephemeral models, which run within others."""
    return {
        key: node
        for key, node in manifest.nodes.items()
        if str(node.resource_type) in RUNNABLE and node.config.materialized != "ephemeral"
    }


def unchanged(settings: Settings, manifest: Any, now: Built) -> set[str]:
    """The ids of models, seeds and data tests that would give what they gave the last time."""
    present = relations(settings)
    before = _last_built(settings) if (BUILDS_SCHEMA, BUILT) in present else None
    if before is None or before.code != now.code:
        return set()
    nodes = runnable(manifest)
    owned = {
        (node.schema, node.alias) for node in nodes.values() if str(node.resource_type) != "test"
    }
    schemas = {schema for schema, _ in owned}
    # A build remakes what somebody has dropped, and drops what no model owns.
    if owned != {relation for relation in present if relation[0] in schemas}:
        return set()
    news = {name for name, number in now.loads.items() if before.loads.get(name) != number}
    lineage = _Lineage(manifest, news)
    return {key for key in nodes if lineage.is_same(key) or lineage.is_kept_view(key)}


class _Lineage:
    """What follows from the raw tables that hold news."""

    def __init__(self, manifest: Any, news: set[str]) -> None:
        self._nodes = manifest.nodes
        self._same = {
            key: source.identifier not in news for key, source in manifest.sources.items()
        }

    def is_same(self, key: str) -> bool:
        """Whether nothing above a node holds news."""
        if key not in self._same:
            self._same[key] = all(map(self.is_same, self._parents(key)))
        return self._same[key]

    def is_kept_view(self, key: str) -> bool:
        """Whether a view shows the news without being made again.

        With a table that is replaced PostgreSQL drops the views of it; what grows stays.
        """
        if key not in self._nodes or self._nodes[key].config.materialized != "view":
            return False
        return all(
            self.is_same(parent)
            or parent not in self._nodes
            or self._nodes[parent].config.materialized == "incremental"
            or self.is_kept_view(parent)
            for parent in self._parents(key)
        )

    def _parents(self, key: str) -> list[str]:
        # A seed depends on macros alone.
        return list(getattr(self._nodes[key].depends_on, "nodes", []))


def _last_built(settings: Settings) -> Built | None:
    with reading(settings) as warehouse:
        rows = warehouse.relation(
            f"select name, code, load_number from {BUILDS_SCHEMA}.{BUILT}"  # noqa: S608
        ).fetchall()
    return Built(rows[0][1], {name: number for name, _, number in rows}) if rows else None


def _code(project: Path, target: str, *variables: str) -> str:
    """A hash of everything beside raw that decides over rows and over what is tested."""
    found = hashlib.sha256()
    for part in (target, *variables, version("dbt-core"), version(f"dbt-{target}")):
        found.update(part.encode() + b"\0")
    for path in [project / "dbt_project.yml", *sorted((project / "dbt_project").rglob("*"))]:
        if path.is_file():
            found.update(str(path.relative_to(project)).encode() + b"\0")
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
