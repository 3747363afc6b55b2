"""What a server without end costs in memory, in a process of its own, with the real limits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from extract.settings import PROJECT_ROOT
from tests.extract.hostile_server import scripted
from tests.extract.test_http_limits import bomb, endless_blocks_of_nothing, endless_chunks

GROWTH_MB = 200

ONE_CALL = r"""
import re, sys
from datetime import UTC, datetime
from pathlib import Path
from extract.sources import coingecko
from extract.faults import CallFailedError
from extract.http import HttpSource
from extract.landing import Archive, new_run_id

def peak_mb():
    # That of getrusage begins with the memory of the process that started this one.
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

clock = lambda: datetime.now(UTC)
with Archive(Path(sys.argv[2]), "live", new_run_id(clock())) as archive:
    source = HttpSource("coingecko", sys.argv[1], archive, clock, coingecko.recognise_fault)
    before = peak_mb()
    try:
        source.get("markets", "/coins/markets", {})
    except CallFailedError as error:
        print(error)
print(round(peak_mb() - before))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    "script",
    [endless_chunks, endless_blocks_of_nothing, bomb("gzip"), bomb("deflate")],
    ids=["chunks", "blocks of nothing", "gzip", "deflate"],
)
def test_an_answer_without_end_does_not_grow_the_process(
    script, tmp_path: Path, record_property
) -> None:
    with scripted(script) as server:
        outcome = subprocess.run(
            [sys.executable, "-c", ONE_CALL, server.url, str(tmp_path)],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    said, grown = outcome.stdout.splitlines()
    assert "the response was refused: more than 16 MB" in said
    record_property("most memory grown in MB", grown)
    assert int(grown) < GROWTH_MB
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.gz")) < 10_000
