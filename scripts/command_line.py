"""What the commands share on the terminal: progress, the log, and how a failure is reported."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from extract.settings import Settings, SettingsError
from extract.targets import TARGETS
from pipeline import stopping
from pipeline.exit_codes import ExitCode, JobError
from pipeline.set_aside import Damage, set_aside

target_option = click.option(
    "--target",
    type=click.Choice(TARGETS),
    default="duckdb",
    show_default=True,
    help="The database that holds the warehouse.",
)
data_dir_option = click.option(
    "--data-dir", help="Where everything is kept. [default: $CRYPTO_DATA_DIR or data]"
)

LOG = "refresh.log"
LOG_BYTES = 2_000_000
LOG_FILES = 5
PROJECT_LOGGERS = ("extract", "expectations", "pipeline", "published", "scripts")

log = logging.getLogger(__name__)


class Command(click.Command):
    """What every command runs in: a failure that the user can act on is reported in one message.

    The command ends with the exit code for it. Anything else is a bug, and shows its traceback.
    """

    # Printed after "stopped" when a signal arrives.
    outcome_when_stopped: str | None = stopping.NOTHING_PUBLISHED

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.context_settings["help_option_names"] = ["-h", "--help"]

    def invoke(self, context: click.Context) -> Any:
        stopping.begin(self.outcome_when_stopped)
        try:
            return super().invoke(context)
        except JobError as error:
            failure = error
        except SettingsError as error:
            failure = JobError(ExitCode.USAGE, str(error))
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            # It imports DuckDB, which --help and a mistyped option need not wait for.
            from pipeline.storage import storage_failure

            found = storage_failure(error)
            if found is None:
                raise
            log.error("ended by a storage failure", exc_info=error)
            failure = found
        stopping.stay_silent_if_stopped()
        log.error("%s", failure)
        exit_with(failure)


class ToProjectLog(logging.Handler):
    """Passes on the records of a library."""

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger("extract").handle(record)


class Server(Command):
    """A command that runs until it is stopped."""

    outcome_when_stopped = None


def refuse_without_warehouse(settings: Settings) -> None:
    """Raise JobError (2) where a file should be that no refresh has made yet."""
    if settings.target == "duckdb" and not settings.warehouse_path.exists():
        raise JobError(ExitCode.USAGE, f"no warehouse in {settings.data_dir}; `make refresh` first")


def run(command: click.Command) -> NoReturn:
    """The life of a process that is this command."""
    # A log that cannot be written, as on a full disk, must not print errors of its own.
    logging.raiseExceptions = False
    # Until there is a log file, the tracebacks of errors that get a message have nowhere to go.
    for name in PROJECT_LOGGERS:
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False
    # dlt would write its own records to the terminal, each with a traceback.
    logging.getLogger("dlt").handlers = [ToProjectLog()]
    stopping.run_stoppable(command)
    sys.exit()


class Screen:
    """Shows each stage while it runs and when it is done."""

    def __init__(self) -> None:
        self.console = Console(stderr=False)
        self._stopped = ExitStack()
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/green]"),
            TextColumn("{task.description:<14}"),
            TimeElapsedColumn(),
            # If the line is too short, the detail is truncated, never the stage's name.
            TextColumn("[dim]{task.fields[detail]}", table_column=Column(ratio=1, no_wrap=True)),
            console=self.console,
            expand=True,
        )

    def __enter__(self) -> Screen:
        self._progress.start()
        self._stopped.enter_context(stopping.when_stopped(lambda _: self._progress.stop()))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.close()
        self._progress.stop()

    def say(self, line: str) -> None:
        """A line above the stages."""
        self.console.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[str], None]]:
        task = self._progress.add_task(name, total=1, detail="")
        yield lambda detail: self._progress.update(task, detail=detail)
        self._progress.update(task, completed=1)


class OnScreen(logging.Handler):
    """Shows what is logged, above the progress where there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        Console(stderr=True).print(
            f"[yellow bold]warning:[/yellow bold] {escape(record.getMessage())}",
            highlight=False,
            soft_wrap=True,
        )


def log_to(log_dir: Path) -> None:
    """Send the project's log to rotated files; libraries speak up from warnings on."""
    warnings = logging.getLogger("pipeline.set_aside")
    warnings.handlers = [OnScreen(logging.WARNING)]
    for path in (log_dir, log_dir / LOG):
        if path.exists() and path.is_dir() != (path is log_dir):
            kind = "a folder" if path.is_dir() else "no folder"
            set_aside(log_dir.parent, Damage(path, f"it is {kind}", "a new log is started"))
    log_dir.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        log_dir / LOG,
        maxBytes=LOG_BYTES,
        backupCount=LOG_FILES,
        encoding="utf-8",
        errors="backslashreplace",
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name in PROJECT_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.handlers = [handler]
        logger.propagate = False


def exit_with(error: JobError) -> NoReturn:
    """Report what failed, and exit with its code."""
    # Names of files and words of a vendor are no markup, and may hold what no terminal can show; a
    # command is copied from here in one piece.
    told = str(error).encode(errors="backslashreplace").decode()
    Console(stderr=True).print(
        Text.assemble(("failed:", "red bold"), f" {told}"), highlight=False, soft_wrap=True
    )
    sys.exit(error.code)
