"""One attempt at a call: paced, counted, and bounded in time and size as a whole.

Socket timeouts apply to each read, and a server that sends a byte now and then stays within them
for ever. So an attempt runs in a thread of its own, which is abandoned, with its connection shut,
when its time is up.
"""

from __future__ import annotations

import errno
import os
import random
import socket
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ProxyError
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.exceptions import SSLError as BrokenTlsError

from extract.bounded_body import OversizeBodyError, read_body
from extract.call_budget import CallBudget
from extract.limits import HttpPolicy, Limits, Patience, refused_body

ATTEMPTS = 4
# How long an unreachable source is tried: a network that is down is reported at once.
REACH_SECONDS = 3


class NotReachedError(Exception):
    """No request could be sent; the message says why, without naming the host."""


class Attempt(threading.Thread):
    """One exchange of a request for a whole response."""

    def __init__(self, exchange: Callable[[], requests.Response]) -> None:
        super().__init__(name="http-attempt", daemon=True)
        self.was_sent = False
        self._exchange = exchange
        self._socket: socket.socket | None = None
        self._response: requests.Response | None = None
        self._error: BaseException | None = None
        self._sent_or_over = threading.Event()
        self._over = threading.Event()
        self._abandoned = False

    def run(self) -> None:
        try:
            self._response = self._exchange()
        except BaseException as error:
            self._error = error
        finally:
            self._over.set()
            self._sent_or_over.set()

    def sends_over(self, connection: HTTPConnection) -> None:
        """Called in this thread once connected, when the request is about to be sent."""
        if self._abandoned:
            raise requests.ConnectionError("abandoned before it was sent")
        # The connection drops it while the response is still being read from it.
        self._socket = connection.sock
        self.was_sent = True
        self._sent_or_over.set()

    def outcome(self, limits: Limits) -> requests.Response:
        """Run. Raises what the exchange raised, ConnectTimeout or ReadTimeout."""
        self.start()
        try:
            if not self._sent_or_over.wait(limits.connect_seconds):
                raise requests.ConnectTimeout(f"no connection in {limits.connect_seconds:g} s")
            if not self._over.wait(limits.response_seconds):
                raise requests.ReadTimeout(f"no complete response in {limits.response_seconds:g} s")
        finally:
            if not self._over.is_set():
                self._abandon()
        if self._error is not None:
            raise self._error
        assert self._response is not None  # noqa: S101
        return self._response

    def _abandon(self) -> None:
        self._abandoned = True
        if self._socket is not None:
            with suppress(OSError):  # it may have ended by itself meanwhile
                self._socket.shutdown(socket.SHUT_RDWR)


class _Announced(HTTPConnection):
    """Tells its attempt when the request is about to be sent."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        attempt = threading.current_thread()
        if isinstance(attempt, Attempt):
            attempt.sends_over(self)
        super().request(*args, **kwargs)


class _AnnouncedTls(_Announced, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Announced


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _AnnouncedTls


class MeteredAdapter(HTTPAdapter):
    """Sees every attempt, retries included: spends the budget, keeps the pace and the limits.

    `attempts` counts those of the current call. Raises NotReachedError when the source cannot be
    reached in ATTEMPTS or REACH_SECONDS. The content of a response that is too large is what
    refused_body keeps of it, without `secrets`.
    """

    def __init__(
        self,
        policy: HttpPolicy,
        patience: Patience,
        budget: CallBudget | None,
        secrets: tuple[str, ...],
    ) -> None:
        super().__init__()
        self.attempts = 0
        self._interval = 60 / policy.calls_per_minute if policy.calls_per_minute else 0.0
        self._limits = policy.limits
        self._patience = patience
        self._budget = budget
        self._secrets = secrets
        self._next_call = 0.0
        self._unreached_since: float | None = None

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager

    def send(self, request: Any, *_: Any, **kwargs: Any) -> requests.Response:
        wait = self._next_call - time.monotonic()
        if wait > 0:
            # The jitter keeps several machines with one key from calling in step.
            time.sleep(wait + random.uniform(0, self._interval / 10))  # noqa: S311
        if self._budget is not None:
            self._budget.spend()
        began = time.monotonic()
        self._next_call = began + self._interval
        self.attempts += 1
        attempt = Attempt(lambda: self._exchange(request, kwargs))
        try:
            response = attempt.outcome(self._limits)
        except requests.RequestException as error:
            self._patience.lose(time.monotonic() - began)
            if not attempt.was_sent or isinstance(error, ProxyError):
                self._not_reached(began, error)
            raise
        self._unreached_since = None
        return response

    def _not_reached(self, began: float, error: requests.RequestException) -> None:
        """The vendor never saw this attempt: it costs no call, and the next need not wait."""
        self._next_call = 0.0
        if self._budget is not None:
            self._budget.give_back()
        if self._unreached_since is None:
            self._unreached_since = began
        tried_for = time.monotonic() - self._unreached_since
        if self.attempts >= ATTEMPTS or tried_for >= REACH_SECONDS:
            self._unreached_since = None
            raise NotReachedError(_why(error, self._limits)) from error

    def _exchange(self, request: Any, kwargs: dict[str, Any]) -> requests.Response:
        response = super().send(request, **(kwargs | {"stream": True}))
        # Redirects are not followed, and requests would stumble over one that leads nowhere.
        response.headers.pop("Location", None)
        try:
            response._content = read_body(response, self._limits.response_bytes)
        except OversizeBodyError as error:
            response.close()
            response._content = refused_body(str(error), error.read, self._secrets).encode()
        except (ProtocolError, zlib.error) as error:
            raise ChunkedEncodingError(error, request=request) from error
        except ReadTimeoutError as error:
            raise requests.ReadTimeout(error, request=request) from error
        except BrokenTlsError as error:
            raise requests.exceptions.SSLError(error, request=request) from error
        # What requests sets once a body has been read to its end.
        response._content_consumed = True  # type: ignore[attr-defined] # private to requests
        return response


def _why(error: requests.RequestException, limits: Limits) -> str:
    """In words for a person, without the host."""
    if isinstance(error, ProxyError):
        return "the proxy of the environment did not let the call through"
    if isinstance(error, requests.exceptions.SSLError):
        return (
            "the TLS certificate was not accepted; "
            "a private authority can be given with CRYPTO_CA_BUNDLE"
        )
    if isinstance(error, requests.ConnectTimeout):
        return f"nobody answered in {limits.connect_seconds:g} s"
    refusal = error.args[0] if error.args else None
    reason = refusal.reason if isinstance(refusal, MaxRetryError) else None
    if isinstance(reason, NameResolutionError):
        return "its name could not be resolved"
    if isinstance(reason, NewConnectionError) and isinstance(reason.__cause__, OSError):
        number = reason.__cause__.errno
        if number == errno.ECONNREFUSED:
            return "the connection was refused"
        return f"no connection ({os.strerror(number) if number else type(error).__name__})"
    return f"no connection ({type(error).__name__})"
