"""JSON of bounded size and depth, so that one text has one reading, whoever reads it and when.

Python's own parser gives up on depth where the stack of the moment ends, and a text of 16 MB can
make objects of gigabytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

PairsHook = Callable[[list[tuple[str, Any]]], Any]

# The largest page of any source, 5,000 listings, holds 0.3 million; objects of a million take
# some 100 MB.
MOST_VALUES = 1_000_000
# No double is longer; Python itself refuses whole numbers of more than 4,300 digits.
LONGEST_NUMBER = 400
# Responses are at most six deep.
DEEPEST = 64


class OversizeError(ValueError):
    """The text holds more, or is nested deeper, than any response of a source."""


def loads(text: str, object_pairs_hook: PairsHook | None = None) -> Any:
    """As json.loads; a whole number too long for a double is infinite, and costs only its field.

    Raises OversizeError, and ValueError for what is no JSON.
    """
    if value_count(text) > MOST_VALUES:
        raise OversizeError(f"more than {MOST_VALUES:,} values")
    too_deep = OversizeError(f"nested deeper than {DEEPEST} levels")
    try:
        value = _parsed(text, object_pairs_hook)
    except RecursionError:
        raise too_deep from None
    if _is_deeper(value, DEEPEST):
        raise too_deep
    return value


def _parsed(text: str, object_pairs_hook: PairsHook | None) -> Any:
    try:
        return json.loads(text, object_pairs_hook=object_pairs_hook)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(text, object_pairs_hook=object_pairs_hook, parse_int=_whole_number)


def _whole_number(digits: str) -> int | float:
    if len(digits) <= LONGEST_NUMBER:
        return int(digits)
    return -math.inf if digits.startswith("-") else math.inf


def value_count(text: str | bytes) -> int:
    """At least the number of values: punctuation within texts counts as well."""
    if isinstance(text, str):
        return 1 + sum(text.count(mark) for mark in ",[{")
    return 1 + sum(text.count(mark) for mark in (b",", b"[", b"{"))


def _is_deeper(value: Any, levels: int) -> bool:
    nested = [value]
    for _ in range(levels):
        nested = [
            child
            for parent in nested
            if isinstance(parent, list | dict)
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, list | dict)
        ]
        if not nested:
            return False
    return True
