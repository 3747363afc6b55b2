"""Calls over HTTP: paced, counted, retried, and archived before they are looked at."""

from __future__ import annotations

import json
import logging
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
from dlt.sources.helpers.requests import Client
from requests.adapters import HTTPAdapter

from extract.landing import Archive, Response

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]

USER_AGENT = "crypto-market-warehouse (dlt, requests)"
TIMEOUT_SECONDS = (10, 60)
ATTEMPTS = 4
LONGEST_WAIT_SECONDS = 300  # a Retry-After of 119 s was seen


@dataclass(frozen=True)
class ApiFault:
    """An answer that holds no data. `code` is the vendor's own, else the HTTP status."""

    code: int
    message: str

    @property
    def is_throttle(self) -> bool:
        return self.code == 429

    @property
    def is_passing(self) -> bool:
        """Worth another try: throttled, a server's error, or a proxy's page."""
        return self.is_throttle or 500 <= self.code < 600


class SourceError(Exception):
    """The source is unreachable or refused the call. The message never holds a secret."""


class CallFailedError(SourceError):
    """One call got no data, though the source may answer others; `code` is the fault's."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


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


class CallBudget:
    """Calls made in the running month, kept in a file; failed ones count, as at the vendor."""

    def __init__(self, path: Path, monthly_calls: int, clock: Clock) -> None:
        self._path = path
        self._monthly_calls = monthly_calls
        self._clock = clock

    def spend(self) -> None:
        """Count one call before it is made. Raises SourceError when the month's are used up."""
        month = f"{self._clock():%Y-%m}"
        calls = self.spent(month) + 1
        if calls > self._monthly_calls:
            raise SourceError(
                f"the budget of {self._monthly_calls} calls for {month} is used up; "
                "raise COINGECKO_MONTHLY_CALLS if the plan allows more"
            )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps({month: calls}))
        new.replace(self._path)

    def spent(self, month: str) -> int:
        try:
            return int(json.loads(self._path.read_text()).get(month, 0))
        except FileNotFoundError:
            return 0
        except (ValueError, AttributeError, TypeError) as error:
            raise SourceError(
                f"the count of this month's calls in {self._path} cannot be read; remove that file"
            ) from error


class MeteredAdapter(HTTPAdapter):
    """Sees every attempt, retries included: spends the budget and keeps the pace."""

    def __init__(self, policy: HttpPolicy, budget: CallBudget | None) -> None:
        super().__init__()
        self._interval = 60 / policy.calls_per_minute if policy.calls_per_minute else 0.0
        self._budget = budget
        self._next_call = 0.0

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        wait = self._next_call - time.monotonic()
        if wait > 0:
            # The jitter keeps several machines with one key from calling in step.
            time.sleep(wait + random.uniform(0, self._interval / 10))  # noqa: S311
        if self._budget is not None:
            self._budget.spend()
        self._next_call = time.monotonic() + self._interval
        return super().send(request, *args, **kwargs)


class HttpSource:
    """One system's API. Every answer, good or bad, is in the archive before it is judged."""

    def __init__(
        self,
        system: str,
        base_url: str,
        archive: Archive,
        clock: Clock,
        recognise_fault: Callable[[int, str], ApiFault | None],
        policy: HttpPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        budget: CallBudget | None = None,
    ) -> None:
        policy = policy or HttpPolicy()
        self._system = system
        self._base_url = base_url.rstrip("/")
        self._archive = archive
        self._clock = clock
        self._recognise_fault = recognise_fault
        self._throttle_backoff = policy.throttle_backoff_seconds
        self._throttles = 0
        self._call: tuple[str, str, dict[str, str]] = ("", "", {})
        self._secrets = tuple((headers or {}).values())
        # Given with each call, for the session's own gives way to REQUESTS_CA_BUNDLE.
        self._verify = os.fspath(policy.ca_bundle) if policy.ca_bundle else None
        self._client = Client(
            request_timeout=TIMEOUT_SECONDS,
            raise_for_status=False,
            request_max_attempts=ATTEMPTS,
            request_backoff_factor=policy.backoff_seconds,
            request_max_retry_delay=LONGEST_WAIT_SECONDS,
            retry_condition=self._is_worth_another_try,
        )
        session = self._client.session
        session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        session.headers.update(headers or {})
        session.hooks["response"].append(self._land)
        session.mount("http://", MeteredAdapter(policy, budget))
        session.mount("https://", MeteredAdapter(policy, budget))
        session.trust_env = policy.trust_env

    def get(self, endpoint: str, path: str, params: dict[str, str]) -> Any:
        """The JSON of a good answer.

        Raises CallFailedError when this call was refused or kept failing, SourceError when the
        source cannot be reached or its budget is spent.
        """
        self._call = (endpoint, path, params)
        try:
            # A redirect would take the key along to wherever it points.
            response = self._client.get(
                self._base_url + path, params=params, verify=self._verify, allow_redirects=False
            )
        except requests.exceptions.SSLError as error:
            raise SourceError(
                f"{self._system}: the TLS certificate was not accepted; "
                "a private authority can be given with CRYPTO_CA_BUNDLE"
            ) from error
        except (requests.ConnectionError, requests.Timeout) as error:
            raise SourceError(
                f"{self._system} cannot be reached in {ATTEMPTS} attempts ({type(error).__name__})"
            ) from error
        except requests.RequestException as error:
            raise CallFailedError(f"{self._system} {path}: {type(error).__name__}") from error
        body = self._body(response)
        fault = self._recognise_fault(response.status_code, body)
        if fault is not None:
            raise CallFailedError(
                f"{self._system} {path}: {fault.code} {fault.message}", fault.code
            )
        return json.loads(body)

    def _body(self, response: requests.Response) -> str:
        """The text; a key that the server echoes is struck out, so that nothing holds it."""
        body = response.text
        for secret in self._secrets:
            body = body.replace(secret, "***")
        return body

    def _land(self, response: requests.Response, *_: Any, **__: Any) -> None:
        endpoint, path, params = self._call
        response.encoding = "utf-8"
        self._archive.append(
            Response(
                system=self._system,
                endpoint=endpoint,
                path=path,
                params=params,
                status=response.status_code,
                fetched_at=self._clock(),
                body=self._body(response),
            )
        )
        fault = self._recognise_fault(response.status_code, response.text)
        if fault is None or not fault.is_throttle:
            self._throttles = 0
            return
        # The client waits as Retry-After says; where the vendor says nothing, say it for him.
        wait = self._throttle_backoff * 2**self._throttles * random.uniform(1, 1.25)  # noqa: S311
        response.headers.setdefault("Retry-After", str(max(1, round(wait))))
        self._throttles += 1
        log.warning("%s throttles: waiting %s s", self._system, response.headers["Retry-After"])

    def _is_worth_another_try(
        self, response: requests.Response | None, error: BaseException | None
    ) -> bool:
        if response is None or error is not None:
            return False
        fault = self._recognise_fault(response.status_code, response.text)
        return fault is not None and fault.is_passing
