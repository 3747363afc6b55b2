"""What a source declares of itself.

Readers, tables and hints of raw, dbt's sources, the audit, replay and the suites of gate 1 follow
from it; `registry` finds the declarations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from extract.acceptance import RowRules
from extract.call_budget import CallBudget
from extract.landing import Response
from extract.limits import HttpPolicy
from extract.response_body import RecogniseFault
from extract.settings import Settings
from extract.visit import Clock, Visit

CURRENCY = "currency"


@dataclass(frozen=True)
class Columns:
    """Received rows, held as lists of one length in the order of a row's fields."""

    values: Mapping[str, list[Any]]

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {name: column[index] for name, column in self.values.items()}


Rows = list[Any] | Columns


@dataclass(frozen=True)
class Oddity:
    """What no row of a load ought to be and real rows are: gate 1 warns, and keeps them.

    `condition` is portable SQL over the raw table, `shown` the columns that tell of such a row.
    """

    claim: str
    condition: str
    shown: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True)
class Endpoint:
    """One kind of call, and the raw table that its rows go to.

    Landing knows it by `name`, a recording by the last part of `path`. `rows` takes the JSON of a
    good response and the path that was requested, and gives one object per row, or the columns
    where that costs less. `currency` tells the currency of a response's prices, such as `usd`; None
    where there are no prices. `coin_field` is the id of what is priced. `is_listing` says that a
    response holds the quotes of many coins at one moment, `is_polled` that every refresh brings new
    rows, `moves_by_age` that old rows move from the table to where the view `all_<table>` finds
    them.
    """

    name: str
    path: str
    table: str
    description: str
    staging_model: str
    rules: RowRules
    rows: Callable[[Any, str], Rows]
    currency: Callable[[Response], str] | None = None
    coin_field: str | None = None
    oddities: tuple[Oddity, ...] = ()
    is_listing: bool = False
    is_polled: bool = True
    moves_by_age: bool = False

    @property
    def observation_key(self) -> tuple[str, ...]:
        """The raw columns that make two rows the same observation."""
        currency = (CURRENCY,) if self.currency else ()
        return (*self.rules.id_fields, *currency, self.rules.time_field)


@dataclass(frozen=True)
class Access:
    """How a live source is reached; `headers` may hold a key, which nothing else ever shows."""

    base_url: str
    policy: HttpPolicy
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    budget: CallBudget | None = None


@dataclass(frozen=True)
class Source:
    """One system.

    `recognise_fault` tells data from errors, whatever the status says. `fetch` asks for what is new
    and raises SourceError where that ends the visit. `live` is None where there is no live system,
    `simulated_root`, the path on the simulated server, where that does not serve it. The coin ids
    of a source that `has_canonical_ids` need no mapping.
    """

    system: str
    endpoints: tuple[Endpoint, ...]
    recognise_fault: RecogniseFault
    fetch: Callable[[Visit], None]
    live: Callable[[Settings, Clock], Access] | None = None
    simulated_root: str | None = None
    has_canonical_ids: bool = False
