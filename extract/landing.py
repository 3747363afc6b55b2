"""The response archive: every body as it arrived, before anything is made of it.

One file a run, `landing/<source kind>/<day>/<run id>.ndjson.gz`. Each response is a gzip member
of its own, so that a run that is killed while it writes leaves whole members and at most one torn
tail, which readers pass over. A run that ends closes its archive with an empty member, whose
comment holds the number of responses and the checksum of everything before it. No second run
ever writes to a file. Past days are packed (`packed_day.py`).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import re
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from extract import durable

log = logging.getLogger(__name__)

READ_BYTES = 1 << 16
SUFFIX = ".ndjson.gz"
# What every member begins with: gzip, deflate, no flags, no time.
MEMBER_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
CLOSING_HEAD = b"\x1f\x8b\x08\x10\x00\x00\x00\x00\x00\xff"
CLOSING_END = b"\x00\x03\x00" + bytes(8)
CLOSING = re.compile(rb"answers=([0-9]{9}) sha256=([0-9a-f]{64})")
CLOSING_BYTES = len(CLOSING_HEAD) + len("answers= sha256=") + 9 + 64 + len(CLOSING_END)


@dataclass(frozen=True)
class Response:
    """The response to one call.

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
        """Equal for two archives of the same response; 20 hex digits."""
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
    """A response and its place: the archive of its run, and its number there, counted from 1.

    `archive` is the path below the landing folder that the run wrote to, even if its day has
    been packed since.
    """

    response: Response
    archive: str
    sequence: int

    @property
    def run_id(self) -> str:
        return run_of(Path(self.archive))

    @property
    def response_id(self) -> str:
        """Names this delivery for good: the run and the place in it."""
        return f"{self.run_id}:{self.sequence}"


class DamagedArchiveError(Exception):
    """A file of landing cannot be read to its end; what was sound came before this."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{'/'.join(path.parts[-3:])}: {reason}")


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
        self.path = landing_dir / archive_name(source_kind, run_id)
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self._count = 0

    def append(self, response: Response) -> None:
        """Write and flush one response, so that a kill after this call loses nothing."""
        record = asdict(response) | {"fetched_at": response.fetched_at.isoformat()}
        self.append_line((json.dumps(record, ensure_ascii=False) + "\n").encode())

    def append_line(self, line: bytes) -> None:
        """The same for a response as archives hold it."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("xb")
        member = gzip.compress(line, compresslevel=6, mtime=0)
        self._file.write(member)
        self._file.flush()
        self._digest.update(member)
        self._count += 1

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is None:
            return
        comment = f"answers={self._count:09} sha256={self._digest.hexdigest()}".encode()
        with self._file:
            self._file.write(CLOSING_HEAD + comment + CLOSING_END)
            self._file.flush()
            os.fsync(self._file.fileno())
        durable.sync(self.path.parent)


def archive_name(source_kind: str, run_id: str) -> str:
    """Where a run writes, below the landing folder: by kind of source and UTC day."""
    day = f"{run_id[:4]}-{run_id[4:6]}-{run_id[6:8]}"
    return f"{source_kind}/{day}/{run_id}{SUFFIX}"


def run_of(path: Path) -> str:
    return path.name.removesuffix(SUFFIX)


def archives(landing_dir: Path) -> list[Path]:
    """The archives of runs whose day is not packed, oldest run first."""
    return sorted(landing_dir.glob(f"*/*/*{SUFFIX}"), key=lambda path: path.name)


def read_archive(landing_dir: Path, path: Path, after: int = 0) -> Iterator[Landed]:
    """The responses of one archive from number `after` + 1 on; a torn tail is skipped.

    Raises DamagedArchiveError after the last sound one.
    """
    name = path.relative_to(landing_dir).as_posix()
    for sequence, line in enumerate(read_lines(path), start=1):
        if sequence > after:
            yield Landed(response_from_json(line), name, sequence)


def response_from_json(line: bytes) -> Response:
    record = json.loads(line)
    record["fetched_at"] = datetime.fromisoformat(record["fetched_at"])
    return Response(**record)


def closing_of(path: Path) -> tuple[int, str] | None:
    """How many responses a closed archive holds, and the SHA-256 of their bytes.

    None for the archive of a killed run, or one from before archives were closed.
    """
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) < CLOSING_BYTES:
            return None
        file.seek(-CLOSING_BYTES, os.SEEK_END)
        tail = file.read()
    found = CLOSING.fullmatch(tail[len(CLOSING_HEAD) : -len(CLOSING_END)])
    return (int(found[1]), found[2].decode()) if found else None


def read_lines(path: Path) -> Iterator[bytes]:
    """Each response as JSON. Raises DamagedArchiveError after the last sound one."""
    closing = closing_of(path)
    digest = hashlib.sha256()
    count = 0
    try:
        for line, member in _members(path):
            # The closing member is the one without content.
            if line:
                digest.update(member)
                count += 1
                yield line
    except zlib.error as error:
        raise DamagedArchiveError(path, f"damaged after response {count} ({error})") from None
    if closing is not None and closing != (count, digest.hexdigest()):
        raise DamagedArchiveError(
            path, f"{count} of {closing[0]} responses can be read, and the checksum differs"
        )


def _members(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Each whole gzip member, decompressed and raw. Raises zlib.error.

    A torn tail is skipped: what a killed run left unfinished, or the pages of zeros after a loss of
    power. It counts as damage if another member follows.
    """
    with path.open("rb") as file:
        rest = b""
        while True:
            member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            parts, raw = [], bytearray()
            try:
                while not member.eof:
                    chunk = rest or file.read(READ_BYTES)
                    rest = b""
                    if not chunk:
                        if raw.find(MEMBER_HEAD, 1) > 0 or raw.find(CLOSING_HEAD, 1) > 0:
                            raise zlib.error("a response without an end")
                        return
                    raw += chunk
                    parts.append(member.decompress(chunk))
            except zlib.error:
                if _is_torn(bytes(raw), file):
                    log.warning("%s ends in pages that were never written", path)
                    return
                raise
            rest = member.unused_data
            yield b"".join(parts), bytes(raw[: len(raw) - len(rest)])


def _is_torn(raw: bytes, file: BinaryIO) -> bool:
    """Whether an unreadable member and everything after it end in zeros, at least a page."""
    tail = raw + file.read()
    written = len(tail.rstrip(b"\0"))
    return len(tail) - written >= 512 and tail.find(MEMBER_HEAD, 1, written) < 0
