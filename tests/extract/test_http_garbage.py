"""Answers that make no sense fail their own call and nothing else, now and when they are loaded."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from extract.faults import CallFailedError
from tests.extract.answers import all_landed, quote
from tests.extract.hostile_server import scripted, whole
from tests.fault_sizes import GARBAGE_ANSWERS

SEED = 4
# What is found wrong by its status is not looked at any further.
STATUSES = (*[200] * 8, 204, 302, 404, 418)
ODD = ('{"error": 5}', "[[]]", '[{"id": {}}]', "NaN", "[null, 1, {}]", '"x"', "\ufeff[]", "")


def page(number: int) -> bytes:
    return json.dumps([quote(f"coin-{number}")]).encode()


def garbage(chance: random.Random) -> bytes:
    """A body, or what is no HTTP at all."""
    sound = page(0)
    kind = chance.randrange(5)
    if kind == 0:
        return chance.randbytes(chance.randint(1, 2_000))
    if kind == 1:
        body = sound[: chance.randrange(len(sound))]
    elif kind == 2:
        changed = bytearray(sound)
        for _ in range(chance.randint(1, 5)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        body = bytes(changed)
    elif kind == 3:
        body = chance.choice(ODD).encode()
    else:
        body = b"<html>" + chance.randbytes(chance.randint(0, 500))
    return whole(body, chance.choice(STATUSES), Content_Type="application/json")


def test_garbage_between_sound_answers_loses_none_of_them(
    make_source, settings, store, fake_time, record_property
) -> None:
    chance = random.Random(SEED)
    sent: dict[str, bytes] = {}

    def script(asked: str) -> Iterator[bytes]:
        yield sent[asked.split("number=")[1].split(" ")[0]]

    failed = 0
    with scripted(script) as server:
        for number in range(GARBAGE_ANSWERS):
            sent |= {f"g{number}": garbage(chance), f"s{number}": whole(page(number))}
            # One of a visit; a source that takes too long in all is not asked again.
            source = make_source(server.url)
            try:
                source.get("markets", "/coins/markets", {"number": f"g{number}"})
            except CallFailedError:
                failed += 1
            got = source.get("markets", "/coins/markets", {"number": f"s{number}"})
            assert got == [quote(f"coin-{number}")]
    landed = len(all_landed(settings.landing_dir))
    list(store.load(store.pending()))
    loaded = {coin_id for (coin_id,) in store.query("select id from coingecko_markets")}
    lost = {f"coin-{number}" for number in range(GARBAGE_ANSWERS)} - loaded
    record_property("answers of garbage", GARBAGE_ANSWERS)
    record_property("of them refused", failed)
    record_property("sound quotes between them that were lost", len(lost))
    assert failed > 0
    assert not lost
    assert store.query("select count(*) from landed_responses") == [(landed,)]
