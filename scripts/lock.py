"""One writer at a time for a data folder."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from scripts.exit_codes import ExitCode, JobError

log = logging.getLogger(__name__)


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Hold the lock at `path`, with this process's pid in it.

    The operating system frees the lock of a process that died; its pid is then still in the file,
    which is how a stale lock is told. Raises JobError (4) while another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_suffix(".flock"))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        holder = path.read_text().strip() if path.exists() else "unknown"
        raise JobError(
            ExitCode.LOCKED,
            f"another refresh is running (pid {holder}); nothing was changed. "
            "Wait for it, or stop that process.",
        ) from None
    try:
        if path.exists():
            log.warning("the refresh with pid %s died; going on from there", path.read_text())
        path.write_text(str(os.getpid()))
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()
