"""The list of rows that a person refused: read into raw as rejected, whenever landing is read.

A file of lines `{"row_id", "reason", "load"}` beside landing, which is only ever added to. It
outlives the warehouse, so that a rebuild refuses the same rows.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SetAsideRow:
    """A row, the expectation that it broke, and the load it came in."""

    row_id: str
    reason: str
    load: str


def listed(path: Path) -> dict[str, str]:
    """Why each row was set aside, by its id.

    A line that cannot be read is passed over with a warning: its row meets the gate again.
    """
    rows: dict[str, str] = {}
    if not path.exists():
        return rows
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            row = SetAsideRow(**json.loads(line))
            rows.setdefault(str(row.row_id), str(row.reason))
        except (ValueError, TypeError):
            log.warning("%s, line %s cannot be read and is passed over", path, number)
    return rows


def add(path: Path, rows: Iterable[SetAsideRow]) -> int:
    """Append the rows that are not listed yet, and see them on the disk; returns how many."""
    known = listed(path)
    new = {row.row_id: row for row in rows if row.row_id not in known}
    if new:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A line that was cut off must not take the next one with it.
        before = path.read_bytes() if path.exists() else b""
        torn = before and not before.endswith(b"\n")
        with path.open("a", encoding="utf-8") as file:
            file.write("\n" if torn else "")
            file.writelines(json.dumps(asdict(row)) + "\n" for row in new.values())
            file.flush()
            os.fsync(file.fileno())
    return len(new)


def fingerprint(path: Path) -> str:
    """Equal for lists that refuse the same rows, in whatever order; 20 hex digits."""
    return hashlib.sha256("\n".join(sorted(listed(path))).encode()).hexdigest()[:20]
