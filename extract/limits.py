"""How much is taken from a source: bytes and seconds per response, waiting per visit."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

MEGABYTE = 1 << 20
HEAD_CHARACTERS = 2000
HEAD_BYTES = 1 << 16
SAMPLE_CHARACTERS = 200
TOO_LARGE = 413  # the HTTP status of that name; not worth another try
REFUSED = "refused_answer"
REFUSED_START = f'{{"{REFUSED}": {{"reason": "'


@dataclass(frozen=True)
class Limits:
    """The largest honest response, 5,000 listings, is 6 MB and arrives within seconds.

    `response_bytes` applies both as sent and as decompressed. `address_seconds` is for each address
    of a host, `connect_seconds` for its name, all addresses and TLS. A visit waits `wait_seconds`
    in all: five times the 119 s that CoinGecko was seen to ask for, a third of the time between two
    scheduled refreshes.
    """

    response_bytes: int = 16 * MEGABYTE
    response_seconds: float = 60
    silence_seconds: float = 30
    address_seconds: float = 2
    connect_seconds: float = 5
    wait_seconds: float = 600


@dataclass(frozen=True)
class HttpPolicy:
    """How gently a source is treated. `calls_per_minute` None means unpaced.

    `trust_env` takes proxies from the environment; a server on this machine is not behind them.
    """

    calls_per_minute: int | None = None
    throttle_backoff_seconds: float = 60
    backoff_seconds: float = 1
    ca_bundle: Path | None = None
    trust_env: bool = True
    limits: Limits = Limits()


class Patience:
    """The seconds that one visit may still lose to waits and to attempts without a response."""

    def __init__(self, seconds: float) -> None:
        self.total = self.left = seconds

    def lose(self, seconds: float) -> None:
        self.left -= seconds


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> int | None:
    """What `Retry-After` asks for in whole seconds; None where it says nothing that makes sense.

    A date is compared with the server's own `Date`, so that no clock needs to be right.
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,18}(\.[0-9]*)?", text):
        seconds: float = float(text)
    elif re.fullmatch("[0-9]{19,}", text):
        seconds = 1e18
    else:
        until, at = _http_date(text), _http_date(headers.get("Date", "")) or now
        seconds = (until - at).total_seconds() if until else 0
    return math.ceil(seconds) if seconds > 0 else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def refused_body(reason: str, content: bytes, secrets: Iterable[str] = ()) -> str:
    """What the archive keeps of a response that is too large: why, the hash, the head.

    `content` is what was read of it.
    """
    head = content[:HEAD_BYTES].decode(errors="replace")
    for secret in secrets:
        head = head.replace(secret, "***")
    kept = {
        "reason": reason,
        "read_bytes": len(content),
        "read_sha256": hashlib.sha256(content).hexdigest(),
        "head": head[:HEAD_CHARACTERS],
    }
    return json.dumps({REFUSED: kept}, ensure_ascii=False)


def shown_of(body: str) -> tuple[int, str]:
    """The size in bytes of a body without data, and how it begins.

    For one that was too large, the size is that of what was read.
    """
    if body.startswith(REFUSED_START):
        kept = json.loads(body)[REFUSED]
        return kept["read_bytes"], kept["head"][:SAMPLE_CHARACTERS]
    return len(body.encode(errors="surrogatepass")), body[:SAMPLE_CHARACTERS]
