"""Keeps a data folder as assets of a release; an interrupted upload always leaves one to restore.

A generation is its parts and, uploaded after them, its manifest: without the manifest it does not
count. Names are never used twice and nothing is replaced. Older generations go only when the new
one is there, each its manifest first.
"""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from extract.environment import child_environment
from extract.landing import SourceKindMismatchError, refuse_other_kinds, source_kind_of
from pipeline.exit_codes import ExitCode, JobError
from pipeline.state_archive import (
    MANIFEST,
    DamagedStateError,
    is_whole,
    pack,
    read_manifest,
    unpack,
)

log = logging.getLogger(__name__)

KEPT = 2
MANIFEST_END = MANIFEST.format(generation="")
# Which generation a data folder was restored from.
RESTORED_FROM = "restored_from.json"


class Assets(Protocol):
    """Files by name. Each method raises JobError (3) when it cannot be done."""

    def sizes(self) -> dict[str, int]: ...

    def fetch(self, name: str, folder: Path) -> None: ...

    def add(self, path: Path) -> None: ...

    def remove(self, name: str) -> None: ...


@dataclass(frozen=True)
class FolderAssets:
    """A folder to use instead of a release."""

    folder: Path

    def sizes(self) -> dict[str, int]:
        files = self.folder.iterdir() if self.folder.is_dir() else ()
        return {path.name: path.stat().st_size for path in files}

    def fetch(self, name: str, folder: Path) -> None:
        shutil.copy(self.folder / name, folder / name)

    def add(self, path: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, self.folder / path.name)

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()


@dataclass(frozen=True)
class ReleaseAssets:
    """A release of the repository that GitHub's own client finds, made with the first file."""

    tag: str

    def sizes(self) -> dict[str, int]:
        answer = self._gh("view", self.tag, "--json", "assets", may_say="release not found")
        assets = json.loads(answer)["assets"] if answer else []
        # A file whose upload was cut off stays in another state.
        return {asset["name"]: asset["size"] for asset in assets if asset["state"] == "uploaded"}

    def fetch(self, name: str, folder: Path) -> None:
        self._gh("download", self.tag, "--pattern", name, "--dir", str(folder), "--clobber")

    def add(self, path: Path) -> None:
        if not self._gh("view", self.tag, "--json", "id", may_say="release not found"):
            notes = "The state that the scheduled refresh continues from. Generated; do not edit."
            texts = ("--title", "State of the warehouse", "--notes", notes)
            self._gh("create", self.tag, *texts, "--prerelease", "--latest=false")
        self._gh("upload", self.tag, str(path))

    def remove(self, name: str) -> None:
        self._gh("delete-asset", self.tag, name, "--yes")

    def _gh(self, *arguments: str, may_say: str | None = None) -> str:
        gh = shutil.which("gh")
        if gh is None:
            raise JobError(ExitCode.USAGE, "a release is reached with `gh`, which is not installed")
        answer = subprocess.run(  # noqa: S603
            [gh, "release", *arguments],
            env=child_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode and not (may_say and may_say in answer.stderr):
            raise JobError(
                ExitCode.SOURCE,
                f"gh release {arguments[0]} failed: {answer.stderr.strip()}. What was kept "
                "before is still there; run again.",
            )
        return "" if answer.returncode else answer.stdout


def restore(assets: Assets, data_dir: Path, parts_dir: Path) -> str | None:
    """Restore `data_dir` from the newest intact generation; None if none has been kept.

    What `parts_dir` already holds is taken from there when its checksum is right. Raises JobError:
    1 if states were kept and none is intact, 2 if `data_dir` is not empty, 3.
    """
    if data_dir.exists() and any(data_dir.iterdir()):
        raise JobError(ExitCode.USAGE, f"{data_dir} holds a warehouse; nothing was restored")
    parts_dir.mkdir(parents=True, exist_ok=True)
    generations = _generations(assets.sizes())
    faults = []
    for generation in reversed(generations):
        try:
            _restore(assets, generation, data_dir, parts_dir)
        except DamagedStateError as error:
            faults.append(f"  {generation}: {error}")
            log.warning("generation %s was not restored: %s", generation, error)
            continue
        (data_dir / RESTORED_FROM).write_text(json.dumps({"generation": generation}))
        return generation
    if faults:
        lines = ["no kept state is intact:", *faults]
        lines += [
            "Nothing was restored or deleted. Repair the assets, or delete them all to start over."
        ]
        raise JobError(ExitCode.CHECK_FAILED, "\n".join(lines))
    return None


def _restore(assets: Assets, generation: str, data_dir: Path, parts_dir: Path) -> None:
    name = MANIFEST.format(generation=generation)
    assets.fetch(name, parts_dir)
    manifest = read_manifest(parts_dir / name)
    there = assets.sizes()
    for part, expected in manifest["parts"].items():
        if is_whole(parts_dir / part, expected):
            continue
        if part not in there:
            raise DamagedStateError(f"{part} is missing")
        assets.fetch(part, parts_dir)
    if data_dir.exists():
        data_dir.rmdir()
    unpack(manifest, parts_dir, data_dir)
    try:
        refuse_other_kinds(data_dir / "landing", "live")
    except SourceKindMismatchError as error:
        shutil.rmtree(data_dir)
        raise DamagedStateError("it does not hold live prices") from error


def save(assets: Assets, data_dir: Path, parts_dir: Path, generation: str) -> list[str]:
    """Keep `data_dir` as a new generation; returns those that are kept now, newest first.

    The caller holds the folder's lock. Raises JobError: 2 when it does not hold live prices or
    the generation is not newer than those kept, 3 when the assets cannot be reached.
    """
    if source_kind_of(data_dir / "landing") != "live":
        raise JobError(
            ExitCode.USAGE,
            f"{data_dir} does not hold live prices; only those are kept. Nothing was uploaded.",
        )
    before = _generations(assets.sizes())
    if before and generation <= before[-1]:
        raise JobError(
            ExitCode.USAGE, f"generation {generation} is not newer than {before[-1]}; nothing done"
        )
    shutil.rmtree(parts_dir, ignore_errors=True)
    manifest = pack(data_dir, parts_dir, generation)
    parts: dict[str, dict[str, Any]] = read_manifest(manifest)["parts"]
    for part in parts:
        assets.add(parts_dir / part)
    sizes = assets.sizes()
    if short := [part for part in parts if sizes.get(part) != parts[part]["bytes"]]:
        raise JobError(
            ExitCode.SOURCE,
            f"{', '.join(short)} did not arrive completely; what was kept before is still there. "
            "Run again.",
        )
    assets.add(manifest)
    kept = [generation, *_most_trusted(before, data_dir)][:KEPT]
    _remove_others(assets, kept)
    return kept


def _most_trusted(generations: list[str], data_dir: Path) -> list[str]:
    """Newest first, but ahead of all the one that this folder was restored from, as verified."""
    newest_first = generations[::-1]
    marker = data_dir / RESTORED_FROM
    restored = json.loads(marker.read_text())["generation"] if marker.is_file() else None
    return sorted(newest_first, key=lambda generation: generation != restored)


def _remove_others(assets: Assets, kept: list[str]) -> None:
    """Manifests go first, so that one is never there without its parts."""
    names = sorted(assets.sizes(), key=lambda name: not name.endswith(MANIFEST_END))
    for name in names:
        if name.partition(".")[0] not in kept:
            assets.remove(name)


def _generations(names: dict[str, int]) -> list[str]:
    """Those with a manifest, oldest first."""
    return sorted(name.removesuffix(MANIFEST_END) for name in names if name.endswith(MANIFEST_END))
