"""What a command's exit code says. The README lists the same."""

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0
    CHECK_FAILED = 1
    USAGE = 2
    SOURCE = 3
    LOCKED = 4
    STORAGE = 5
    # 128 and the number of the signal, as a shell has it.
    INTERRUPTED = 130
    TERMINATED = 143


class JobError(Exception):
    """A failure that a person can act on: what failed, what was kept, what to do."""

    def __init__(self, code: ExitCode, message: str) -> None:
        # Both are kept as arguments, so that it can be sent from one process to another.
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message
