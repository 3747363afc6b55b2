"""A server that sends whatever bytes a test has in mind, for as long as anybody takes them.

It serves as a proxy too: what is asked for through CONNECT it answers itself, over TLS.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

# The request line; gives the pieces to send.
Script = Callable[[str], Iterator[bytes]]


def head(status: int = 200, **headers: str) -> bytes:
    """A response head; underscores in the names of headers stand for hyphens."""
    lines = [f"HTTP/1.1 {status} As Scripted", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def whole(body: bytes, status: int = 200, **headers: str) -> bytes:
    return head(status, Content_Length=str(len(body)), **headers) + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class HostileServer:
    """`sent_bytes` and `asked`, the request lines, grow while it runs; `over` is set at its end."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None) -> None:
        self.sent_bytes = 0
        self.asked: list[str] = []
        self.over = threading.Event()
        self._script = script
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def stall(self, seconds: float = 60) -> None:
        """Send nothing for a while."""
        self.over.wait(seconds)

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self, connection: socket.socket) -> None:
        # A client that goes away in the middle is what is wanted of it.
        with suppress(OSError), connection:
            asked = self._request(connection)
            if asked.startswith("CONNECT"):
                assert self._tls is not None
                connection.sendall(head())
                connection = self._tls.wrap_socket(connection, server_side=True)
                asked = self._request(connection)
            self.asked.append(asked)
            for piece in self._script(asked):
                connection.sendall(piece)
                self.sent_bytes += len(piece)
                if self.over.is_set():
                    return
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)

    def _request(self, connection: socket.socket) -> str:
        received = b""
        while b"\r\n\r\n" not in received:
            piece = connection.recv(4096)
            if not piece:
                raise OSError("the client went away")
            received += piece
        return received.split(b"\r\n")[0].decode()


@contextmanager
def scripted(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[HostileServer]:
    server = HostileServer(script, tls)
    thread = threading.Thread(target=server.accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()
