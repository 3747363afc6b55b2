"""Refreshes in processes of their own, which can be killed.

They come from a fork server that has imported everything, so that the moments of a kill are spread
over the work and not over the imports.
"""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from types import ModuleType

import pytest

from extract.settings import Settings
from pipeline.exit_codes import JobError
from tests.conftest import refresh

PRELOAD = [
    "tests.conftest",
    "dbt.adapters.duckdb",
    "dbt.cli.main",
    "expectations.validation",
    "great_expectations",
    "pipeline.job",
    "scripts.check",
    "scripts.docs",
    "scripts.rebuild",
    "scripts.refresh",
    "scripts.summary",
]


def fork_server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    return context


def start(child: BaseProcess) -> None:
    """Start a child that does not run our main module first, which may be a page of the app."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        child.start()


def start_refresh(context: ForkServerContext, settings: Settings) -> BaseProcess:
    """A running refresh; returns once it is about to begin."""
    begun = context.Event()
    child = context.Process(target=_refresh, args=(settings, begun))
    start(child)
    assert begun.wait(60)
    return child


def _refresh(settings: Settings, begun) -> None:
    begun.set()
    try:
        refresh(settings)
    except JobError as error:
        raise SystemExit(int(error.code)) from None
