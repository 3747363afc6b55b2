"""The body of a response, read and decompressed in bounded steps."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import requests
from requests.exceptions import ContentDecodingError
from urllib3 import BaseHTTPResponse

from extract.bounded_json import MOST_VALUES, value_count
from extract.limits import MEGABYTE

STEP_BYTES = 1 << 16
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
GZIP_MAGIC = b"\x1f"
COMPRESSIONS = ("gzip", "x-gzip", "deflate")


class OversizeBodyError(Exception):
    """The body is larger than any honest one; `read` is the part up to the limit."""

    def __init__(self, reason: str, read: bytes) -> None:
        super().__init__(reason)
        self.read = read


def read_body(response: requests.Response, most_bytes: int) -> bytes:
    """The whole body, decompressed.

    Raises OversizeBodyError, urllib3's errors of reading, zlib.error, ContentDecodingError.
    """
    wire = _Wire(response.raw, most_bytes)
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding in COMPRESSIONS:
        steps = _decompressed(wire)
    elif coding == "identity":
        steps = iter(wire)
    else:
        raise ContentDecodingError(f"nobody asked for the encoding {coding[:40]!r}")
    body = bytearray()
    for step in steps:
        body += step
        if len(body) > most_bytes:
            raise OversizeBodyError(_more_than(most_bytes), bytes(body[:most_bytes]))
    if wire.is_cut:
        raise OversizeBodyError(_more_than(most_bytes) + " before decompression", bytes(body))
    content = bytes(body)
    if value_count(content) > MOST_VALUES:
        raise OversizeBodyError(f"more than {MOST_VALUES:,} values", content)
    return content


class _Wire:
    """The bytes as they are sent, up to a limit."""

    def __init__(self, raw: BaseHTTPResponse, most_bytes: int) -> None:
        self.is_cut = False
        self._raw = raw
        self._most_bytes = most_bytes

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        while step := self._raw.read(STEP_BYTES, decode_content=False):
            read += len(step)
            yield step
            if read > self._most_bytes:
                self.is_cut = True
                return


def _decompressed(wire: _Wire) -> Iterator[bytes]:
    """In steps of at most STEP_BYTES; one gzip member may follow another."""
    member = zlib.decompressobj(GZIP_OR_ZLIB)
    for sent in wire:
        step = b""
        while sent or len(step) == STEP_BYTES:
            if member.eof:
                if not sent.startswith(GZIP_MAGIC):
                    break  # what some servers pad with
                member = zlib.decompressobj(GZIP_OR_ZLIB)
            step = member.decompress(sent, STEP_BYTES)
            sent = member.unconsumed_tail or member.unused_data
            yield step
    yield member.flush()


def _more_than(most_bytes: int) -> str:
    if most_bytes >= MEGABYTE:
        return f"more than {most_bytes / MEGABYTE:g} MB"
    return f"more than {most_bytes:,} bytes"
