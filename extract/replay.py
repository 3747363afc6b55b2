"""Recordings as if each page had just been fetched when it was recorded.

A recording is a file of lines, plain or gzipped: `{"recorded_at": ..., "body": ...}` with the
body of a /coins/markets answer (other endpoints name themselves with `path` and `params`), or an
archive of this project's own landing.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from extract import coingecko, stream
from extract.acceptance import as_json, instant, utf8
from extract.landing import Archive, Response, response_from_json
from extract.pipeline import RawStore
from extract.reading import READERS

ENDPOINTS = {
    "markets": coingecko.SYSTEM,
    "market_chart": coingecko.SYSTEM,
    "batches": stream.SYSTEM,
}


class RecordingError(Exception):
    """A recording that cannot be read; the message names the file and the line."""


def replay(recordings: Path, archive: Archive, store: RawStore) -> tuple[int, int]:
    """Land every recorded answer that raw does not hold yet; returns (landed, known already).

    Raises RecordingError before anything is landed when a line cannot be read.
    """
    files = recording_files(recordings)
    for file in files:
        for _ in read_recording(file):
            pass
    known = {content for (content,) in store.query("select content_hash from landed_responses")}
    landed = repeated = 0
    for file in files:
        for response in read_recording(file):
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
        files = [*recordings.rglob("*.ndjson"), *recordings.rglob("*.ndjson.gz")]
        files.sort(key=lambda path: path.name)
    else:
        files = [recordings] if recordings.is_file() else []
    if not files:
        raise RecordingError(f"{recordings} is no recording (.ndjson, .ndjson.gz) and holds none")
    return files


def read_recording(file: Path) -> Iterator[Response]:
    """The answers of one recording in the order of its lines. Raises RecordingError."""
    opener = gzip.open if file.suffix == ".gz" else open
    number = 0
    is_archive = False
    try:
        with opener(file, "rb") as lines:
            for line in lines:
                number += 1
                if line.strip():
                    is_archive = b'"fetched_at"' in line
                    yield _response(line)
    except EOFError as error:
        # An archive whose run was killed has a torn tail, and whole members before it.
        if not is_archive:
            raise RecordingError(
                f"{file.name} is cut off behind line {number}; nothing was loaded"
            ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise RecordingError(
            f"{file.name}, line {max(number, 1)}: not a recorded answer "
            f"({type(error).__name__}: {error}); nothing was loaded"
        ) from error


def _response(line: bytes) -> Response:
    record = json.loads(line)
    response = response_from_json(line) if "fetched_at" in record else _recorded(record)
    if (response.system, response.endpoint) not in READERS:
        raise ValueError(f"unknown endpoint {response.system}/{response.endpoint}")
    if response.fetched_at.tzinfo is None:
        raise ValueError(f"fetched_at is {record['fetched_at']!r}, not an instant with its zone")
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
    # Raises where a text cannot be archived, such as half a surrogate pair.
    json.dumps([response.path, response.params, response.body], ensure_ascii=False).encode()
    return response


def _recorded(record: dict[str, Any]) -> Response:
    recorded_at, body = record["recorded_at"], record["body"]
    fetched_at: datetime | None = instant(recorded_at)
    if fetched_at is None:
        raise ValueError(f"recorded_at is {recorded_at!r}, not an instant with its zone")
    path = record.get("path", "/coins/markets")
    endpoint = path.rstrip("/").rsplit("/", 1)[-1]
    return Response(
        system=ENDPOINTS[endpoint],
        endpoint=endpoint,
        path=path,
        params=record.get("params", {}),
        status=record.get("status", 200),
        fetched_at=fetched_at,
        body=utf8(body) if isinstance(body, str) else as_json(body),
    )
