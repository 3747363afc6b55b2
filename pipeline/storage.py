"""Failures of the disk and of the warehouse on it, told apart from all other errors and explained.

Libraries wrap them: dlt and SQLAlchemy keep the cause, dbt and dlt's load jobs only its text.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator

import duckdb

from pipeline.exit_codes import ExitCode, JobError
from pipeline.stopping import has_published

# What the operating system and DuckDB say, and what to do then; the first match applies.
ADVICE = (
    (
        r"No space left on device|Disk quota exceeded|File too large",
        "the disk is full",
        "Free some space and run again; whatever is complete is kept",
    ),
    (
        r"Read-only file system",
        "the disk is read-only",
        "Make it writable, or choose another folder with --data-dir",
    ),
    (
        r"Permission denied|Operation not permitted",
        "a file may not be written or read",
        "Give the data folder to the user who runs this, or choose another with --data-dir",
    ),
    (
        r"Could not set lock on file",
        "the warehouse is open in another program",
        "Close that program and run again",
    ),
    (
        r"not a valid DuckDB database file|Corrupt database file|Could not read enough bytes"
        r"|replaying WAL|Serialization Error|deserializ|database has been invalidated",
        "the warehouse is damaged",
        "Rebuild it from the archive with scripts/rebuild.py (make rebuild), same --data-dir",
    ),
)
OTHERWISE = ("a file cannot be used", "Check that file and the disk, and run again")

# A text reports a storage failure if DuckDB or the operating system wrote it.
SPEAKER = re.compile(
    r"\b(IO|Serialization) Error: |Failed to commit: |database has been invalidated"
    r"|\[Errno [0-9]+\] "
)
# Of these a program may have handled one before it met the error that ended it.
HARD = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO,
}  # fmt: skip
OF_THE_NETWORK = {
    errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN,
}  # fmt: skip


def storage_failure(error: BaseException) -> JobError | None:
    """The same as a JobError (5) where the disk or the warehouse is at fault, else None."""
    if isinstance(error, JobError):
        return None
    for text in _texts(error):
        return _told(text)
    return None


def storage_failure_in(messages: Iterable[str]) -> JobError | None:
    """The same for errors of which only the text is left."""
    for text in messages:
        if SPEAKER.search(text):
            return _told(text)
    return None


def _told(text: str) -> JobError:
    text = " ".join(text.split())
    what, advice = next(
        ((what, advice) for pattern, what, advice in ADVICE if re.search(pattern, text)), OTHERWISE
    )
    kept = (
        "The new snapshot had been published"
        if has_published()
        else "Nothing was published; the last good snapshot stays"
    )
    return JobError(ExitCode.STORAGE, f"{what}: {text}\n{advice}. {kept}.")


def _texts(error: BaseException) -> Iterator[str]:
    """The text of each storage failure among an error and its causes, deepest first."""
    chain = list(_causes(error))
    for cause, is_cause in reversed(chain):
        if isinstance(cause, OSError) and _is_of_files(cause):
            if is_cause or cause.errno in HARD:
                yield str(cause)
        elif isinstance(cause, duckdb.IOException | duckdb.SerializationException) or (
            isinstance(cause, duckdb.Error) and SPEAKER.search(str(cause))
        ):
            yield str(cause)
    for cause, _ in chain:
        if type(cause).__module__.partition(".")[0] in ("dlt", "dbt", "dbt_common", "sqlalchemy"):
            match = SPEAKER.search(str(cause))
            if match:
                yield str(cause)[match.start() :]


def _is_of_files(error: OSError) -> bool:
    """Errors of connections are OSErrors too, as are those of requests."""
    return (
        not isinstance(error, ConnectionError | TimeoutError)
        and type(error).__module__.partition(".")[0] not in ("requests", "urllib3", "socket", "ssl")
        and error.errno not in OF_THE_NETWORK
    )


def _causes(error: BaseException) -> Iterator[tuple[BaseException, bool]]:
    """The error and what led to it; False for what was merely being handled meanwhile."""
    seen: set[int] = set()
    next_one: BaseException | None = error
    is_cause = True
    while next_one is not None and id(next_one) not in seen:
        seen.add(id(next_one))
        yield next_one, is_cause
        if next_one.__cause__ is not None:
            next_one = next_one.__cause__
        else:
            is_cause = False
            next_one = None if next_one.__suppress_context__ else next_one.__context__
