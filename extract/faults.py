"""How a response or a call fails, in one place for sources, landing and the loads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ApiFault:
    """A response that holds no data. `code` is the vendor's own, else the HTTP status."""

    code: int
    message: str

    @property
    def is_throttle(self) -> bool:
        return self.code == 429

    @property
    def is_passing(self) -> bool:
        """Worth another try: throttled, a server's error, or a proxy's page."""
        return self.is_throttle or 500 <= self.code < 600


def printable(text: str) -> str:
    """One line for a person; what a terminal would obey or cannot show is written as an escape."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in " ".join(text.split())
    )


class SourceError(Exception):
    """The source is unreachable or refused the call. The message never holds a secret."""


class CallFailedError(SourceError):
    """One call got no data, though others may succeed; `code` is the fault's."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class PatienceSpentError(CallFailedError):
    """The source is not to be asked again in this visit: it takes or asks for too much waiting."""
