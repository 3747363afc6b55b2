"""The state of a data folder on the terminal, 80 columns wide or in a pipe."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.condition import Condition


def print_condition(condition: Condition) -> None:
    """Facts, sizes, snapshots, notes, and finally what needs attention. Texts are shown as they
    are."""
    console = Console()
    facts = _table()
    for name, value in condition.facts.items():
        facts.add_row(Text(name, "bold"), Text(value))
    versions = ", ".join(f"{name} {number}" for name, number in condition.versions.items())
    facts.add_row(Text("versions", "bold"), Text(versions))
    console.print(facts)

    if condition.parts:
        parts = _table("part", "files", "size", "where")
        for column in parts.columns[1:3]:
            column.justify = "right"
        for part in condition.parts:
            parts.add_row(part.name, f"{part.files:,}", size(part.bytes), Text(part.path))
        console.print()
        console.print(parts)

    if condition.snapshots:
        shots = _table("snapshot", "size", "state")
        shots.columns[1].justify = "right"
        for shot in reversed(condition.snapshots):
            state = "damaged" if shot["damaged"] else "whole"
            state += ", current" if shot["current"] else ""
            shots.add_row(Text(shot["id"]), size(shot["bytes"]), state)
        console.print()
        console.print(shots)

    console.print()
    for note in condition.notes:
        console.print(Text("note: ", "bold").append(note, "not bold"))
    for problem in condition.problems:
        console.print(Text("problem: ", "red bold").append(problem.what, "default not bold"))
        console.print(Text(f"  to do: {problem.to_do}"))
    if condition.healthy:
        console.print(Text("Nothing needs attention.", "green"))


def size(count: int) -> str:
    """Bytes in the unit that leaves up to three digits before the point."""
    value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.0f} B" if units[0] == "B" else f"{value:.1f} {units[0]}"


def _table(*columns: str) -> Table:
    table = Table(*columns, box=None, pad_edge=False, show_header=bool(columns))
    if not columns:
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
    else:
        table.columns[0].overflow = "fold"
        table.columns[-1].overflow = "fold"
    return table
