"""What a command's exit code says. The README lists the same."""

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0
    CHECK_FAILED = 1
    USAGE = 2
    SOURCE = 3
    LOCKED = 4


class JobError(Exception):
    """A failure that a person can act on: what failed, what was kept, what to do."""

    def __init__(self, code: ExitCode, message: str) -> None:
        super().__init__(message)
        self.code = code
