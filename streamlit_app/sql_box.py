"""A reader's own SQL over the snapshot, run by a process that is ended when it takes too long."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from published.reading import Snapshot

PROCESS = Path(__file__).with_name("sql_process.py")
SECONDS = 10
ROW_LIMIT = 1_000
MEMORY_MB = 512
MOST_SQL = 20_000
# As many queries at once as leave the pages themselves a processor.
AT_ONCE = threading.BoundedSemaphore(2)
SECONDS_IN_LINE = 5


class SqlRefusedError(Exception):
    """The query was not run; the message is for the reader."""


@dataclass(frozen=True)
class Answer:
    """At most ROW_LIMIT rows; `truncated` when there were more."""

    rows: pa.Table
    truncated: bool
    seconds: float


def ask(snapshot: Snapshot, sql: str, *, seconds: float = SECONDS) -> Answer:
    """Run one SELECT over the marts. Raises SqlRefusedError."""
    if len(sql) > MOST_SQL:
        raise SqlRefusedError(
            f"A query may have at most {MOST_SQL:,} characters; this one has {len(sql):,}."
        )
    if not AT_ONCE.acquire(timeout=SECONDS_IN_LINE):
        raise SqlRefusedError("Other readers' queries are running. Try again shortly.")
    try:
        started = time.monotonic()
        output = _run(
            {
                "sql": sql,
                "files": {mart: str(snapshot.file(mart)) for mart in snapshot.marts},
                "row_limit": ROW_LIMIT,
                "memory_mb": MEMORY_MB,
                "seconds": round(seconds),
            },
            seconds,
        )
        return _answer(output, time.monotonic() - started)
    finally:
        AT_ONCE.release()


def _run(request: dict[str, object], seconds: float) -> bytes:
    # Isolated from the environment: no variables, no start-up files, no modules beside it.
    try:
        process = subprocess.run(  # noqa: S603
            [sys.executable, "-I", str(PROCESS)],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            env={},
            cwd="/",
        )
    except subprocess.TimeoutExpired as error:
        raise SqlRefusedError(
            f"This took longer than {seconds:g} seconds and was stopped. Ask for fewer coins, a "
            "shorter period, or check the join conditions."
        ) from error
    if process.returncode or b"\n" not in process.stdout:
        raise SqlRefusedError(
            f"The question was stopped: it needs more than the {MEMORY_MB} MB of memory or the "
            f"{seconds:g} seconds it may have."
        )
    return process.stdout


def _answer(output: bytes, seconds: float) -> Answer:
    line, _, stream = output.partition(b"\n")
    header = json.loads(line)
    if header["status"] != "ok":
        raise SqlRefusedError(header["message"])
    with pa.ipc.open_stream(stream) as rows:
        return Answer(rows.read_all(), header["truncated"], seconds)
