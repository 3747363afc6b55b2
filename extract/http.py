"""Calls over HTTP: paced, counted, bounded, retried, and archived before they are looked at."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Mapping
from typing import Any

import requests
from dlt.sources.helpers.requests import Client

import extract.dlt_settings  # noqa: F401, for its effect
from extract.attempts import ATTEMPTS, MeteredAdapter, NotReachedError
from extract.call_budget import CallBudget
from extract.faults import ApiFault, CallFailedError, PatienceSpentError, SourceError, printable
from extract.landing import Archive, Response
from extract.limits import HttpPolicy, Patience, retry_after_seconds
from extract.response_body import Body, RecogniseFault, fault_in
from extract.visit import Clock

log = logging.getLogger(__name__)

USER_AGENT = "crypto-market-warehouse (dlt, requests)"


class HttpSource:
    """One system's API for one visit.

    Every response, good or bad, is archived before it is judged; of one that is too large, the
    archive keeps the head and the hash.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        archive: Archive,
        clock: Clock,
        recognise_fault: RecogniseFault,
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
        # The last response of the current call, parsed once, and what is wrong with it.
        self._body = Body("")
        self._fault: ApiFault | None = None
        self._secrets = tuple((headers or {}).values())
        self._patience = Patience(policy.limits.wait_seconds)
        self._adapter = MeteredAdapter(policy, self._patience, budget, self._secrets)
        # Given with each call, because REQUESTS_CA_BUNDLE overrides the session's own.
        self._verify = os.fspath(policy.ca_bundle) if policy.ca_bundle else None
        self._client = Client(
            request_timeout=(policy.limits.address_seconds, policy.limits.silence_seconds),
            raise_for_status=False,
            # The body decides, not the status alone.
            status_codes=(),
            request_max_attempts=ATTEMPTS,
            request_backoff_factor=policy.backoff_seconds,
            request_max_retry_delay=policy.limits.wait_seconds,
            retry_condition=self._is_worth_another_try,
        )
        session = self._client.session
        session.headers.update(
            {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"}
        )
        session.headers.update(headers or {})
        session.hooks["response"].append(self._land)
        session.mount("http://", self._adapter)
        session.mount("https://", self._adapter)
        session.trust_env = policy.trust_env

    def get(self, endpoint: str, path: str, params: dict[str, str]) -> Any:
        """The JSON of a good response.

        Raises CallFailedError when this call was refused or kept failing, PatienceSpentError when
        the source takes or asks for more waiting than a visit allows, SourceError when the source
        cannot be reached or its budget is spent.
        """
        self._call = (endpoint, path, params)
        self._adapter.attempts = 0
        if self._patience.left <= 0:
            raise PatienceSpentError(
                f"{self._system} {path}: not asked, for {self._patience.total:,.0f} s of this "
                "visit went to waiting"
            )
        try:
            # A redirect would take the key along to wherever it points.
            self._client.get(
                self._base_url + path, params=params, verify=self._verify, allow_redirects=False
            )
        except NotReachedError as error:
            raise SourceError(
                f"{self._system} cannot be reached in {self._adapter.attempts} attempts: {error}"
            ) from error
        except requests.Timeout as error:
            raise CallFailedError(
                f"{self._system} {path}: no complete response in {ATTEMPTS} attempts"
            ) from error
        except requests.RequestException as error:
            raise CallFailedError(f"{self._system} {path}: {type(error).__name__}") from error
        if self._fault is not None:
            raise CallFailedError(self._named(self._fault), self._fault.code)
        return self._body.content

    def _named(self, fault: ApiFault) -> str:
        return f"{self._system} {self._call[1]}: {fault.code} {printable(fault.message)}"

    def _text(self, response: requests.Response) -> str:
        """The text, without a key that the server may echo, so that it is stored nowhere."""
        text = response.text
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _land(self, response: requests.Response, *_: Any, **__: Any) -> None:
        endpoint, path, params = self._call
        response.encoding = "utf-8"
        self._body = Body(self._text(response))
        self._archive.append(
            Response(
                system=self._system,
                endpoint=endpoint,
                path=path,
                params=params,
                status=response.status_code,
                fetched_at=self._clock(),
                body=self._body.text,
            )
        )
        self._fault = fault = fault_in(response.status_code, self._body, self._recognise_fault)
        if fault is None or not fault.is_throttle:
            self._throttles = 0
        if fault is not None and fault.is_passing and self._adapter.attempts < ATTEMPTS:
            self._set_wait(response, fault)

    def _set_wait(self, response: requests.Response, fault: ApiFault) -> None:
        """The client obeys `Retry-After`, so let it say what is sensible."""
        asked = retry_after_seconds(response.headers, self._clock())
        response.headers.pop("Retry-After", None)
        if asked is None and not fault.is_throttle:
            return  # the client's own back-off, which is short
        wait = asked
        if wait is None:
            backoff = self._throttle_backoff * 2**self._throttles
            wait = max(1, round(backoff * random.uniform(1, 1.25)))  # noqa: S311
        self._throttles += 1
        if wait > self._patience.left:
            wish = f"it asks to wait {asked:,} s" if asked else f"another {wait:,} s of waiting"
            raise PatienceSpentError(
                f"{self._named(fault)}; {wish}, and a visit waits "
                f"{self._patience.total:,.0f} s in all",
                fault.code,
            )
        self._patience.lose(wait)
        response.headers["Retry-After"] = str(wait)
        log.warning("%s: waiting %s s", self._named(fault), wait)

    def _is_worth_another_try(
        self, response: requests.Response | None, error: BaseException | None
    ) -> bool:
        has_response = response is not None and error is None
        return has_response and self._fault is not None and self._fault.is_passing
