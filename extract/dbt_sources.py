"""What dbt knows of raw, written from the declarations of the sources.

Two files, each of which says so in its first lines: dbt's sources, from whose columns Spark makes
its tables, and a macro with what is the same of every table.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from extract.raw_tables import DLT_TYPES, LANDING_TABLES, RAW_TABLES
from extract.registry import ENDPOINTS, SOURCES
from extract.settings import PROJECT_ROOT

SOURCES_FILE = PROJECT_ROOT / "dbt_project/models/staging/landing/_landing__sources.yml"
MACRO_FILE = PROJECT_ROOT / "dbt_project/macros/raw_tables.sql"
SPARK_TYPES = {"text": "string", "double": "double", "bigint": "bigint", "timestamp": "timestamp"}

SOURCES_HEAD = """\
# Written by `make sources` from what the sources declare in extract/sources.
version: 2

sources:
  - name: raw
    schema: raw
    description: >
      What dlt loads from the landed responses; rows are inserted by key and never edited.
    loader: dlt
    loaded_at_field: fetched_at
    freshness:
      warn_after: {count: 2, period: hour}
      error_after: {count: 26, period: hour}
    tables:
"""
MACRO_HEAD = """\
{# Written by `make sources` from what the sources declare in extract/sources.
   For every table of observations: its source, its staging model and the column
   with the id of a coin there (none if it holds no prices), whether that id is
   the canonical one, what makes two rows the same observation, and the source's
   own time. #}
{% macro raw_tables() -%}
    {{ return({
"""
MACRO_END = """\
    }) }}
{%- endmacro %}
"""


def files() -> dict[Path, str]:
    """The content that each of the files should have."""
    return {
        SOURCES_FILE: SOURCES_HEAD + "".join(map(_source_table, RAW_TABLES)),
        MACRO_FILE: MACRO_HEAD + "".join(_macro_entries()) + MACRO_END,
    }


def _source_table(table: str) -> str:
    endpoint = ENDPOINTS.get(table)
    description, is_polled = (
        (endpoint.description, endpoint.is_polled) if endpoint else LANDING_TABLES[table]
    )
    lines = [f"      - name: {table}"]
    lines += [
        "        description: >",
        *textwrap.wrap(description, 100, initial_indent=" " * 10, subsequent_indent=" " * 10),
    ]
    if endpoint and endpoint.moves_by_age:
        lines.append(
            f"        identifier: \"{{{{ '{table}' if target.type == 'spark'"
            f" else 'all_{table}' }}}}\""
        )
    if not is_polled:
        lines.append("        config: {freshness: null}")
    lines.append("        columns:")
    for column in RAW_TABLES[table]:
        kind = SPARK_TYPES[DLT_TYPES[column.type]]
        lines.append(f"          - {{name: {column.name}, data_type: {kind}}}")
    lines.append("          - {name: _dlt_load_id, data_type: string}")
    return "\n".join(lines) + "\n"


def _macro_entries() -> Iterator[str]:
    for source in SOURCES:
        for endpoint in source.endpoints:
            coin_id = "coin_id" if source.has_canonical_ids else endpoint.coin_field
            entries = {
                "source": source.system,
                "staging_model": endpoint.staging_model,
                "coin_id": coin_id if endpoint.rules.price_field else None,
                "has_canonical_ids": source.has_canonical_ids,
                "observation_key": list(endpoint.observation_key),
                "own_time": endpoint.rules.time_field,
            }
            lines = [f'            "{name}": {_literal(value)},' for name, value in entries.items()]
            yield "\n".join([f'        "{endpoint.table}": {{', *lines, "        },\n"])


def _literal(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return f'"{value}"'
