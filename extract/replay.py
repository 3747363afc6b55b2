"""Recordings, as if each page had been fetched when it was recorded.

A recording is a file of lines, plain or gzipped: `{"recorded_at": ..., "body": ...}` with the
body of a /coins/markets response (other endpoints name themselves with `path` and `params`, and
with `system` if several sources have such a path), or an archive or a packed day of this project's
own landing.
"""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from extract import bounded_json
from extract.acceptance import as_json, instant, utf8
from extract.domains import EARLIEST, FUTURE_TOLERANCE
from extract.faults import printable
from extract.landing import Archive, DamagedArchiveError, Response, response_from_json
from extract.limits import MEGABYTE, Limits
from extract.packed_day import SUFFIX, read_packed
from extract.pipeline import RawStore
from extract.registry import reader_of, recorded_endpoint

log = logging.getLogger(__name__)

# A body of the largest size, with every character escaped.
LINE_BYTES = 4 * Limits.response_bytes


class RecordingError(Exception):
    """A recording that cannot be read; the message names the file and the line."""


def replay(recordings: Path, archive: Archive, store: RawStore, now: datetime) -> tuple[int, int]:
    """Land every recorded response that raw does not hold yet; returns (landed, known already).

    Raises RecordingError before anything is landed when a line cannot be read, was recorded after
    `now`, or when there is none.
    """
    files = recording_files(recordings)
    response_count = 0
    for file in files:
        in_file = sum(1 for _ in read_recording(file, now))
        if not in_file:
            log.warning("%s holds no recorded response", file)
        response_count += in_file
    if not response_count:
        raise RecordingError(f"{recordings} holds no recorded response; nothing was loaded")
    known = {content for (content,) in store.query("select content_hash from landed_responses")}
    landed = repeated = 0
    for file in files:
        for response in read_recording(file, now):
            if response.content_hash in known:
                repeated += 1
                continue
            known.add(response.content_hash)
            archive.append(response)
            landed += 1
    return landed, repeated


def recording_files(recordings: Path) -> list[Path]:
    """The file itself, or all recordings below a folder in the order of their names."""
    if recordings.is_dir():
        found = (
            path
            for pattern in ("*.ndjson", "*.ndjson.gz", f"*{SUFFIX}")
            for path in recordings.rglob(pattern)
            if path.is_file()
        )
        files = sorted(found, key=lambda path: path.name)
    else:
        files = [recordings] if recordings.is_file() else []
    if not files:
        raise RecordingError(
            f"{recordings} is no recording (.ndjson, .ndjson.gz, {SUFFIX}) and holds none"
        )
    return files


def read_recording(file: Path, now: datetime) -> Iterator[Response]:
    """The responses of one recording in the order of its lines.

    Raises RecordingError. `now` is the machine's time; no response can have been recorded later.
    """
    number = 0
    is_archive = False
    try:
        for line in _lines(file):
            number += 1
            if len(line) > LINE_BYTES:
                raise ValueError(f"longer than {LINE_BYTES // MEGABYTE} MB")
            if line.strip():
                is_archive = b'"fetched_at"' in line
                yield _response(line, now)
    except EOFError as error:
        # An archive whose run was killed has a torn tail, and whole members before it.
        if not is_archive:
            raise RecordingError(
                f"{file.name} is cut off behind line {number}; nothing was loaded"
            ) from error
    except DamagedArchiveError as error:
        raise RecordingError(f"{error}; nothing was loaded") from error
    except (
        OSError,
        ArithmeticError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        zlib.error,
    ) as error:
        if isinstance(error, OSError) and error.strerror:
            raise RecordingError(
                f"{file.name} cannot be read: {error.strerror}; nothing was loaded"
            ) from error
        why = printable(f"{type(error).__name__}: {str(error)[:200]}")
        raise RecordingError(
            f"{file.name}, line {max(number, 1)}: not a recorded response ({why}); "
            "nothing was loaded"
        ) from error


def _lines(file: Path) -> Iterator[bytes]:
    """A line that is too long ends in the middle."""
    if file.suffix == SUFFIX:
        yield from (line for _, _, line in read_packed(file))
        return
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rb") as lines:
        while line := lines.readline(LINE_BYTES + 1):
            yield line


def _response(line: bytes, now: datetime) -> Response:
    record = _record(line.decode("utf-8-sig"))
    is_archived = "fetched_at" in record
    response = response_from_json(line) if is_archived else _recorded(record)
    reader_of(response.system, response.endpoint)
    if response.fetched_at.tzinfo is None:
        raise ValueError(f"fetched_at is {record['fetched_at']!r}, not an instant with its zone")
    if not EARLIEST <= response.fetched_at <= now + FUTURE_TOLERANCE:
        name = "fetched_at" if is_archived else "recorded_at"
        when = "before the first Bitcoin block" if response.fetched_at < now else "in the future"
        raise ValueError(f"{name} is {record[name]!r}, which is {when}")
    kinds = (
        (response.path, str),
        (response.params, dict),
        (response.status, int),
        (response.body, str),
    )
    if not all(isinstance(value, kind) for value, kind in kinds):
        raise TypeError("path and body are texts, params is an object, status a number")
    if response.status not in range(100, 600):
        raise ValueError(f"status is {response.status!r}")
    if not response.path.isprintable():
        raise ValueError(f"path is {response.path!r}")
    # Raises where a text cannot be archived, such as half a surrogate pair.
    json.dumps([response.path, response.params, response.body], ensure_ascii=False).encode()
    return response


def _record(text: str) -> dict[str, Any]:
    """A line's object. If it repeats a name, it is unclear which value is meant."""
    outermost: list[tuple[str, Any]] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        outermost[:] = pairs
        return dict(pairs)

    record = bounded_json.loads(text, keep)
    if not isinstance(record, dict):
        raise TypeError("not an object")
    if len(outermost) > len(record):
        raise ValueError("a name stands twice")
    return record


def _recorded(record: dict[str, Any]) -> Response:
    recorded_at, body = record["recorded_at"], record["body"]
    fetched_at: datetime | None = instant(recorded_at)
    if fetched_at is None:
        raise ValueError(f"recorded_at is {recorded_at!r}, not an instant with its zone")
    if isinstance(body, str):
        _refuse_oversize(body)
    path = record.get("path", "/coins/markets")
    source, endpoint = recorded_endpoint(path, record.get("system"))
    return Response(
        system=source.system,
        endpoint=endpoint.name,
        path=path,
        params=record.get("params", {}),
        status=record.get("status", 200),
        fetched_at=fetched_at,
        body=utf8(body) if isinstance(body, str) else as_json(body),
    )


def _refuse_oversize(body: str) -> None:
    """Text that is not JSON, such as a proxy's page, is a response all the same."""
    try:
        bounded_json.loads(body)
    except bounded_json.OversizeError:
        raise
    except ValueError:
        pass
