"""The rules of dbt-project-evaluator, asked of dbt's own manifest: its package needs a network.

A rule gives the names of what breaks it. An exception has a reason, and fails where it is no longer
needed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

import pytest

from extract.settings import PROJECT_ROOT, Settings
from tests.dbt.broken_project import BROKEN, write_broken_project
from tests.dbt.manifest import Project, layer_of, name_of, parsed
from tests.dbt.rule_exceptions import EXCEPTIONS

LAYERS = {"staging": ("stg_",), "intermediate": ("int_",), "marts": ("fct_", "dim_")}
MOST_LEAVES = 3
MOST_PARENTS = 7
MOST_CHAINED_VIEWS = 5
HARD_CODED = re.compile(r"(?<!distinct )\b(?:from|join)\s+[\"\w]+\.[\"\w]+")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    settings = Settings(data_dir=tmp_path_factory.mktemp("rules"))
    return parsed(PROJECT_ROOT, PROJECT_ROOT, settings)


# Modelling


def root_models(project: Project) -> Iterator[str]:
    yield from (m.name for m in project.models() if not project.parents[m.unique_id])


def direct_joins_to_source(project: Project) -> Iterator[str]:
    for model in project.models():
        if project.parents_of(model, "source") and project.parents_of(model, "model"):
            yield model.name


def marts_or_intermediate_of_sources(project: Project) -> Iterator[str]:
    for model in [*project.models("intermediate"), *project.models("marts")]:
        if project.parents_of(model, "source"):
            yield model.name


def multiple_sources_joined(project: Project) -> Iterator[str]:
    yield from (m.name for m in project.models() if len(project.parents_of(m, "source")) > 1)


def duplicate_sources(project: Project) -> Iterator[str]:
    places = Counter((s.database, s.schema, s.identifier) for s in project.kind("source"))
    for source in project.kind("source"):
        if places[source.database, source.schema, source.identifier] > 1:
            yield name_of(source)


def unused_sources(project: Project) -> Iterator[str]:
    yield from (name_of(s) for s in project.kind("source") if not project.children_of(s, "model"))


def source_fanout(project: Project) -> Iterator[str]:
    for source in project.kind("source"):
        if len(project.children_of(source, "model")) > 1:
            yield name_of(source)


def model_fanout(project: Project) -> Iterator[str]:
    for model in project.models():
        children = project.children_of(model, "model")
        leaves = [child for child in children if not project.children_of(child, "model")]
        if len(leaves) > MOST_LEAVES:
            yield model.name


def staging_of_staging(project: Project) -> Iterator[str]:
    for model in project.models("staging"):
        if any(layer_of(parent) == "staging" for parent in project.parents_of(model, "model")):
            yield model.name


def upstream_of_downstream(project: Project) -> Iterator[str]:
    """Staging that reads intermediate models or marts, intermediate models that read marts."""
    order = list(LAYERS)
    for model in project.models():
        for parent in project.parents_of(model, "model"):
            if order.index(layer_of(parent)) > order.index(layer_of(model)):
                yield model.name


def rejoined_concepts(project: Project) -> Iterator[str]:
    """A model that reads another and what that is made of, which nobody else reads in between."""
    for model in project.models():
        parents = project.parents_of(model, "model", "source")
        for middle in project.parents_of(model, "model"):
            upstream = {parent.unique_id for parent in project.parents_of(middle, "model")}
            is_only_child = len(project.children_of(middle, "model")) == 1
            if is_only_child and upstream & {parent.unique_id for parent in parents}:
                yield model.name


def too_many_joins(project: Project) -> Iterator[str]:
    for model in project.models():
        if len(project.parents_of(model, "model", "source", "seed")) >= MOST_PARENTS:
            yield model.name


def hard_coded_references(project: Project) -> Iterator[str]:
    for model in project.models():
        sql = re.sub(r"--[^\n]*|\{#.*?#\}", "", model.raw_code, flags=re.DOTALL)
        if HARD_CODED.search(sql):
            yield model.name


# Testing


def missing_primary_key_tests(project: Project) -> Iterator[str]:
    """unique_grain, or a column that is unique and never null."""
    for model in project.kind("model", "seed"):
        unique, filled, has_grain = set[str](), set[str](), False
        for test in project.children_of(model, "test"):
            metadata = getattr(test, "test_metadata", None)
            if metadata is None or test.attached_node != model.unique_id:
                continue
            has_grain |= metadata.name == "unique_grain"
            unique |= {test.column_name} if metadata.name == "unique" else set()
            filled |= {test.column_name} if metadata.name == "not_null" else set()
            filled |= set(metadata.kwargs.get("never_null", []))
        if not has_grain and not unique & filled:
            yield model.name


def models_without_tests(project: Project) -> Iterator[str]:
    yield from (m.name for m in project.models() if not project.children_of(m, "test"))


def sources_without_freshness(project: Project) -> Iterator[str]:
    for source in project.kind("source"):
        if not (source.freshness and (source.freshness.warn_after or source.freshness.error_after)):
            yield name_of(source)


# Documentation


def undocumented(project: Project) -> Iterator[str]:
    for node in project.kind("model", "seed", "source", "exposure"):
        if not node.description.strip():
            yield name_of(node)


def undocumented_sources(project: Project) -> Iterator[str]:
    for source in project.kind("source"):
        if not source.source_description.strip():
            yield source.source_name


# Structure


def misnamed_models(project: Project) -> Iterator[str]:
    yield from (m.name for m in project.models() if not m.name.startswith(LAYERS[layer_of(m)]))


def misplaced_models(project: Project) -> Iterator[str]:
    """Staging lies in a folder of its source, by which it is named; every layer in its own."""
    for model in project.models():
        folder = PurePath(model.original_file_path).parent
        if layer_of(model) == "staging" and not model.name.startswith(f"stg_{folder.name}__"):
            yield model.name
        if PurePath("dbt_project/models", *model.fqn[1:-1]) != folder:
            yield model.name


def misplaced_sources(project: Project) -> Iterator[str]:
    """Raw is one source with the tables of all systems, so it lies in no folder of its name."""
    staging = PurePath("dbt_project/models/staging")
    for source in project.kind("source"):
        if staging not in PurePath(source.original_file_path).parents:
            yield name_of(source)


def misplaced_tests(project: Project) -> Iterator[str]:
    """Beside what they test."""
    for test in project.kind("test", "unit_test"):
        about = getattr(test, "attached_node", None) or getattr(test, "tested_node_unique_id", None)
        if about is None or about not in project.nodes:
            continue
        folders = {Path(n.original_file_path).parent for n in (test, project.nodes[about])}
        if len(folders) > 1:
            yield test.name


# Performance


def chained_views(project: Project) -> Iterator[str]:
    def length(model: Any) -> int:
        if model.config.materialized not in ("view", "ephemeral"):
            return 0
        return 1 + max(map(length, project.parents_of(model, "model")), default=0)

    yield from (m.name for m in project.models() if length(m) > MOST_CHAINED_VIEWS)


def exposures_of_views_or_sources(project: Project) -> Iterator[str]:
    for exposure in project.kind("exposure"):
        for parent in project.parents_of(exposure, "model", "source"):
            if parent.config.get("materialized") not in ("table", "incremental"):
                yield f"{exposure.name} of {parent.name}"


# Governance


def public_models_without_contract(project: Project) -> Iterator[str]:
    for model in project.models():
        if model.access == "public" and not model.contract.enforced:
            yield model.name


def undocumented_public_models(project: Project) -> Iterator[str]:
    for model in project.models():
        columns = [model.description, *(c.description for c in model.columns.values())]
        if model.access == "public" and not all(text.strip() for text in columns):
            yield model.name


def exposures_of_private_models(project: Project) -> Iterator[str]:
    for exposure in project.kind("exposure"):
        for parent in project.parents_of(exposure, "model"):
            if parent.access != "public":
                yield f"{exposure.name} of {parent.name}"


def marts_that_are_not_public(project: Project) -> Iterator[str]:
    for model in project.models():
        if (model.access == "public") != (layer_of(model) == "marts"):
            yield model.name


def stale_exceptions(project: Project) -> Iterator[str]:
    yield from EXCEPTIONS.keys() - {rule.__name__ for rule in RULES}


RULES = [
    found
    for name, found in list(globals().items())
    if getattr(found, "__annotations__", {}).get("return") == "Iterator[str]"
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_is_kept(rule: Any, project: Project) -> None:
    assert sorted(set(rule(project))) == sorted(EXCEPTIONS.get(rule.__name__, {}))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("broken")
    write_broken_project(folder)
    return parsed(folder, PROJECT_ROOT, Settings(data_dir=folder / "data"))


@pytest.mark.parametrize("rule", RULES[:-1], ids=lambda rule: rule.__name__)
def test_what_breaks_a_rule_is_found(rule: Any, broken: Project) -> None:
    assert BROKEN[rule.__name__] in set(rule(broken))
