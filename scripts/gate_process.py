"""The gates in a process of their own.

Great Expectations takes seconds to import. Beside the fetch, on the second core, they cost nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any

import expectations.gates
from expectations.results import GateResult
from extract.settings import Settings
from scripts.gating import Gates


@contextmanager
def gates_beside(settings: Settings) -> Iterator[Gates]:
    """The gates in a process of their own, but on Spark: its session lives in this one."""
    if settings.target == "spark":
        yield expectations.gates
        return
    with GateProcess() as gates:
        yield gates


class GateProcess:
    """Answers as the module `expectations.gates` does. Use as a context manager.

    The process ends with this one, however this one ends, so that it never holds the warehouse
    against the next refresh.
    """

    def __enter__(self) -> GateProcess:
        context = multiprocessing.get_context("spawn")
        self._pipe, far_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(far_end,), name="gates", daemon=True)
        self._process.start()
        far_end.close()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # It has nothing left to do, and would take a second to clear its modules away.
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def run_gate(self, *arguments: Any) -> GateResult:
        return self._ask("run_gate", arguments)

    def build_docs(self, *arguments: Any) -> Path:
        return self._ask("build_docs", arguments)

    def _ask(self, function: str, arguments: tuple[Any, ...]) -> Any:
        self._pipe.send((function, arguments))
        try:
            answer = self._pipe.recv()
        except EOFError:
            raise RuntimeError("the process of the gates died; its memory may be short") from None
        if isinstance(answer, BaseException):
            raise answer
        return answer


def _serve(pipe: Connection) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from tqdm import tqdm

    # Its own lock is a semaphore, which a process that is ended leaves behind.
    tqdm.set_lock(threading.RLock())
    import expectations.gates
    import expectations.validation

    while True:
        try:
            function, arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(getattr(expectations.gates, function)(*arguments))
        except Exception as error:
            pipe.send(error)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
