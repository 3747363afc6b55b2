"""The calls of a month, which a vendor's plan limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from extract.faults import SourceError


class CallBudget:
    """Calls made in the running month, kept in a file.

    Failed ones count, as at the vendor; those of which the vendor saw nothing do not. `setting` is
    the variable that says how many there are.
    """

    def __init__(
        self, path: Path, monthly_calls: int, clock: Callable[[], datetime], setting: str
    ) -> None:
        self._path = path
        self._monthly_calls = monthly_calls
        self._clock = clock
        self._setting = setting

    def spend(self) -> None:
        """Count one call before it is made. Raises SourceError when the month's are used up."""
        month = f"{self._clock():%Y-%m}"
        calls = self.spent(month) + 1
        if calls > self._monthly_calls:
            raise SourceError(
                f"the budget of {self._monthly_calls} calls for {month} is used up; "
                f"raise {self._setting} if the plan allows more"
            )
        self._keep(month, calls)

    def give_back(self) -> None:
        """Take back the call counted last, of which the vendor saw nothing."""
        month = f"{self._clock():%Y-%m}"
        self._keep(month, max(self.spent(month) - 1, 0))

    def spent(self, month: str) -> int:
        try:
            return int(json.loads(self._path.read_text()).get(month, 0))
        except FileNotFoundError:
            return 0
        except (ValueError, AttributeError, TypeError) as error:
            raise SourceError(
                f"the count of this month's calls in {self._path} cannot be read; remove that file"
            ) from error

    def _keep(self, month: str, calls: int) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps({month: calls}))
        new.replace(self._path)
