"""A dbt project in which every rule is broken, and by what."""

# ruff: noqa: S608

from __future__ import annotations

from pathlib import Path

# By rule, one of those that break it.
BROKEN = {
    "root_models": "rootless",
    "direct_joins_to_source": "int_joined",
    "marts_or_intermediate_of_sources": "int_joined",
    "multiple_sources_joined": "int_joined",
    "duplicate_sources": "raw.one",
    "unused_sources": "raw.unused",
    "source_fanout": "raw.one",
    "model_fanout": "stg_a__one",
    "staging_of_staging": "stg_a__again",
    "upstream_of_downstream": "stg_a__late",
    "rejoined_concepts": "fct_rejoined",
    "too_many_joins": "fct_wide",
    "hard_coded_references": "rootless",
    "missing_primary_key_tests": "fct_wide",
    "models_without_tests": "fct_wide",
    "sources_without_freshness": "raw.one",
    "undocumented": "raw.one",
    "undocumented_sources": "raw",
    "misnamed_models": "rootless",
    "misplaced_models": "stg_b__elsewhere",
    "misplaced_sources": "raw.one",
    "misplaced_tests": "unique_stg_a__one_id",
    "chained_views": "int_view_6",
    "exposures_of_views_or_sources": "page of int_view_6",
    "public_models_without_contract": "fct_wide",
    "undocumented_public_models": "fct_wide",
    "exposures_of_private_models": "page of int_view_6",
    "marts_that_are_not_public": "rootless",
}

SOURCE = "{{ source('raw', '%s') }}"
REF = "{{ ref('%s') }}"


def reading(*names: str) -> str:
    return " ".join(["select 1 from", *(REF % name for name in names)])


MODELS = {
    "staging/a/stg_a__one": f"select 1 from {SOURCE % 'one'}",
    "staging/a/stg_a__again": reading("stg_a__one"),
    "staging/a/stg_a__late": reading("int_joined"),
    "staging/a/stg_b__elsewhere": f"select 1 from {SOURCE % 'one'}",
    "intermediate/int_joined": f"select 1 from {SOURCE % 'one'} {SOURCE % 'two'} "
    + REF % "stg_a__one",
    "intermediate/int_middle": reading("stg_a__one"),
    "intermediate/int_view_1": reading("stg_a__one"),
    **{f"intermediate/int_view_{n}": reading(f"int_view_{n - 1}") for n in range(2, 7)},
    "marts/area/rootless": "select 1 from raw.one",
    "marts/area/fct_rejoined": reading("int_middle", "stg_a__one"),
    "marts/area/fct_wide": "{{ config(access='public') }}"
    + reading("stg_a__one", *(f"int_view_{n}" for n in range(1, 7))),
    **{f"marts/area/fct_leaf_{n}": reading("stg_a__one") for n in range(3)},
}

FILES = {
    "dbt_project.yml": """
name: broken
profile: crypto_market
model-paths: [models]
""",
    "models/marts/sources.yml": """
sources:
  - name: raw
    tables: [{name: one}, {name: two, identifier: one}, {name: unused}]
models:
  - name: stg_a__one
    columns: [{name: id, data_tests: [unique]}]
exposures:
  - {name: page, type: dashboard, owner: {name: nobody}, depends_on: [ref('int_view_6')]}
""",
}


def write_broken_project(folder: Path) -> None:
    files = FILES | {f"models/{name}.sql": sql for name, sql in MODELS.items()}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
