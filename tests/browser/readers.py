"""Readers without a screen: they speak to the server as a browser does, over its WebSocket.

Twenty windows of Chromium on two cores would measure Chromium.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

SNAPSHOT = re.compile(r"Snapshot `([^`]+)`")
MOST_BYTES = 64_000_000


@dataclass
class Seen:
    """What one run of a page sent: snapshots that were named, errors, and how long it took."""

    snapshots: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    charts: int = 0
    seconds: float = 0.0


async def read(address: str, page: str, query: str, runs: int) -> list[Seen]:
    """Open a page and run it again and again, as a reader who uses its widgets does."""
    socket = f"{address.replace('http', 'ws')}/_stcore/stream"
    async with connect(
        socket, subprotocols=[Subprotocol("streamlit")], max_size=MOST_BYTES
    ) as connection:
        return [await _run(connection, page, query) for _ in range(runs)]


async def _run(connection: ClientConnection, page: str, query: str) -> Seen:
    request = BackMsg()
    request.rerun_script.page_name = page
    request.rerun_script.query_string = query
    started = time.perf_counter()
    await connection.send(request.SerializeToString())
    seen = Seen()
    async for received in connection:
        message = ForwardMsg.FromString(received)
        kind = message.WhichOneof("type")
        if kind == "delta":
            _note(message.delta, seen)
        elif (
            kind == "script_finished"
            and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        ):
            break
    seen.seconds = time.perf_counter() - started
    return seen


def _note(delta, seen: Seen) -> None:
    element = delta.new_element
    kind = element.WhichOneof("type")
    if kind == "exception":
        seen.errors.append(element.exception.message)
    elif kind == "alert" and element.alert.format == element.alert.ERROR:
        seen.errors.append(element.alert.body)
    elif kind == "plotly_chart":
        seen.charts += 1
    elif kind == "markdown":
        seen.snapshots.update(SNAPSHOT.findall(element.markdown.body))
