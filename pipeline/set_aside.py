"""Damaged state: recognised, and moved to `set_aside/` in the data folder.

Whoever runs the command sees a warning, on the screen and in the log. Nothing is deleted there.
"""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from extract import durable
from published.json_form import misfit

log = logging.getLogger(__name__)

FOLDER = "set_aside"


@dataclass(frozen=True)
class Damage:
    """A file or folder that cannot be used, how that shows, and what its loss means."""

    path: Path
    wrong: str
    follows: str


def set_aside(data_dir: Path, damage: Damage) -> None:
    """Move one thing to `set_aside/<time>/<where it was>` and say so."""
    # The state of a warehouse may lie elsewhere.
    inside = damage.path.is_relative_to(data_dir)
    where = damage.path.relative_to(data_dir) if inside else Path(damage.path.name)
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    kept = data_dir / FOLDER / moment / where
    kept.parent.mkdir(parents=True)
    shutil.move(damage.path, kept)
    durable.sync(kept.parent)
    warn(where, damage, f"It was moved to {kept.relative_to(data_dir)}")


def warn(where: Path, damage: Damage, done: str) -> None:
    """`where` is below the data folder."""
    log.warning("%s was damaged (%s). %s; %s.", where, damage.wrong, done, damage.follows)


def read_state(data_dir: Path, path: Path, form: Any, follows: str) -> Any:
    """The content of a small JSON file; None where there is none, or it had to be set aside."""
    if wrong := problem(path, form):
        set_aside(data_dir, Damage(path, wrong, follows))
    return json.loads(path.read_bytes()) if path.exists() else None


def problem(path: Path, form: Any) -> str | None:
    """Why a file is no JSON of that form; None where it is, or where there is no file."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        return "it is a folder"
    except (ValueError, RecursionError):
        return "it is empty" if path.stat().st_size == 0 else "it is not JSON"
    return misfit(content, form)
