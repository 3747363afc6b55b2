#!/usr/bin/env python
"""From the readable lists of requirements to what is installed: versions, then hashes.

requirements*.txt list what the project uses directly. constraints.txt holds one version of every
package, direct or not, for all lists together. requirements*.lock add the hashes of every file of
those
releases, for every platform; an extra's lock begins with the first and holds what comes on top.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extract.environment import child_environment

ROOT = Path(__file__).resolve().parent.parent
BASE = "requirements"
EXTRAS = ("requirements-postgres", "requirements-spark", "requirements-dev")
HEADER = "# Made by `make lock`; the project was tested with these versions.\n"
COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
    *(
        "--no-annotate",
        "--no-header",
        "--no-emit-index-url",
        "--no-emit-find-links",
    ),
)
# To pip, an extra in a lock is a separate requirement with its own hash; constraints take none.
HASHED = ("--generate-hashes", "--no-strip-extras")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--upgrade", is_flag=True, help="Take the newest versions that the lists allow.")
def main(upgrade: bool) -> None:
    """Write constraints.txt and the locks; versions stay unless a list asks for others."""
    constraints = ROOT / "constraints.txt"
    lists = [ROOT / f"{name}.txt" for name in (BASE, *EXTRAS)]
    direct = "".join(
        line for path in lists for line in path.read_text().splitlines(True) if line[0] != "-"
    )
    with tempfile.TemporaryDirectory() as folder:
        # uv prefers the versions of the file that it is about to replace.
        output = Path(folder) / constraints.name
        if not upgrade:
            shutil.copy(constraints, output)
        _uv("-o", str(output), "-", given=direct)
        constraints.write_text(HEADER + output.read_text())

    base = blocks(_uv(*HASHED, f"{BASE}.txt"))
    (ROOT / f"{BASE}.lock").write_text(HEADER + "".join(base))
    for extra in EXTRAS:
        on_top = [
            block
            for block in blocks(_uv(*HASHED, "-c", constraints.name, f"{extra}.txt"))
            if block not in base
        ]
        (ROOT / f"{extra}.lock").write_text(f"{HEADER}-r {BASE}.lock\n" + "".join(on_top))


def blocks(lock: str) -> list[str]:
    """Each package of a lock with its hashes."""
    return re.findall(r"^[^\s#-].*(?:\n .*)*\n", lock, re.MULTILINE)


def _uv(*arguments: str, given: str | None = None) -> str:
    uv = shutil.which("uv")
    if uv is None:
        raise click.ClickException("the locks are made with uv, which is not on the PATH")
    answer = subprocess.run(  # noqa: S603
        [uv, *COMPILE, *arguments],
        env=child_environment(),
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise click.ClickException(f"uv found no set of versions:\n{answer.stderr.strip()}")
    return answer.stdout


if __name__ == "__main__":
    main()
