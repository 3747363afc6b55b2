"""Up to which load gate 1 has passed: a file of the data folder, or what all folders share.

Several folders may feed one PostgreSQL database, and any of them may rebuild it, after which loads
are numbered anew. There the number is kept in raw itself, and comes and goes with it.
"""

from __future__ import annotations

import json

from extract import durable
from extract.settings import Settings
from pipeline.set_aside import read_state
from pipeline.state_files import GATE_LOST, GATE_POINTER_FORM
from pipeline.warehouse import postgres_connection

TABLE = "raw.passed_loads"


def passed_until(settings: Settings) -> int:
    """The number of the last load that passed; 0 where none has."""
    if settings.target != "postgres":
        state = read_state(settings.data_dir, settings.gate_pointer, GATE_POINTER_FORM, GATE_LOST)
        return state["load_number"] if state else 0
    with postgres_connection(settings) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass($1) is not null", (TABLE,))
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(f"select coalesce(max(load_number), 0) from {TABLE}")  # noqa: S608
        return int(cursor.fetchone()[0])


def remember_passed(settings: Settings, load_number: int) -> None:
    """Gate 1 is not asked again about this load and those before it."""
    if settings.target != "postgres":
        durable.write_text(settings.gate_pointer, json.dumps({"load_number": load_number}))
        return
    with postgres_connection(settings) as connection, connection.cursor() as cursor:
        cursor.execute(f"create table if not exists {TABLE} (load_number bigint not null)")
        cursor.execute(f"delete from {TABLE}")  # noqa: S608
        cursor.execute(f"insert into {TABLE} values ($1)", (load_number,))  # noqa: S608
        connection.commit()
