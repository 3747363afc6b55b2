"""The columns that dbt declares of raw, from which Spark makes its tables, are those dlt loads."""

from __future__ import annotations

import yaml

from extract.raw_tables import RAW_TABLES, dlt_columns
from extract.settings import PROJECT_ROOT

SPARK_TYPES = {"text": "string", "double": "double", "bigint": "bigint", "timestamp": "timestamp"}
SOURCES = PROJECT_ROOT / "dbt_project/models/staging/landing/_landing__sources.yml"


def test_sources_declare_the_columns_of_raw() -> None:
    [raw] = yaml.safe_load(SOURCES.read_text())["sources"]
    declared = {
        table["name"]: {column["name"]: column["data_type"] for column in table["columns"]}
        for table in raw["tables"]
    }
    assert declared == {
        table: {name: SPARK_TYPES[hint["data_type"]] for name, hint in dlt_columns(table).items()}
        | {"_dlt_load_id": "string"}
        for table in RAW_TABLES
    }
