"""What a JSON document has to look like, and where one does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Each:
    """An object with any keys, whose values have this form."""

    form: Any


def whole(value: Any) -> bool:
    """A whole number from 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def text(value: Any) -> bool:
    return isinstance(value, str)


def misfit(value: Any, form: Any, at: str = "") -> str | None:
    """Where `value` first differs from `form`, as in `tables.dim_coins.rows is "6"`; else None.

    A form is a function of the value, `[form]` for a list, `Each(form)`, or an object of forms by
    key, where a key with `?` at its end may be absent or null.
    """
    place = at or "it"
    match form:
        case Callable():
            return None if form(value) else f"{place} is {_shown(value)}"
        case [item]:
            if not isinstance(value, list):
                return f"{place} is {_shown(value)} and not a list"
            pairs = [(f"{at}[{index}]", entry, item) for index, entry in enumerate(value)]
        case _ if not isinstance(value, Mapping):
            return f"{place} is {_shown(value)} and not an object"
        case Each():
            pairs = [(_below(at, key), entry, form.form) for key, entry in value.items()]
        case _:
            pairs = []
            for key, entry_form in form.items():
                name = key.removesuffix("?")
                if name != key and value.get(name) is None:
                    continue
                if name not in value:
                    return f"{_below(at, name)} is missing"
                pairs.append((_below(at, name), value[name], entry_form))
    return next((wrong for where, entry, f in pairs if (wrong := misfit(entry, f, where))), None)


def _below(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
