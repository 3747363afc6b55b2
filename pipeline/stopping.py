"""SIGINT and SIGTERM: one line, and an end within two seconds, whatever is being done.

The work runs in a separate thread. Python handles signals only in its main thread, which would
notice them late if it were deep in a query, an import or a wait; here it has nothing else to do.

The process then ends immediately: nothing is unwound, and threads in the middle of SQL are not
waited for. That is safe because being killed at any moment is: a response is flushed before it is
used, loads are merged by key, a model's changes are one transaction, a snapshot is moved in as a
whole. What a killed run would leave behind (a child process, a pid, no line in the history) is
dealt with by actions that its owners register.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

log = logging.getLogger(__name__)

Result = TypeVar("Result")

NOTHING_PUBLISHED = "nothing was published; run again"
PUBLISHED = "the new snapshot had been published"
# How long actions may take; then the process ends without them.
PATIENCE_SECONDS = 1.0
LONGEST_DEAF_SECONDS = 0.2

Action = Callable[[int], object]

_actions: list[Action] = []
_one_step = threading.Lock()
_only_once = threading.Lock()
_stopped = threading.Event()
_outcome: str | None = NOTHING_PUBLISHED


@contextmanager
def when_stopped(action: Action) -> Iterator[None]:
    """Call `action` with the exit code if a signal arrives in this block, the innermost first."""
    _actions.append(action)
    try:
        yield
    finally:
        _actions.remove(action)


@contextmanager
def in_one_step() -> Iterator[None]:
    """A signal waits until this short block is done; after a signal it does not begin."""
    with _one_step:
        yield


@contextmanager
def publishing() -> Iterator[None]:
    """One step, after which a signal says that there is a new snapshot."""
    global _outcome
    with _one_step:
        yield
        _outcome = PUBLISHED


def stay_silent_if_stopped() -> None:
    """For work that fails because its helpers were stopped: wait for the end, and say nothing."""
    if _stopped.is_set():
        threading.Event().wait()


def has_published() -> bool:
    """Whether this process has moved the pointer to its snapshot."""
    return _outcome == PUBLISHED


def begin(outcome: str | None = NOTHING_PUBLISHED) -> None:
    """Print this after "stopped" from now on."""
    global _outcome
    _outcome = outcome


def listen() -> None:
    """From now on a signal ends the process with 128 + its number.

    For the main thread of a command. It lasts until the interpreter is gone, which takes a while.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        # A command started in the background may have been told to ignore Ctrl-C.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def run_stoppable(work: Callable[[], Result]) -> Result:
    """The result of `work`, or what it raises, while this thread listens."""
    listen()
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            stay_silent_if_stopped()
            errors.append(error)

    thread = threading.Thread(target=run, name="work", daemon=True)
    thread.start()
    while thread.is_alive():
        # Not every system wakes the main thread for a signal that another one received.
        thread.join(LONGEST_DEAF_SECONDS)
    if errors:
        raise errors.pop()
    return results.pop()


def _stop(number: int, frame: FrameType | None) -> None:
    if _stopped.is_set():
        return
    _stopped.set()
    deadline = threading.Timer(PATIENCE_SECONDS, _leave, [number])
    deadline.daemon = True
    deadline.start()
    # Never released: nothing can be published after the line that says what was.
    _one_step.acquire()
    for action in reversed(_actions):
        try:
            action(128 + number)
        except Exception:
            log.warning("an action at the end failed", exc_info=True)
    _leave(number)


def _leave(number: int) -> None:
    if not _only_once.acquire(blocking=False):
        return
    line = f"stopped; {_outcome}" if _outcome else "stopped"
    try:
        sys.stdout.flush()
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except Exception:  # noqa: S110
        # The terminal may be gone, and there is nobody left to tell.
        pass
    os._exit(128 + number)
