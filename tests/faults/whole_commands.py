"""Commands run to their end in processes of their own.

They come from the fork server of `processes`, which has imported what they need: most of the time
of a command of its own would go there.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from extract.settings import PROJECT_ROOT
from pipeline import stopping
from tests.faults.processes import fork_server, start

WAIT_SECONDS = 300


def run_command(
    name: str, arguments: Iterable[str | bytes | Path], environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`scripts/<name>.py` with arguments, in the given environment or else in ours."""
    given = [os.fsdecode(argument) for argument in arguments]
    surroundings = dict(os.environ if environ is None else environ)
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        child = fork_server().Process(
            target=_command, args=(name, given, output, errors, surroundings)
        )
        start(child)
        child.join(WAIT_SECONDS)
        child.kill()
        child.join()
        texts = [path.read_text(errors="replace") for path in (output, errors)]
    return subprocess.CompletedProcess([name, *given], child.exitcode or 0, *texts)


def _command(
    name: str, arguments: list[str], output: Path, errors: Path, environ: dict[str, str]
) -> None:
    os.setsid()
    os.chdir(PROJECT_ROOT)
    os.environ.clear()
    os.environ.update(environ)
    for number, path in ((1, output), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = [f"{name}.py", *arguments]
    # The gates' process looks for it; the fork server has none.
    sys.modules["__main__"].__file__ = str(PROJECT_ROOT / "scripts" / f"{name}.py")
    # As the first lines of every command do.
    stopping.listen()
    from scripts.command_line import run

    run(importlib.import_module(f"scripts.{name}").main)
