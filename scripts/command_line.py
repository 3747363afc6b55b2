"""What the commands share on the terminal: progress, the log, and how a failure is said."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from extract.settings import TARGETS
from scripts.exit_codes import JobError

target_option = click.option(
    "--target",
    type=click.Choice(TARGETS),
    default="duckdb",
    show_default=True,
    help="What holds the warehouse.",
)

LOG_BYTES = 2_000_000
LOG_FILES = 5


class Screen:
    """Shows each stage while it runs and when it is done."""

    def __init__(self) -> None:
        self.console = Console(stderr=False)
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/green]"),
            TextColumn("{task.description:<14}"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[detail]}"),
            console=self.console,
        )

    def __enter__(self) -> Screen:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[str], None]]:
        task = self._progress.add_task(name, total=1, detail="")
        yield lambda detail: self._progress.update(task, detail=detail)
        self._progress.update(task, completed=1)


def log_to(log_dir: Path) -> None:
    """Send the project's log to rotated files; libraries speak up from warnings on."""
    log_dir.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        log_dir / "refresh.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name in ("extract", "expectations", "scripts"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.handlers = [handler]
        logger.propagate = False


def exit_with(error: JobError) -> NoReturn:
    """Say what failed and leave with its code."""
    Console(stderr=True).print(f"[red bold]failed:[/red bold] {error}", highlight=False)
    sys.exit(error.code)
