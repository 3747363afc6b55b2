"""A local HTTP API with the shapes of CoinGecko's, over the simulated market."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import NamedTuple, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from extract.simulated.charts import MAX_DAYS, STEPS_MS, market_chart
from extract.simulated.currencies import global_totals
from extract.simulated.faults import (
    HTML_PAGE,
    RATE_LIMIT_BODY,
    SERVER_ERROR_BODY,
    UNAUTHORIZED_BODY,
    Fault,
    Faults,
    with_malformed_rows,
)
from extract.simulated.market import Market
from extract.simulated.markets import PERIODS_MS, MarketsPage
from extract.simulated.stream import MAX_LIMIT, stream_batches

_ORDERS = [f"{field}_{way}" for field in ("market_cap", "volume", "id") for way in ("asc", "desc")]


class BadRequestError(Exception):
    """A request that is refused with `{"error": message}`."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class ReceivedRequest(NamedTuple):
    """A request as it came in."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]


class SimulatedApi:
    """Serves a market on 127.0.0.1 from a thread, for as long as the `with` block lasts.

    `clock` gives the moment up to which the API knows anything; it is asked at every request.
    Any API key is accepted. Port 0 takes a free one.
    """

    def __init__(self, market: Market, clock: Callable[[], datetime] | None = None, port: int = 0):
        self.market = market
        self.clock = clock or (lambda: datetime.now(UTC))
        self.faults = Faults()
        self.requests: list[ReceivedRequest] = []
        self._page = MarketsPage(market)
        self._port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._routes = Starlette(
            routes=[
                Route("/api/v3/ping", self._ping),
                Route("/api/v3/coins/markets", self._markets),
                Route("/api/v3/coins/{coin_id}/market_chart", self._market_chart),
                Route("/api/v3/global", self._global),
                Route("/stream/batches", self._stream_batches),
            ],
            exception_handlers={BadRequestError: _refuse},
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        return f"{self.url}/api/v3"

    @property
    def stream_url(self) -> str:
        return f"{self.url}/stream"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Returns once requests are served; OSError when the port is taken."""
        listener = _listen(self._port)
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            loop="asyncio",
            http="h11",
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
        logging.getLogger("uvicorn.error").addFilter(_not_about_cut_responses)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="simulated-api", daemon=True
        )
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the simulated API did not start; see the log above")
            time.sleep(0.002)

    def stop(self) -> None:
        """Returns when the server's thread has ended."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()
            self._server = self._thread = None

    def now_ms(self) -> int:
        return int(self.clock().timestamp() * 1000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        query = request.url.query
        self.requests.append(
            ReceivedRequest(request.url.path, dict(request.query_params), dict(request.headers))
        )
        fault = self.faults.take(f"{request.url.path}?{query}" if query else request.url.path)
        if fault is None:
            await self._routes(scope, receive, send)
        else:
            await self._commit(fault, scope, receive, send)

    async def _commit(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        response: Response
        if fault.kind == "429":
            headers = {"Retry-After": str(fault.retry_after)}
            response = JSONResponse(RATE_LIMIT_BODY, 429, headers)
        elif fault.kind == "429_without_retry_after":
            response = JSONResponse(RATE_LIMIT_BODY, 429)
        elif fault.kind == "500":
            response = JSONResponse(SERVER_ERROR_BODY, 500)
        elif fault.kind == "html":
            response = HTMLResponse(HTML_PAGE, fault.status)
        elif fault.kind == "error_body_200":
            response = JSONResponse(RATE_LIMIT_BODY)
        elif fault.kind == "unauthorized":
            response = JSONResponse(UNAUTHORIZED_BODY, 401)
        elif fault.kind == "slow":
            await self._delay(fault.delay)
            return await self._routes(scope, receive, send)
        else:
            status, body = await self._good_response(scope, receive)
            if fault.kind == "cut_off":
                return await _send_half(send, status, body)
            body = with_malformed_rows(body, self.now_ms())
            response = Response(body, status, media_type="application/json")
        await response(scope, receive, send)

    async def _delay(self, seconds: float) -> None:
        """Waits, but not longer than the server lives."""
        end = time.monotonic() + seconds
        while (
            (left := end - time.monotonic()) > 0 and self._server and not self._server.should_exit
        ):
            await asyncio.sleep(min(left, 0.05))

    async def _good_response(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._routes(scope, receive, keep)
        return messages[0]["status"], b"".join(m.get("body", b"") for m in messages[1:])

    async def _ping(self, request: Request) -> Response:
        return JSONResponse({"gecko_says": "(V3) To the Moon!"})

    async def _markets(self, request: Request) -> Response:
        params = request.query_params
        _require_usd(request)
        ids = [i.strip() for i in params["ids"].split(",")] if params.get("ids") else None
        periods = [p for p in params.get("price_change_percentage", "").split(",") if p]
        order = params.get("order", "market_cap_desc")
        if order not in _ORDERS:
            raise BadRequestError(400, "invalid order")
        rows = self._page.rows(
            self.now_ms(),
            ids,
            order,
            page=max(1, _whole(request, "page", 1)),
            per_page=min(max(1, _whole(request, "per_page", 100)), 250),
            periods=[p for p in periods if p in PERIODS_MS],
            precision=_precision(request),
        )
        return JSONResponse(rows)

    async def _market_chart(self, request: Request) -> Response:
        coin_id = request.path_params["coin_id"]
        if coin_id not in self.market:
            raise BadRequestError(404, "coin not found")
        _require_usd(request)
        interval = request.query_params.get("interval") or None
        if interval is not None and interval not in STEPS_MS:
            raise BadRequestError(400, "invalid interval")
        if "days" not in request.query_params:
            raise BadRequestError(422, "Missing parameter days")
        is_all = request.query_params["days"] == "max"
        days = MAX_DAYS if is_all else _whole(request, "days", 1)
        if days < 1:
            raise BadRequestError(400, "invalid days")
        if days > MAX_DAYS:
            return JSONResponse(UNAUTHORIZED_BODY, 401)
        return JSONResponse(market_chart(self.market, coin_id, self.now_ms(), days, interval))

    async def _global(self, request: Request) -> Response:
        return JSONResponse(global_totals(self.market, self.now_ms()))

    async def _stream_batches(self, request: Request) -> Response:
        after = _whole(request, "after", 0) if request.query_params.get("after") else None
        limit = max(1, _whole(request, "limit", MAX_LIMIT))
        return JSONResponse(stream_batches(self.market, self.now_ms(), after, limit))


def _listen(port: int) -> socket.socket:
    # Only a socket that names its protocol gets TCP_NODELAY from asyncio; without it every
    # response waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


def _require_usd(request: Request) -> None:
    currency = request.query_params.get("vs_currency")
    if not currency:
        raise BadRequestError(422, "Missing parameter vs_currency")
    if currency.lower() != "usd":
        raise BadRequestError(400, "invalid vs_currency")


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    try:
        return int(text) if text else default
    except ValueError:
        raise BadRequestError(400, f"invalid {name}") from None


def _precision(request: Request) -> int | None:
    if request.query_params.get("precision") == "full":
        return 18
    if not request.query_params.get("precision"):
        return None
    return _whole(request, "precision", 18)


async def _refuse(request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, BadRequestError) else 500
    return JSONResponse({"error": str(error)}, status)


async def _send_half(send: Send, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


def _not_about_cut_responses(record: logging.LogRecord) -> bool:
    """uvicorn reports a response that was cut off on purpose as an error."""
    return "without completing response" not in record.getMessage()
