"""The small files that a run relies on: which of them are damaged, and what follows from that.

None of them holds anything that cannot be recreated, so the run continues without a damaged one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from extract import durable
from extract.settings import Settings
from pipeline.run_history import FAILED_RUNS, failed_runs, keep_failed
from pipeline.set_aside import Damage, problem, set_aside, warn
from published.json_form import Each, text, whole
from published.reading import (
    CURRENT,
    BrokenSnapshotError,
    current_folder,
    inspect,
    is_whole,
    read_manifest,
    snapshots,
)
from published.writing import point_to

GATE_POINTER_FORM = {"load_number": whole}
BUDGET_FORM = Each(whole)

ANY = Each(lambda value: True)
DLT_STATE_FORM = {
    "_state_version": whole,
    "_state_engine_version": whole,
    "_local": ANY,
    "schema_names?": [text],
}
DLT_SCHEMA_FORM = {"name": text, "version": whole, "engine_version": whole, "tables": Each(ANY)}
DLT_VERSION = re.compile(rb"[0-9]+\.[0-9]+\.[0-9]+\s*")

GATE_LOST = "gate 1 checks all loads again"
BUDGET_LOST = "this month's calls are counted from 0 again, so more than planned may be made"
DLT_LOST = "dlt restores its state from the warehouse"
PARSE_LOST = "dbt parses the project again"
RESULTS_LOST = "the quality docs show only what is checked from now on"
RUNS_LOST = "those failed runs are missing from the history"
POINTER_LOST = "it is recreated"
SNAPSHOT_LOST = "readers get the newest intact snapshot until this refresh has published another"


def damages(settings: Settings) -> list[Damage]:
    """Everything that `mend` would move aside or warn of. Reads only."""
    return [
        *_own_damages(settings),
        *_pointer_damage(settings),
        *_newest_damage(settings),
    ]


def mend(settings: Settings) -> None:
    """Move what is damaged aside, with a warning for each. The caller holds the lock."""
    for damage in _own_damages(settings):
        readable = failed_runs(settings.log_dir)[0] if damage.path.name == FAILED_RUNS else []
        set_aside(settings.data_dir, damage)
        if readable:
            keep_failed(settings.log_dir, readable)
    for damage in _pointer_damage(settings):
        _mend_pointer(settings, damage)
    for damage in _newest_damage(settings):
        warn(damage.path.relative_to(settings.data_dir), damage, "It stays where it is")


def _own_damages(settings: Settings) -> Iterator[Damage]:
    """Of what is renamed as it is."""
    if wrong := problem(settings.gate_pointer, GATE_POINTER_FORM):
        yield Damage(settings.gate_pointer, wrong, GATE_LOST)
    if wrong := problem(settings.call_budget_path, BUDGET_FORM):
        yield Damage(settings.call_budget_path, wrong, BUDGET_LOST)
    if wrong := _dlt_problem(settings.dlt_dir):
        yield Damage(settings.dlt_dir, wrong, DLT_LOST)
    yield from _dbt_damage(settings.dbt_dir)
    yield from _results_damage(settings.quality_docs_dir)
    record = settings.log_dir / FAILED_RUNS
    if record.is_dir():
        yield Damage(record, "it is a folder", RUNS_LOST)
    elif record.exists() and (bad := failed_runs(settings.log_dir)[1]):
        yield Damage(record, f"{bad} of its lines cannot be read", RUNS_LOST)
    if settings.published_dir.exists() and not settings.published_dir.is_dir():
        yield Damage(settings.published_dir, "it is not a folder", "snapshots are published anew")


def _dlt_problem(folder: Path) -> str | None:
    """dlt writes each file in one step, but a power failure can still empty or truncate one."""
    if folder.exists() and not folder.is_dir():
        return "it is not a folder"
    looks = (_state_problems, _version_problems, _package_problems)
    found = (wrong for pipeline in folder.glob("*/") for look in looks for wrong in look(pipeline))
    return next(found, None)


def _state_problems(pipeline: Path) -> Iterator[str]:
    """Of the state, and of the schemas that it names."""
    state = pipeline / "state.json"
    if wrong := problem(state, DLT_STATE_FORM):
        yield f"state.json: {wrong}"
        return
    if not state.exists():
        return
    for name in json.loads(state.read_bytes()).get("schema_names") or []:
        schema = pipeline / "schemas" / f"{name}.schema.json"
        if not schema.exists():
            yield f"{schema.name} is missing"
        elif wrong := problem(schema, DLT_SCHEMA_FORM):
            yield f"{schema.name}: {wrong}"


def _version_problems(pipeline: Path) -> Iterator[str]:
    for version in pipeline.glob("*/.version"):
        if not version.is_file() or not DLT_VERSION.fullmatch(version.read_bytes()):
            yield f"{version.parent.name}/.version is not a version"


def _package_problems(pipeline: Path) -> Iterator[str]:
    """Of packages of a load that was cut off. Those that are done are not looked at again."""
    for pending in (*pipeline.glob("load/normalized/*/"), *pipeline.glob("load/new/*/")):
        if pending.parent.name == "normalized" and not (pending / "schema.json").is_file():
            yield f"the package {pending.name} has no schema"
        for path in pending.rglob("*.json"):
            if wrong := problem(path, ANY):
                yield f"{path.name} of the package {pending.name}: {wrong}"


def _dbt_damage(folder: Path) -> Iterator[Damage]:
    """dbt silently ignores a damaged file, but fails on a folder in its place."""
    if folder.exists() and not folder.is_dir():
        yield Damage(folder, "it is not a folder", PARSE_LOST)
        return
    parsed = folder / "partial_parse.msgpack"
    if parsed.is_dir():
        yield Damage(parsed, "it is a folder", PARSE_LOST)
    elif parsed.exists():
        import msgpack

        try:
            content = msgpack.unpackb(parsed.read_bytes(), strict_map_key=False, raw=True)
            wrong = (
                None if isinstance(content, dict) and b"nodes" in content else "it is not a project"
            )
        except (ValueError, msgpack.UnpackException) as error:
            wrong = f"it cannot be read: {error}" if str(error) else "it cannot be read"
        if wrong:
            yield Damage(parsed, wrong, PARSE_LOST)


def _results_damage(folder: Path) -> Iterator[Damage]:
    """What the gates found, from which Great Expectations renders its site."""
    if folder.exists() and not folder.is_dir():
        yield Damage(folder, "it is not a folder", RESULTS_LOST)
        return
    for name in ("results", "site"):
        if (folder / name).exists() and not (folder / name).is_dir():
            yield Damage(folder / name, "it is not a folder", RESULTS_LOST)
    for path in (folder / "results").rglob("*.json"):
        # The libraries' own marks begin with a dot.
        if not path.name.startswith(".") and (wrong := problem(path, ANY)):
            yield Damage(folder / "results", f"{path.name}: {wrong}", RESULTS_LOST)
            return


def _pointer_damage(settings: Settings) -> Iterator[Damage]:
    pointer = settings.published_dir / CURRENT
    if pointer.is_symlink():
        folder = current_folder(settings.published_dir)
        if folder is None or not folder.is_dir():
            yield Damage(pointer, "it does not point to a folder", POINTER_LOST)
    elif pointer.exists():
        kind = "a folder" if pointer.is_dir() else "a file"
        yield Damage(pointer, f"it is {kind}, not a link", POINTER_LOST)


def _newest_damage(settings: Settings) -> Iterator[Damage]:
    folder = current_folder(settings.published_dir)
    if folder is not None and folder.is_dir():
        try:
            inspect(folder)
        except BrokenSnapshotError as error:
            yield Damage(settings.published_dir / folder.name, str(error), SNAPSHOT_LOST)


def _mend_pointer(settings: Settings, damage: Damage) -> None:
    """Point to the newest intact snapshot; one in the pointer's place gets a name of its own."""
    published, pointer = settings.published_dir, damage.path
    if pointer.is_symlink():
        pointer.unlink()
        warn(pointer.relative_to(settings.data_dir), damage, "It was removed")
    elif is_whole(pointer) and not (own := published / read_manifest(pointer)["run_id"]).exists():
        durable.move(pointer, own)
        warn(pointer.relative_to(settings.data_dir), damage, f"It was renamed to {own.name}")
    else:
        set_aside(settings.data_dir, damage)
    newest = next(filter(is_whole, reversed(snapshots(published))), None)
    if newest is not None:
        point_to(published, newest)
