"""Rows on their way to raw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from extract.acceptance import Accepted, RejectedRowError, accept, as_json
from extract.column_rules import Column, accept_columns
from extract.domains import INSTANT, INTEGER, TEXT
from extract.landing import Landed
from extract.raw_tables import LANDING_TABLES, LOAD_NUMBER, RAW_TABLES
from extract.received import Received
from extract.source import CURRENCY, Endpoint, Rows

pc: Any = pyarrow.compute

SET_ASIDE = "set aside: "
# Judged together: enough for the columns to pay, and few enough to be held as Python's objects.
ROWS_AT_ONCE = 20_000


class RawBatch:
    """Rows on their way to raw, column by column, table by table.

    `set_aside` are rows that a person refused, by their id, and the expectation that they broke.
    """

    def __init__(self, set_aside: Mapping[str, str] | None = None) -> None:
        self._set_aside = set_aside or {}
        self._received: dict[str, Received] = {}
        self._accepted: dict[str, list[pa.Table]] = {}
        self._others: dict[str, list[dict[str, Any]]] = {table: [] for table in LANDING_TABLES}
        # Rows of all responses, whatever became of them, and the responses themselves.
        self.received_count = 0

    def add(self, table: str, values: Mapping[str, Any]) -> None:
        """Add a row of one of the tables that landing itself fills."""
        self._others[table].append(dict(values))
        self.received_count += 1

    def add_observations(self, endpoint: Endpoint, rows: Rows, landed: Landed) -> None:
        """Take up the rows of one response, to be accepted or rejected one by one."""
        if not len(rows):
            return
        currency = endpoint.currency(landed.response) if endpoint.currency else None
        received = self._received.setdefault(endpoint.table, Received(endpoint))
        received.add(rows, landed, currency)
        self.received_count += len(rows)
        if len(received) >= ROWS_AT_ONCE:
            self._judge(endpoint.table)

    @property
    def row_count(self) -> int:
        """Of all tables."""
        self._judge_all()
        return sum(map(self._count, self._accepted)) + sum(map(len, self._others.values()))

    def filled_tables(self) -> list[str]:
        self._judge_all()
        return [name for name in RAW_TABLES if self._others.get(name) or self._count(name)]

    def table(self, name: str, load_number: int) -> pa.Table:
        self._judge_all()
        schema = RAW_TABLES[name]
        if name in self._others:
            return pa.Table.from_pylist(
                [row | {LOAD_NUMBER: load_number} for row in self._others[name]], schema=schema
            )
        rows = pa.concat_tables([*self._accepted.get(name, []), _unnumbered(schema).empty_table()])
        numbers = pa.repeat(pa.scalar(load_number, schema.field(LOAD_NUMBER).type), rows.num_rows)
        return rows.append_column(schema.field(LOAD_NUMBER), numbers).select(schema.names)

    def _count(self, table: str) -> int:
        return sum(part.num_rows for part in self._accepted.get(table, []))

    def _judge_all(self) -> None:
        for table in list(self._received):
            self._judge(table)

    def _judge(self, table: str) -> None:
        received = self._received.pop(table)
        endpoint, row_at = received.endpoint, received.row_at()
        provenance = _provenance(received)
        row_ids = provenance["row_id"]
        columns, is_odd = received.columns()
        if self._set_aside:
            refused = pa.array(list(self._set_aside), TEXT)
            is_odd = pc.or_(is_odd, pc.is_in(row_ids, refused))

        def judge(place: int) -> Accepted:
            if broken := self._set_aside.get(row_ids[place].as_py()):
                raise RejectedRowError(f"{SET_ASIDE}{broken}")
            landed, row = row_at(place)
            return accept(row, endpoint.rules, landed.response.fetched_at)

        fetched_at = provenance["fetched_at"]
        judged = accept_columns(columns, endpoint.rules, fetched_at, judge, is_odd)
        stamped = pa.table(provenance)
        accepted = stamped.take(judged.row_indexes)
        for field in judged.accepted.schema:
            accepted = accepted.append_column(field, judged.accepted[field.name])
        names = [name for name in RAW_TABLES[table].names if name != LOAD_NUMBER]
        self._accepted.setdefault(table, []).append(accepted.select(names))

        for place, reason in judged.rejected.items():
            found = _found(stamped, place, endpoint.table, row_at(place)[0])
            payload = as_json(row_at(place)[1])
            self.add("rejected_rows", found | {"reason": reason, "payload": payload})
        for place, repairs in judged.repaired.items():
            found = _found(stamped, place, endpoint.table, row_at(place)[0])
            for repair in repairs:
                row_id = {"row_id": f"{found['row_id']}:{repair.field}"}
                self.add("repaired_fields", found | row_id | repair._asdict())


def _provenance(received: Received) -> dict[str, Column]:
    """Where each row came from; `currency` is null where there is no price."""
    parts = received.parts
    of_part = pa.array(np.repeat(np.arange(len(parts)), [part.count for part in parts]))
    indexes = np.concatenate([np.arange(part.count) for part in parts])

    def each(values: list[Any], kind: pa.DataType) -> Column:
        return pc.take(pa.array(values, kind), of_part)

    response_ids = each([part.landed.response_id for part in parts], TEXT)
    row_indexes = pa.array(indexes, INTEGER)
    return {
        "row_id": pc.binary_join_element_wise(response_ids, pc.cast(row_indexes, TEXT), ":"),
        "response_id": response_ids,
        "row_index": row_indexes,
        "run_id": each([part.landed.run_id for part in parts], TEXT),
        "fetched_at": each([part.landed.response.fetched_at for part in parts], INSTANT),
        CURRENCY: each([part.currency for part in parts], TEXT),
    }


def _found(stamped: pa.Table, place: int, table: str, landed: Landed) -> dict[str, Any]:
    """What the row of a rejected row, or of a repaired field, says of where it was found."""
    [provenance] = stamped.slice(place, 1).to_pylist()
    return provenance | {"source": landed.response.system, "table_name": table}


def _unnumbered(schema: pa.Schema) -> pa.Schema:
    return schema.remove(schema.get_field_index(LOAD_NUMBER))
