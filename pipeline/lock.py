"""One writer at a time for a data folder and for a database, and none during a dry run."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from extract.settings import Settings
from pipeline.exit_codes import ExitCode, JobError
from pipeline.set_aside import Damage, set_aside
from pipeline.stopping import when_stopped
from pipeline.warehouse import postgres_connection

log = logging.getLogger(__name__)

# A dry run takes about a second; one that was suspended must not block a refresh for ever.
LONGEST_LOOK_SECONDS = 30
TAKEN = (errno.EWOULDBLOCK, errno.EACCES)


# PostgreSQL's advisory locks are numbers of a database; this one is the refresh's.
ADVISORY_LOCK = 0x63727970746F

# What libpq, which underlies every library, calls the connections of a process that writes.
NAME_VARIABLE = "PGAPPNAME"
WRITER = "crypto_market writer"
LONGEST_END_SECONDS = 10

# Another role may see that a session exists, but not where it came from or since when.
HOLDER = """
    select locks.pid, host(activity.client_addr), activity.backend_start
    from pg_locks as locks
    inner join pg_stat_activity as activity on locks.pid = activity.pid
    where
        locks.locktype = 'advisory'
        and locks.granted
        and locks.database = (select oid from pg_database where datname = current_database())
        and (cast(locks.classid as bigint) << 32) + cast(locks.objid as bigint) = $1
"""

END_SESSIONS = """
    select pg_terminate_backend(pid)
    from pg_stat_activity
    where
        datname = current_database()
        and application_name = $1
        and usename = current_user
        and pid <> pg_backend_pid()
"""


@contextmanager
def only_writer(settings: Settings) -> Iterator[None]:
    """Hold the locks of a warehouse's writer. Raises JobError (4) while another holds one."""
    with _folder(settings.lock_path):
        if settings.target != "postgres":
            yield
            return
        with _database(settings):
            yield


@contextmanager
def _database(settings: Settings) -> Iterator[None]:
    """The lock of the database's session, which the server frees when this process dies.

    A statement outlives the process that sent it. A writer's sessions therefore carry a name, by
    which they are terminated when it is stopped or, if it was killed, before the next one begins.
    """
    with postgres_connection(settings) as connection, _named():
        if not _all_of(connection, "select pg_try_advisory_lock($1)", ADVISORY_LOCK)[0][0]:
            raise JobError(ExitCode.LOCKED, _held(settings, connection))
        until = time.monotonic() + LONGEST_END_SECONDS
        while _end_sessions(connection) and time.monotonic() < until:
            time.sleep(0.05)
        with when_stopped(lambda _: _end_sessions(connection)):
            yield


def _held(settings: Settings, connection: Any) -> str:
    found = _all_of(connection, HOLDER, ADVISORY_LOCK)
    pid, address, since = found[0] if found else (None, None, None)
    known = [f"session {pid}"] if pid else []
    known += [f"from {address}"] if address else []
    known += [f"since {since:%Y-%m-%d %H:%M:%S%z}"] if since else []
    gone = (
        f" If the machine it came from is gone: select pg_terminate_backend({pid})." if pid else ""
    )
    return (
        f"another refresh is writing to database {settings.postgres.database} "
        f"({', '.join(known) or 'it has ended in the meantime'}); nothing was changed. "
        f"Wait for it, or stop it there.{gone}"
    )


@contextmanager
def _named() -> Iterator[None]:
    before = os.environ.get(NAME_VARIABLE)
    os.environ[NAME_VARIABLE] = WRITER
    try:
        yield
    finally:
        os.environ.pop(NAME_VARIABLE)
        if before is not None:
            os.environ[NAME_VARIABLE] = before


def _end_sessions(connection: Any) -> int:
    """Terminate all other writer sessions, since the caller is the only writer; returns how
    many."""
    return len(_all_of(connection, END_SESSIONS, WRITER))


def _all_of(connection: Any, sql: str, value: object) -> list[tuple[Any, ...]]:
    """The rows of a query; no transaction is left open, and an advisory lock stays."""
    with connection.cursor() as cursor:
        cursor.execute(sql, (value,))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    connection.commit()
    return rows


@contextmanager
def _folder(path: Path) -> Iterator[None]:
    """Hold the lock at `path`, with this process's pid in it.

    The operating system frees the lock of a process that died; its pid is then still in the file,
    which is how a stale lock is recognised.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_suffix(".flock"))
    try:
        # Checking whether it is held takes it for a moment.
        lock.acquire(timeout=0.2)
    except Timeout:
        raise JobError(
            ExitCode.LOCKED,
            f"another refresh is running (pid {holder(path) or 'unknown'}); nothing was changed. "
            "Wait for it, or stop that process.",
        ) from None
    try:
        if path.exists():
            pid = holder(path)
            if pid is None:
                wrong = Damage(path, "it contains no pid", "a refresh that held it has died")
                set_aside(path.parent, wrong)
            else:
                log.warning("the refresh with pid %s died; continuing from there", pid)
        path.write_text(str(os.getpid()))
        with when_stopped(lambda _: path.unlink(missing_ok=True)), _nobody_looks(path.parent):
            yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


@contextmanager
def looking(path: Path) -> Iterator[bool]:
    """True, and writers wait until this block ends; False while a writer is waiting or working.

    The lock is on the folder of `path` itself, so that no file is created or changed.
    """
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        # A series of dry runs must not keep a writer waiting.
        yield not is_held(path) and _locked(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


@contextmanager
def _nobody_looks(folder: Path) -> Iterator[None]:
    """Raises JobError (4) if a dry run does not end."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + LONGEST_LOOK_SECONDS
        while not _locked(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > until:
                raise JobError(
                    ExitCode.LOCKED,
                    f"a --dry-run has been looking at {folder} for {LONGEST_LOOK_SECONDS} s; "
                    "nothing was changed. Stop that process and run again.",
                )
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a writer holds the lock at `path`.

    The pid in it does not show this: the pid of a dead process may have been reassigned.
    """
    if not path.exists():
        return False
    try:
        descriptor = os.open(path.with_suffix(".flock"), os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return _is_alive(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        # Some network disks have no such locks.
        return error.errno in TAKEN or _is_alive(path)
    finally:
        os.close(descriptor)
    return False


def _is_alive(path: Path) -> bool:
    """Whether the process with the pid in this file is there."""
    try:
        os.kill(int(path.read_text()), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return True


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in TAKEN:
            return False
        # Some network disks have no locks for folders; then only the files tell.
        return kind == fcntl.LOCK_EX
    return True


def holder(path: Path) -> int | None:
    """The pid in a lock's file; None where there is none to read."""
    try:
        text = path.read_bytes().strip()
    except (FileNotFoundError, IsADirectoryError):
        return None
    return int(text) if text.isdigit() and len(text) < 20 else None
