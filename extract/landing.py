"""The response archive: every body as it arrived, before anything is made of it.

One file a run, `landing/<source kind>/<day>/<run id>.ndjson.gz`. Each response is a gzip member
of its own, so that a run that is killed while it writes leaves whole members and at most one torn
tail, which readers pass over. A file is never written to by a second run.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

log = logging.getLogger(__name__)

READ_BYTES = 1 << 16


@dataclass(frozen=True)
class Response:
    """What one call answered.

    `endpoint` is the kind of call (markets, market_chart, batches), `path` the URL's path
    without host, `params` the query without secrets, `fetched_at` aware UTC, `body` the text.
    """

    system: str
    endpoint: str
    path: str
    params: dict[str, str]
    status: int
    fetched_at: datetime
    body: str = field(repr=False)

    @property
    def content_hash(self) -> str:
        """Equal for two archives of the same answer; 20 hex digits."""
        text = "\n".join(
            (
                self.system,
                self.path,
                json.dumps(self.params, sort_keys=True),
                self.fetched_at.isoformat(),
                self.body,
            )
        )
        return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Landed:
    """A response in its archive, a path below the landing folder; `end_offset` is in bytes."""

    response: Response
    archive: str
    end_offset: int

    @property
    def run_id(self) -> str:
        return Path(self.archive).name.removesuffix(".ndjson.gz")

    @property
    def response_id(self) -> str:
        """Names this delivery for good: the run and the place in its archive."""
        return f"{self.run_id}:{self.end_offset}"


class SourceKindMismatchError(Exception):
    """The warehouse was made with another kind of source."""


def new_run_id(now: datetime) -> str:
    """Sorts by time; the random end keeps two runs of one second apart."""
    return f"{now:%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(3)}"


def source_kind_of(landing_dir: Path) -> str | None:
    """The kind of source this landing folder was made with; None while it is empty."""
    entries = landing_dir.iterdir() if landing_dir.is_dir() else ()
    return min((entry.name for entry in entries if entry.is_dir()), default=None)


def refuse_other_kinds(landing_dir: Path, source_kind: str) -> None:
    """Raise SourceKindMismatchError where simulated, live and recorded prices would mix."""
    present = source_kind_of(landing_dir)
    if present not in (None, source_kind):
        raise SourceKindMismatchError(
            f"{landing_dir.parent} holds a {present} market and cannot take a {source_kind} one. "
            f"Choose another folder with --data-dir, or remove this one."
        )


class Archive:
    """Appends the responses of one run. Use as a context manager; nothing is made while empty."""

    def __init__(self, landing_dir: Path, source_kind: str, run_id: str) -> None:
        started = datetime.strptime(run_id[:8], "%Y%m%d").replace(tzinfo=UTC)
        self.path = landing_dir / source_kind / f"{started:%Y-%m-%d}" / f"{run_id}.ndjson.gz"
        self._file: BinaryIO | None = None

    def append(self, response: Response) -> None:
        """Write and flush one response, so that a kill after this call loses nothing."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("xb")
        record = asdict(response) | {"fetched_at": response.fetched_at.isoformat()}
        line = json.dumps(record, ensure_ascii=False) + "\n"
        self._file.write(gzip.compress(line.encode(), compresslevel=6, mtime=0))
        self._file.flush()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()


def archives(landing_dir: Path) -> list[Path]:
    """All archives, oldest run first."""
    return sorted(landing_dir.glob("*/*/*.ndjson.gz"), key=lambda path: path.name)


def read_archive(landing_dir: Path, path: Path, start: int = 0) -> Iterator[Landed]:
    """The responses of one archive from byte `start` on; stops before a torn tail."""
    name = path.relative_to(landing_dir).as_posix()
    for line, end_offset in read_members(path, start):
        yield Landed(response_from_json(line), name, end_offset)


def response_from_json(line: bytes) -> Response:
    record = json.loads(line)
    record["fetched_at"] = datetime.fromisoformat(record["fetched_at"])
    return Response(**record)


def read_members(path: Path, start: int = 0) -> Iterator[tuple[bytes, int]]:
    """Each whole gzip member with the offset of its end."""
    with path.open("rb") as file:
        file.seek(start)
        rest, end = b"", start
        while True:
            member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            parts = []
            while not member.eof:
                chunk = rest or file.read(READ_BYTES)
                rest = b""
                if not chunk:
                    return
                try:
                    parts.append(member.decompress(chunk))
                except zlib.error:
                    # A loss of power can leave pages that were never written.
                    log.warning("%s is damaged behind byte %s; what is before was read", path, end)
                    return
            rest = member.unused_data
            end = file.tell() - len(rest)
            yield b"".join(parts), end
