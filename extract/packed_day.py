"""A past day of landing in one file: `landing/<source kind>/<day>.parquet`, compressed with zstd.

One row per response, by run and number, with the exact line of its archive. Every page has a
checksum of its own, and the file's metadata gives, for each run, the number of its responses and
the SHA-256 of their lines, so that anything missing or changed is noticed. A file is written beside
the old one and replaces it in one step; it is never changed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from extract.landing import DamagedArchiveError, Landed, archive_name, response_from_json

SUFFIX = ".parquet"
UNFINISHED = ".new"
# In the files a response is called an answer, here and in their metadata.
COLUMNS: dict[str, pa.DataType] = {
    "run_id": pa.string(),
    "sequence": pa.int64(),
    "answer": pa.string(),
}
SCHEMA = pa.schema(COLUMNS)
# This much is read or written at once; a response is never split.
ROW_GROUP_BYTES = 16 << 20
# zstd finds what pages of quotes have in common within one page of the file.
PAGE_BYTES = 4 << 20
COMPRESSION_LEVEL = 9

Numbered = tuple[str, int, bytes]
"""Run, number in it, and the line as its archive held it."""


@dataclass
class Content:
    """What a run holds: the number of responses, and the SHA-256 of their lines."""

    count: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def add(self, line: bytes) -> None:
        self.count += 1
        self._digest.update(line)

    @property
    def facts(self) -> dict[str, Any]:
        return {"answers": self.count, "sha256": self._digest.hexdigest()}


def content_of(lines: Iterable[bytes]) -> dict[str, Any]:
    content = Content()
    for line in lines:
        content.add(line)
    return content.facts


def runs_in(path: Path) -> dict[str, dict[str, Any]]:
    """For each run, the number of its responses and their checksum. Raises DamagedArchiveError."""
    try:
        runs: dict[str, dict[str, Any]] = json.loads(
            (pq.read_metadata(path).metadata or {})[b"runs"]
        )
        if not all("answers" in facts and "sha256" in facts for facts in runs.values()):
            raise ValueError("what it says of its runs")
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedArchiveError(path, f"damaged ({_first_line(error)})") from None
    return runs


def read_packed(path: Path, left_out: Container[str] = ()) -> Iterator[Numbered]:
    """The responses of a day, except those of the runs `left_out`, which are not decompressed.

    Raises DamagedArchiveError after everything that is sound.
    """
    runs = runs_in(path)
    found: dict[str, Content] = {}
    reasons: list[str] = []
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for number in range(file.num_row_groups):
                if not _wanted(file.metadata.row_group(number), runs, left_out):
                    continue
                try:
                    rows = file.read_row_group(number)
                except (pa.ArrowException, OSError) as error:
                    reasons.append(_first_line(error))
                    continue
                for batch in rows.to_batches(max_chunksize=256):
                    for run_id, sequence, text in zip(*batch.to_pydict().values(), strict=True):
                        if run_id not in left_out:
                            line = text.encode()
                            found.setdefault(run_id, Content()).add(line)
                            yield run_id, sequence, line
    except (pa.ArrowException, OSError) as error:
        reasons.append(_first_line(error))
    lost = [
        run_id
        for run_id, facts in runs.items()
        if run_id not in left_out and facts != found.get(run_id, Content()).facts
    ]
    if lost or reasons:
        raise DamagedArchiveError(
            path,
            f"damaged in {len(lost)} of {len(runs)} runs ({', '.join(lost[:3])}"
            f"{', ...' if len(lost) > 3 else ''}{': ' + reasons[0] if reasons else ''})",
        )


def landed(
    path: Path, runs: Mapping[str, Mapping[str, Any]], loaded: Mapping[str, int]
) -> Iterator[Landed]:
    """The responses of a day after those that are `loaded` (archive: greatest number).

    `runs` as `runs_in` gives them. Raises DamagedArchiveError after everything that is sound.
    """
    names = {run_id: archive_name(path.parent.name, run_id) for run_id in runs}
    complete = {
        run_id for run_id, facts in runs.items() if facts["answers"] <= loaded.get(names[run_id], 0)
    }
    if len(complete) == len(names):
        return
    for run_id, sequence, line in read_packed(path, complete):
        if sequence > loaded.get(names[run_id], 0):
            yield Landed(response_from_json(line), names[run_id], sequence)


def write_packed(path: Path, responses: Iterable[Numbered]) -> dict[str, dict[str, Any]]:
    """Write a day to a new file, read it back, and move it into place; returns its runs.

    Raises OSError and DamagedArchiveError; an old file then stays.
    """
    new = path.with_suffix(SUFFIX + UNFINISHED)
    runs: dict[str, Content] = {}
    with pq.ParquetWriter(
        new,
        SCHEMA,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        use_dictionary=["run_id"],  # type: ignore[arg-type] # the stubs lack lists of columns
        data_page_size=PAGE_BYTES,
        write_page_checksum=True,
    ) as writer:
        rows: list[Numbered] = []
        size = 0
        for run_id, sequence, line in responses:
            runs.setdefault(run_id, Content()).add(line)
            rows.append((run_id, sequence, line))
            size += len(line)
            if size >= ROW_GROUP_BYTES:
                writer.write_table(_table(rows))
                rows, size = [], 0
        if rows:
            writer.write_table(_table(rows))
        facts = {run_id: content.facts for run_id, content in runs.items()}
        writer.add_key_value_metadata({"runs": json.dumps(facts)})
    with new.open("rb") as file:
        os.fsync(file.fileno())
    for _ in read_packed(new):
        pass
    new.replace(path)
    return facts


def _table(rows: list[Numbered]) -> pa.Table:
    runs, numbers, lines = zip(*rows, strict=True)
    texts = pa.array(lines, pa.binary()).cast(pa.string())
    return pa.table([pa.array(runs), pa.array(numbers), texts], schema=SCHEMA)


def _wanted(group: Any, runs: Iterable[str], left_out: Container[str]) -> bool:
    """Whether a row group may hold a run that is not left out; rows are in order of runs."""
    limits = group.column(0).statistics
    if limits is None or not limits.has_min_max:
        return True
    return any(limits.min <= run_id <= limits.max and run_id not in left_out for run_id in runs)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
