"""dbt's own manifest of a project, as a graph to ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from extract.settings import Settings


@dataclass(frozen=True)
class Project:
    """Nodes by unique id, and of each node the ids it is made of and those made of it."""

    nodes: dict[str, Any]
    parents: dict[str, list[str]]
    children: dict[str, list[str]]

    def kind(self, *kinds: str) -> Iterator[Any]:
        yield from (node for node in self.nodes.values() if str(node.resource_type) in kinds)

    def models(self, layer: str | None = None) -> Iterator[Any]:
        yield from (m for m in self.kind("model") if layer in (None, layer_of(m)))

    def parents_of(self, node: Any, *kinds: str) -> list[Any]:
        found = (self.nodes[parent] for parent in self.parents.get(node.unique_id, []))
        return [parent for parent in found if str(parent.resource_type) in kinds]

    def children_of(self, node: Any, *kinds: str) -> list[Any]:
        found = (self.nodes[child] for child in self.children.get(node.unique_id, []))
        return [child for child in found if str(child.resource_type) in kinds]


def layer_of(model: Any) -> str:
    return model.fqn[1]


def name_of(node: Any) -> str:
    is_table = str(node.resource_type) == "source"
    return f"{node.source_name}.{node.name}" if is_table else node.name


def parsed(project_dir: Path, profiles_dir: Path, settings: Settings) -> Project:
    """The project as dbt reads it; no database is asked."""
    from dbt.cli.main import dbtRunner

    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings.profile_variables.items():
            environment.setenv(name, value)
        folders = ["--project-dir", str(project_dir), "--profiles-dir", str(profiles_dir)]
        outcome = dbtRunner().invoke(
            ["parse", "--no-write-json", *folders, "--target-path", str(settings.dbt_dir)]
        )
    assert outcome.success, outcome.exception
    manifest: Any = outcome.result
    manifest.build_parent_and_child_maps()
    nodes = {**manifest.nodes, **manifest.sources, **manifest.exposures, **manifest.unit_tests}
    return Project(nodes, manifest.parent_map, manifest.child_map)
