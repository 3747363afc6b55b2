"""Every source there is: the modules and packages of `extract/sources`, each with its `SOURCE`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from extract import sources
from extract.source import Endpoint, Source

SOURCES: tuple[Source, ...] = tuple(
    import_module(f"{sources.__name__}.{module.name}").SOURCE
    for module in iter_modules(sources.__path__)
)
ENDPOINTS: dict[str, Endpoint] = {
    endpoint.table: endpoint for source in SOURCES for endpoint in source.endpoints
}
"""Endpoints by the raw table of their rows."""

_READERS = {
    (source.system, endpoint.name): (source, endpoint)
    for source in SOURCES
    for endpoint in source.endpoints
}


def reader_of(system: str, endpoint: str) -> tuple[Source, Endpoint]:
    """What reads an archived response. Raises ValueError if nothing does."""
    if (system, endpoint) not in _READERS:
        raise ValueError(f"unknown endpoint {system}/{endpoint}")
    return _READERS[system, endpoint]


def recorded_endpoint(path: str, system: str | None) -> tuple[Source, Endpoint]:
    """What a recording of `path` is a response of; `system` decides if several have such a path.

    Raises ValueError unless there is exactly one.
    """
    last = path.rstrip("/").rsplit("/", 1)[-1]
    found = [
        (source, endpoint)
        for source, endpoint in _READERS.values()
        if endpoint.path.rstrip("/").rsplit("/", 1)[-1] == last and system in (None, source.system)
    ]
    if len(found) != 1:
        raise ValueError(
            f"{len(found)} sources have a path like {path!r}" if found else f"unknown path {path!r}"
        )
    return found[0]
