"""The body of a response, and whether it holds data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from extract import bounded_json
from extract.faults import ApiFault
from extract.limits import REFUSED_START, TOO_LARGE


class Body:
    """The text of a response and its JSON, which is parsed once, on first use."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._content: Any = None
        self._error: ValueError | None = None
        self._is_read = False

    @property
    def content(self) -> Any:
        """The parsed JSON. Raises as `bounded_json.loads` does."""
        if not self._is_read:
            self._is_read = True
            try:
                self._content = bounded_json.loads(self.text)
            except ValueError as error:
                self._error = error
        if self._error is not None:
            raise self._error
        return self._content


RecogniseFault = Callable[[int, Body], ApiFault | None]


def fault_in(status: int, body: Body, recognise_fault: RecogniseFault) -> ApiFault | None:
    """The fault of a response, whether just received or read from its archive."""
    if body.text.startswith(REFUSED_START):
        reason = body.text[len(REFUSED_START) :][:100].split('"')[0]
        return ApiFault(TOO_LARGE, f"the response was refused: {reason}")
    return recognise_fault(status, body)
