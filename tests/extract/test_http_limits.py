"""Servers without end: an answer is taken up to a size and a time, and a wait up to a length."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from itertools import repeat

import pytest

from extract.bounded_json import MOST_VALUES
from extract.faults import CallFailedError
from extract.limits import REFUSED, HttpPolicy, Limits
from extract.response_body import Body, fault_in
from extract.sources import coingecko
from tests.extract.answers import all_landed, land, markets, quote
from tests.extract.hostile_server import chunk, head, scripted, whole

MARKETS = ("markets", "/coins/markets", {"vs_currency": "usd"})
CHUNKED = {"Transfer_Encoding": "chunked"}
LIMIT = 300_000
# What the sockets of both sides hold beside what was read.
BUFFERED = 12_000_000
SMALL = HttpPolicy(limits=Limits(response_bytes=LIMIT))
KEY = "CG-5ecre7Key0123456789"


def always(answer: bytes) -> Callable[[str], Iterator[bytes]]:
    return lambda asked: iter([answer])


def endless_chunks(asked: str) -> Iterator[bytes]:
    yield head(**CHUNKED) + chunk(b"[0")
    yield from repeat(chunk(b",0" * 30_000))


def endless_to_the_end_of_the_connection(asked: str) -> Iterator[bytes]:
    yield head() + b"[0"
    yield from repeat(b",0" * 30_000)


def endless_under_a_length(asked: str) -> Iterator[bytes]:
    yield head(Content_Length=str(10**15)) + b"[0"
    yield from repeat(b",0" * 30_000)


def endless_members_of_nothing(asked: str) -> Iterator[bytes]:
    """Grows on the wire and decompresses to nothing."""
    yield head(Content_Encoding="gzip")
    yield from repeat(gzip.compress(b"") * 1000)


def endless_blocks_of_nothing(asked: str) -> Iterator[bytes]:
    yield head(Content_Encoding="deflate") + zlib.compress(b"")[:2]
    yield from repeat(b"\x00\x00\x00\xff\xff" * 10_000)


def bomb(encoding: str) -> Callable[[str], Iterator[bytes]]:
    """50 million zeros, a hundred thousandth of that on the wire."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    packed = pack.compress(b"[0") + b"".join(pack.compress(b",0" * 500_000) for _ in range(100))
    packed += pack.compress(b"]") + pack.flush()
    return lambda asked: iter([whole(packed, Content_Encoding=encoding)])


@pytest.mark.parametrize(
    "script",
    [
        endless_chunks,
        endless_to_the_end_of_the_connection,
        endless_under_a_length,
        endless_members_of_nothing,
        endless_blocks_of_nothing,
        bomb("gzip"),
        bomb("deflate"),
    ],
    ids=[
        "chunks", "until closed", "length", "empty members", "empty blocks", "gzip", "deflate"
    ],
)  # fmt: skip
def test_an_answer_without_end_is_refused_and_leaves_its_head_and_hash(
    make_source, settings, script
) -> None:
    with scripted(script) as server:
        with pytest.raises(
            CallFailedError, match="413 the response was refused: more than"
        ) as error:
            make_source(server.url, SMALL).get(*MARKETS)
        assert error.value.code == 413
        assert len(server.asked) == 1, "what is too large now is too large a second later"
        assert server.sent_bytes < LIMIT + BUFFERED
    [answer] = all_landed(settings.landing_dir)
    assert answer.status == 200
    assert len(answer.body) < 5_000
    kept = json.loads(answer.body)[REFUSED]
    read = (b"[0" + b",0" * LIMIT)[: kept["read_bytes"]]
    assert kept["read_bytes"] in (0, LIMIT)
    assert kept["read_sha256"] == hashlib.sha256(read).hexdigest()
    assert kept["head"] == read.decode()[:2000]


def test_a_refused_answer_keeps_its_status_and_valid_text_without_the_key(
    make_source, settings
) -> None:
    text = "🐕" * 499 + KEY
    with scripted(always(whole(text.encode() + b"\xff" * LIMIT, 503))) as server:
        source = make_source(server.url, SMALL, headers={"x-cg-demo-api-key": KEY})
        with pytest.raises(CallFailedError, match="413"):
            source.get(*MARKETS)
    [answer] = all_landed(settings.landing_dir)
    assert answer.status == 503
    assert json.loads(answer.body)[REFUSED]["head"].startswith("🐕" * 499 + "***\ufffd")


def test_an_answer_at_the_limit_is_taken(make_source) -> None:
    body = b"[" + b" " * (LIMIT - 2) + b"]"
    for sent in (whole(body), whole(gzip.compress(body), Content_Encoding="gzip")):
        with scripted(always(sent)) as server:
            assert make_source(server.url, SMALL).get(*MARKETS) == []


def test_members_and_padding_of_a_compressed_answer_are_read_as_one(make_source) -> None:
    packed = gzip.compress(b"[1") + gzip.compress(b",2]") + bytes(10)
    with scripted(always(whole(packed, Content_Encoding="gzip"))) as server:
        assert make_source(server.url).get(*MARKETS) == [1, 2]


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x" * 5000])
def test_an_encoding_that_nobody_asked_for_fails_the_call(make_source, encoding) -> None:
    answer = whole(b"[]", Content_Encoding=encoding)
    with (
        scripted(always(answer)) as server,
        pytest.raises(CallFailedError, match="ContentDecodingError"),
    ):
        make_source(server.url).get(*MARKETS)


MANY = {
    "numbers": "[0" + ",0" * MOST_VALUES + "]",
    "rows": "[{}" + ",{}" * (MOST_VALUES // 2) + "]",
    "points": '{"prices": [[1,2]' + ",[1,2]" * (MOST_VALUES // 2) + "]}",
}


@pytest.mark.parametrize("body", MANY.values(), ids=MANY)
def test_an_answer_of_too_many_values_is_refused_before_it_is_parsed(
    make_source, settings, body
) -> None:
    with (
        scripted(always(whole(body.encode()))) as server,
        pytest.raises(CallFailedError, match=r"413 .*more than 1,000,000 values"),
    ):
        make_source(server.url).get(*MARKETS)
    [answer] = all_landed(settings.landing_dir)
    assert len(answer.body) < 5_000


NESTED = {
    "5,000 arrays": "[" * 5_000 + "]" * 5_000,
    "5,000 objects": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "as deep as the stack may hold": '[{"id": "a", "roi": ' + "[" * 500 + "]" * 500 + "}]",
    "one too deep": "[" * 65 + "]" * 65,
}


@pytest.mark.parametrize("body", NESTED.values(), ids=NESTED)
def test_deep_nesting_is_a_fault_now_and_when_landing_is_loaded(
    make_source, settings, store, archive, body
) -> None:
    with scripted(always(whole(body.encode()))) as server:
        with pytest.raises(CallFailedError, match="413 nested deeper than 64 levels"):
            make_source(server.url).get(*MARKETS)
        assert len(server.asked) == 1
    list(store.load(store.pending()))
    assert store.query("select error_code, received_rows from landed_responses") == [(413, 0)]


def test_what_was_refused_is_a_fault_whenever_it_is_loaded(make_source, settings, store) -> None:
    with scripted(endless_chunks) as server, pytest.raises(CallFailedError):
        make_source(server.url, SMALL).get(*MARKETS)
    # Archived before answers were bounded.
    land(settings.landing_dir, markets(MANY["numbers"]), markets([quote()]))
    list(store.load(store.pending()))
    assert sorted(
        store.query("select error_code, error_message, received_rows from landed_responses"),
        key=str,
    ) == [
        (413, "more than 1,000,000 values", 0),
        (413, "the response was refused: more than 300,000 bytes", 0),
        (None, None, 1),
    ]
    assert store.query("select count(*) from coingecko_markets") == [(1,)]
    assert store.query("select count(*) from rejected_rows") == [(0,)]


def test_a_body_that_passes_for_a_refused_one_is_a_fault_as_well() -> None:
    body = f'{{"{REFUSED}": {{"reason": "' + "x" * 10_000
    fault = fault_in(200, Body(body), coingecko.recognise_fault)
    assert fault is not None and fault.code == 413
    assert len(fault.message) < 200


def test_a_redirect_that_leads_nowhere_is_an_answer_like_any_other(make_source) -> None:
    for location in ("http://[::1", "//\xff", "x" * 60_000):
        answer = whole(b"", 302, Location=location)
        with (
            scripted(always(answer)) as server,
            pytest.raises(CallFailedError, match="302"),
        ):
            make_source(server.url).get(*MARKETS)


def test_what_a_vendor_says_cannot_steer_a_terminal(make_source, settings, store) -> None:
    said = {"error": "\x1b]0;owned\x07 \ud83d [/red]\nfailed: nothing"}
    answer = whole(json.dumps(said).encode(), 404)
    with (
        scripted(always(answer)) as server,
        pytest.raises(CallFailedError) as error,
    ):
        make_source(server.url).get(*MARKETS)
    assert str(error.value).isprintable()
    assert r"\x1b]0;owned\x07 \ud83d [/red] failed: nothing" in str(error.value)
    list(store.load(store.pending()))
    assert store.query("select count(*) from landed_responses") == [(1,)]
