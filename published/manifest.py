"""The form of `manifest.json` and `catalog.json`.

A snapshot from before a key existed lacks it and is valid without it; such keys end in `?`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from published.json_form import Each, number, text, whole


def instant(value: Any) -> bool:
    """ISO 8601 text with its zone."""
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def folder_name(value: Any) -> bool:
    """A text that can be the name of one folder."""
    return text(value) and value not in ("", ".", "..") and not set(value) & {"/", "\0"}


def truth(value: Any) -> bool:
    return isinstance(value, bool)


RUN = {
    "run_id": folder_name,
    "outcome?": text,
    "built_at?": instant,
    "failed_at?": instant,
    "source_kind?": text,
    "code_version?": text,
    "stage?": text,
    "message?": text,
    "exit_code?": whole,
    "stage_seconds?": Each(number),
    "loaded_rows?": whole,
    "table_rows?": Each(whole),
    "gates?": Each({"critical_count": whole, "warning_count": whole}),
    "tests_passed?": whole,
}

BREACH = {
    "table": text,
    "expectation": text,
    "severity": text,
    "row_count?": whole,
    "sample_rows": [Each(lambda value: True)],
    "observed?": text,
}

TEST = {"model": text, "column?": text, "name": text, "status": text, "failures?": whole}

MANIFEST_FORM = {
    "run_id": folder_name,
    "built_at": instant,
    "source_kind": text,
    "code_version?": text,
    "as_of?": instant,
    "tables": Each({"file": text, "rows": whole, "bytes": whole, "sha256": text}),
    "gates?": Each(
        {
            "passed": truth,
            "expectation_count": whole,
            "table_count": whole,
            "critical_count": whole,
            "warning_count": whole,
            "breaches": [BREACH],
        }
    ),
    "dbt?": {"tests?": whole, "failures?": [text], "data_tests?": [TEST]},
    "failures?": [text],
    "stage_seconds?": Each(number),
    "loaded_rows?": whole,
    "runs?": [RUN],
}

CATALOG_FORM = {
    "marts": [
        {
            "name": text,
            "description": text,
            "grain": text,
            "columns": [{"name": text, "type?": text, "description": text}],
            "tests": [TEST],
        }
    ]
}
