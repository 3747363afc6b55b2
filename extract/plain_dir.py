"""Where the state of a warehouse lies when the name of its data folder is not fit for it.

DuckDB 1.5 ends the path of a database at `?` and takes a folder `day=1` for a column `day` of the
files in it; dlt 1.31 formats the paths of its files with `%` and puts them between quotes as they
are; dbt-duckdb 1.11 reads a path as a URL, which `#` and `;` end; Great Expectations 1.24 puts
variables in for `$`. All look behind links, so what they keep gets a folder of its own.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

UNFIT = frozenset("?%'\"=#;$\\")


def plain_dir(folder: Path) -> Path:
    """`folder` itself where its name is fit, else `~/.cache/crypto-market/<hash of its path>`.

    Where the home folder cannot be used it is among the temporary files. What is lost there is
    made anew from landing by the next refresh.
    """
    if not UNFIT & set(str(folder)):
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    own = Path.home() / ".cache" / "crypto-market" / name
    try:
        if UNFIT & set(str(own)):
            raise OSError
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        own = Path(tempfile.gettempdir()) / f"crypto-market-{os.getuid()}-{name}"
        own.mkdir(mode=0o700, exist_ok=True)
    return own
