"""Runs one reader's SELECT over the marts in a separate process, which can do nothing else.

Started by `sql_box` with a request on its standard input, one JSON object: `sql`, `files` (path by
mart), `row_limit`, `memory_mb`, `seconds`. It answers with a line of JSON (`status`: ok, refused
or failed, `message`, `truncated`) and, when ok, the rows as an Arrow stream.

Three walls stand between the SQL and the machine: DuckDB's parser lets a single SELECT through,
DuckDB itself has no files but those of the marts, no network and a locked configuration, and the
operating system gives the process no more memory, time and disk than a small query needs.

DuckDB shows its settings and file names to anyone who asks, and resolves relative paths and links
first. It therefore never learns where a file is stored: it reads `mart://NAME` through a file
system that knows.
"""

from __future__ import annotations

import datetime
import json
import resource
import sys
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa
from fsspec import AbstractFileSystem

THREADS = 2
# Beyond DuckDB's own limit: the interpreter, the libraries, strings under construction.
MEMORY_BESIDE_DUCKDB_MB = 1536
MOST_ANSWER_BYTES = 20_000_000
OUT_OF_REACH = (
    "Files and the network are out of reach here: only the marts of the snapshot can be read."
)


UNREADABLE = "The marts could not be read. Reload the page: the snapshot may be gone."


class RefusedError(Exception):
    """The query is not run; the message says why and what can be done."""


def bound(memory_mb: int, seconds: int) -> None:
    """No file can be written, and memory and processor time are limited."""
    memory = (memory_mb + MEMORY_BESIDE_DUCKDB_MB) * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    processor = THREADS * seconds + 2
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))


class MartFiles(AbstractFileSystem):  # type: ignore[misc] # fsspec has no types
    """The files of the marts, to read, by the name of the mart alone."""

    protocol = "mart"
    cachable = False

    def __init__(self, files: dict[str, str]) -> None:
        super().__init__()
        self._files = files

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        size = Path(self._file(path)).stat().st_size
        return {"name": self._strip_protocol(path), "size": size, "type": "file"}

    def exists(self, path: str, **_: Any) -> bool:
        return self._strip_protocol(path) in self._files

    def modified(self, path: str) -> datetime.datetime:
        """The same for all: a published file does not change."""
        return datetime.datetime.fromtimestamp(0, datetime.UTC)

    def open(self, path: str, mode: str = "rb", **_: Any) -> BinaryIO:
        return Path(self._file(path)).open("rb")

    def _file(self, path: str) -> str:
        return self._files[self._strip_protocol(path)]


def locked_database(files: dict[str, str], memory_mb: int) -> duckdb.DuckDBPyConnection:
    """The marts as views, and nothing else that could be reached."""
    memory = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory_mb}MB",
            "threads": THREADS,
            "temp_directory": "",
            "home_directory": "/",
            "extension_directory": "/",
            "secret_directory": "/",
            "allow_persistent_secrets": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
        },
    )
    memory.register_filesystem(MartFiles(files))
    memory.execute("set allowed_paths = $paths", {"paths": [f"mart://{mart}" for mart in files]})
    memory.execute("set enable_external_access = false")
    for mart in files:
        memory.read_parquet(f"mart://{mart}").create_view(mart)
    memory.execute("set lock_configuration = true")
    return memory


def only_select(memory: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The one SELECT of the text, by DuckDB's own parser. Raises RefusedError."""
    statements = memory.extract_statements(sql)
    if not statements:
        raise RefusedError("There is no statement to run.")
    if len(statements) > 1:
        raise RefusedError(f"One statement at a time: there are {len(statements)}. Run one SELECT.")
    [statement] = statements
    kind = statement.type.name.replace("_", " ")
    # A PRAGMA that returns rows is parsed to a SELECT.
    if _first_word(sql) == "PRAGMA":
        kind = "PRAGMA"
    if kind != "SELECT":
        raise RefusedError(
            f"Only SELECT can be run, and this is {kind}: the snapshot is read-only and cannot "
            "be changed, exported or configured."
        )
    return statement


def _first_word(sql: str) -> str:
    """In upper case; comments do not count."""
    tokens = duckdb.tokenize(sql)
    begins = [place for place, _ in tokens] + [len(sql)]
    for (place, kind), end in zip(tokens, begins[1:], strict=True):
        if kind != duckdb.token_type.comment:
            return sql[place:end].strip().upper()
    return ""


def answer(request: dict[str, Any]) -> tuple[pa.Table, bool]:
    """Rows, and whether there were more than the limit."""
    memory = locked_database(request["files"], request["memory_mb"])
    statement = only_select(memory, request["sql"])
    limit = request["row_limit"]
    rows = memory.sql(statement.query).limit(limit + 1).to_arrow_table()
    if rows.nbytes > MOST_ANSWER_BYTES:
        raise RefusedError(
            f"The answer is larger than {MOST_ANSWER_BYTES // 1_000_000} MB: choose fewer columns."
        )
    return rows.slice(0, limit), rows.num_rows > limit


def reply(request: dict[str, Any]) -> tuple[dict[str, Any], pa.Table | None]:
    """The line that goes ahead, and the rows."""
    try:
        rows, truncated = answer(request)
    except RefusedError as error:
        return {"status": "refused", "message": str(error)}, None
    except duckdb.PermissionException:
        return {"status": "refused", "message": OUT_OF_REACH}, None
    except (duckdb.OutOfMemoryException, MemoryError):
        message = f"This needs more memory than the {request['memory_mb']} MB it may have."
        return {"status": "refused", "message": message}, None
    except (duckdb.Error, pa.ArrowException) as error:
        return {"status": "failed", "message": without_places(str(error), request["files"])}, None
    return {"status": "ok", "truncated": truncated}, rows


def without_places(message: str, files: dict[str, str]) -> str:
    """A file system error comes with a traceback, which names folders of the server."""
    places = {str(Path(file).parent) for file in files.values()}
    places |= {str(Path(__file__).parent), sys.prefix, sys.base_prefix}
    told = "Python exception" in message or any(place in message for place in places)
    return UNREADABLE if told else message


def main() -> None:
    request = json.load(sys.stdin)
    bound(request["memory_mb"], request["seconds"])
    header, rows = reply(request)
    out = sys.stdout.buffer
    out.write(json.dumps(header).encode() + b"\n")
    if rows is not None:
        with pa.ipc.new_stream(out, rows.schema) as stream:  # type: ignore[arg-type] # any file
            stream.write_table(rows)
    out.flush()


if __name__ == "__main__":
    main()
