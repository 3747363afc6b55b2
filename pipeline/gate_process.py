"""The gates in a separate process.

Great Expectations takes seconds to import; during the fetch, on the second core, that costs
nothing.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any

import expectations.gates
from expectations.results import GateResult
from extract.environment import secrets_hidden
from extract.settings import Settings
from pipeline.exit_codes import ExitCode, JobError
from pipeline.gating import Gates
from pipeline.stopping import in_one_step, stay_silent_if_stopped, when_stopped
from pipeline.storage import storage_failure

log = logging.getLogger(__name__)

# A process that dies is started this many times in all; what kills it twice would kill it again.
STARTS = 2
# Ctrl-C reaches every process of the terminal; this one is ended by the one that started it.
NOT_ITS_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def gates_beside(settings: Settings) -> Iterator[Gates]:
    """The gates in a separate process, except on Spark, whose session lives in this one."""
    if settings.target == "spark":
        yield expectations.gates
        return
    with GateProcess() as gates, when_stopped(lambda _: gates.kill()):
        yield gates


class GateProcess:
    """Answers as the module `expectations.gates` does. Use as a context manager.

    The process ends with this one, however this one ends, so that it never holds the warehouse
    against the next refresh. If it dies, for example from lack of memory, it is restarted once and
    asked again; if that one dies too, JobError (1) is raised.
    """

    def __init__(self) -> None:
        self._starts = 0

    def __enter__(self) -> GateProcess:
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._pipe.close()

    def kill(self) -> None:
        # It has nothing left to do, and would take a second to clear its modules away.
        self._process.kill()
        self._process.join()

    def run_gate(self, *arguments: Any) -> GateResult:
        result: GateResult = self._ask("run_gate", arguments)
        return result

    def build_docs(self, *arguments: Any) -> Path:
        index: Path = self._ask("build_docs", arguments)
        return index

    def _start(self) -> None:
        self._starts += 1
        context = multiprocessing.get_context("spawn")
        self._pipe, far_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(far_end,), name="gates", daemon=True)
        # Started beforehand, for it would let the signals through again.
        resource_tracker.ensure_running()
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, NOT_ITS_SIGNALS)
        try:
            with in_one_step(), secrets_hidden():
                self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        far_end.close()

    def _ask(self, function: str, arguments: tuple[Any, ...]) -> Any:
        while True:
            try:
                self._pipe.send((function, arguments))
                answer = self._pipe.recv()
            except (EOFError, ConnectionError):
                stay_silent_if_stopped()
                death = self._death()
                if self._starts == STARTS:
                    raise JobError(
                        ExitCode.CHECK_FAILED,
                        f"the process that runs the quality gates {death} {STARTS} times, so "
                        "nothing was checked. If it was killed, memory is probably short: free "
                        "some, or give the machine more. Nothing was published; the last good "
                        "snapshot stays. Run again: what was fetched is kept.",
                    ) from None
                log.warning("the gate process %s; restarting it", death)
                self._start()
                continue
            if isinstance(answer, BaseException):
                raise answer
            return answer

    def _death(self) -> str:
        """How it ended, as said of it."""
        self.kill()
        self._pipe.close()
        code = self._process.exitcode or 0
        return f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended ({code})"


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
            answer = getattr(expectations.gates, function)(*arguments)
        except Exception as error:
            # What caused an error stays behind in this process, and so must be looked at here.
            answer = storage_failure(error) or _sendable(error)
        pipe.send(answer)


def _sendable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
