"""Commands in processes of their own, which stand still at a chosen place until they are stopped.

They come from the fork server of `processes`, have a session of their own as at a terminal, and
end through the same code as at one. Nothing but the place where they stand still is made up.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from extract.settings import PROJECT_ROOT, Settings
from pipeline import stopping
from tests.faults.processes import start

# Before the name of a stage it is a place as well: as that stage begins. The command goes on there.
STAGE = "stage "
WAIT_SECONDS = 60
# Minutes of both cores, in DuckDB's own threads.
ENDLESS_QUERY = "select sum(hash(i)) from range(1000000000000) as numbers (i)"
ENDLESS_SERVER_QUERY = "select pg_sleep(600)"


@dataclass
class Running:
    """A command at work; `text` is what it wrote to the terminal so far."""

    process: BaseProcess
    output: Path

    @property
    def text(self) -> str:
        return self.output.read_text()

    def ended(self) -> int:
        """The exit code."""
        self.process.join(WAIT_SECONDS)
        code = self.process.exitcode
        assert code is not None, self.text
        return code

    def children_end(self) -> bool:
        """The system takes a moment to clear away a process that was killed."""
        until = time.monotonic() + 5
        while time.monotonic() < until:
            try:
                os.killpg(self.process.pid or 0, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.02)
        return False


def options(settings: Settings) -> list[str]:
    """What makes refresh.py use the same settings."""
    assert settings.as_of is not None and not isinstance(settings.coins, int)
    return [
        *("--data-dir", str(settings.data_dir), "--as-of", settings.as_of.isoformat()),
        *("--coins", ",".join(settings.coins), "--history-days", str(settings.history_days)),
    ]


def environment(settings: Settings) -> dict[str, str]:
    """What makes a command use the same server."""
    server = settings.profile_variables
    return {name: value for name, value in server.items() if name.startswith("POSTGRES_")}


def start_command(
    context: ForkServerContext,
    name: str,
    arguments: Iterable[str],
    output: Path,
    at: str = "start",
    environ: Mapping[str, str] | None = None,
) -> Running:
    """`scripts/<name>.py` with arguments; returns once it has come to the place `at`."""
    begun = context.Event()
    child = context.Process(
        target=_command, args=(name, list(arguments), output, at, begun, dict(environ or {}))
    )
    start(child)
    running = Running(child, output)
    while not begun.wait(0.1):
        assert child.is_alive(), running.text
    return running


def _command(
    name: str,
    arguments: list[str],
    output: Path,
    at: str,
    begun: Event,
    environ: dict[str, str],
) -> None:
    os.setsid()
    os.environ.update(environ)
    terminal = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(terminal, 1)
    os.dup2(terminal, 2)
    sys.argv = [f"{name}.py", *arguments]
    # The gates' process looks for it; the fork server has none.
    sys.modules["__main__"].__file__ = str(PROJECT_ROOT / "scripts" / f"{name}.py")
    # As the first lines of every command do.
    stopping.listen()
    if at.startswith(STAGE):
        _at_stage(at.removeprefix(STAGE), begun)
    else:
        PLACES[at](begun)
    from scripts.command_line import run

    run(importlib.import_module(f"scripts.{name}").main)


def _stand_still(*_: Any, **__: Any) -> None:
    threading.Event().wait()


def _before(owner: Any, name: str, begun: Event, act: Callable[..., None]) -> None:
    """Report, and do something, ahead of a function."""
    original = getattr(owner, name)

    def replaced(*arguments: Any, **named: Any) -> Any:
        begun.set()
        act(*arguments, **named)
        return original(*arguments, **named)

    setattr(owner, name, replaced)


def _at_start(begun: Event) -> None:
    begun.set()


def _at_stage(name: str, begun: Event) -> None:
    from pipeline.job import Job

    original = Job._stage

    def stage(job: Job, begins: str) -> Any:
        if begins == name:
            begun.set()
        return original(job, begins)

    Job._stage = stage


def _in_pace(begun: Event) -> None:
    import extract.fetch

    extract.fetch.SIMULATED_POLICY = extract.fetch.HttpPolicy(calls_per_minute=1, trust_env=False)
    sleep = time.sleep

    def told_sleep(seconds: float) -> None:
        if seconds > 5:
            begun.set()
        sleep(seconds)

    time.sleep = told_sleep


def _in_load(begun: Event) -> None:
    from dlt.destinations.impl.duckdb.duck import DuckDbCopyJob

    def query(job: DuckDbCopyJob) -> None:
        job._job_client.sql_client.execute_sql(ENDLESS_QUERY)

    _before(DuckDbCopyJob, "run", begun, query)


def _in_load_on_postgres(begun: Event) -> None:
    """While a load is merged, in a transaction of the server."""
    from dlt.destinations.sql_jobs import SqlMergeFollowupJob

    original = SqlMergeFollowupJob.generate_sql.__func__

    def generate_sql(cls: Any, *arguments: Any, **named: Any) -> list[str]:
        begun.set()
        return [*original(cls, *arguments, **named), ENDLESS_SERVER_QUERY]

    SqlMergeFollowupJob.generate_sql = classmethod(generate_sql)


def _in_build_on_postgres(begun: Event) -> None:
    """While a model is made, in a transaction of the server."""
    from dbt.adapters.postgres.connections import PostgresConnectionManager

    original = PostgresConnectionManager.add_query

    def add_query(manager: Any, sql: str, *arguments: Any, **named: Any) -> Any:
        if re.search(r"create\s.*table", sql):
            begun.set()
            sql = f"{ENDLESS_SERVER_QUERY}; {sql}"
        return original(manager, sql, *arguments, **named)

    PostgresConnectionManager.add_query = add_query


def _in_gate(begun: Event) -> None:
    from pipeline.gate_process import GateProcess

    _before(GateProcess, "_ask", begun, lambda *_: None)


def _in_build(begun: Event) -> None:
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

    def query(cursor: DuckDBCursorWrapper, sql: str, *_: Any) -> None:
        if "create" in sql:
            cursor._cursor.execute(ENDLESS_QUERY)

    _before(DuckDBCursorWrapper, "execute", begun, query)


def _in_publish(begun: Event) -> None:
    import published.writing

    _before(
        published.writing,
        "_write",
        begun,
        lambda warehouse, *_: warehouse.relation(ENDLESS_QUERY).fetchall(),
    )


def _before_pointer(begun: Event) -> None:
    import published.writing

    _before(published.writing, "publishing", begun, _stand_still)


def _behind_pointer(begun: Event) -> None:
    import published.writing

    _before(published.writing, "_drop_oldest", begun, _stand_still)


def _gates_die(begun: Event) -> None:
    """Each process of the gates is killed while it imports, as where memory is short."""
    from pipeline.gate_process import GateProcess

    original = GateProcess._start

    def start(gates: GateProcess) -> None:
        begun.set()
        original(gates)
        gates._process.kill()

    GateProcess._start = start


PLACES: dict[str, Callable[[Event], None]] = {
    "start": _at_start,
    "pace": _in_pace,
    "load": _in_load,
    "load on postgres": _in_load_on_postgres,
    "build on postgres": _in_build_on_postgres,
    "gate": _in_gate,
    "build": _in_build,
    "publish": _in_publish,
    "before the pointer": _before_pointer,
    "behind the pointer": _behind_pointer,
    "gates die": _gates_die,
}
