"""A data folder as files that can be kept elsewhere: an archive in parts, and its manifest.

The manifest names every part and every file in it with size and SHA-256. It is written last and
fetched first, so a set of parts without one was never finished.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import pyarrow as pa

FORM = 1
MANIFEST = "{generation}.manifest.json"
PART = "{generation}.part-{number:03}"
# A release takes files of up to 2 GiB.
PART_BYTES = 1_000_000_000
# Made anew by whoever needs them: the lock, dbt's parsed project, the folder names of this machine.
LEFT_OUT = {"refresh.lock", "refresh.flock", "dbt"}
CHUNK = 1 << 20


class DamagedStateError(Exception):
    """A kept state is not what its manifest says; the message names the file."""


def pack(data_dir: Path, folder: Path, generation: str, part_bytes: int = PART_BYTES) -> Path:
    """Write the parts of `data_dir` and then their manifest to `folder`; returns the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, dict[str, Any]] = {}
    parts = _Parts(folder, generation, part_bytes)
    with (
        parts,
        pa.CompressedOutputStream(pa.PythonFile(parts, "w"), "zstd") as packed,
        tarfile.open(fileobj=packed, mode="w|") as archive,
    ):
        for path in _members(data_dir):
            name = path.relative_to(data_dir).as_posix()
            archive.add(path, name, recursive=False)
            if path.is_file() and not path.is_symlink():
                files[name] = _fingerprint(path)
    manifest = folder / MANIFEST.format(generation=generation)
    content = {
        "form": FORM,
        "generation": generation,
        "parts": {path.name: _fingerprint(path) for path in parts.paths},
        "files": files,
    }
    manifest.write_text(json.dumps(content, indent=1, sort_keys=True), "utf-8")
    return manifest


def read_manifest(path: Path) -> dict[str, Any]:
    """Raises DamagedStateError."""
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        named = path.name == MANIFEST.format(generation=manifest["generation"])
        whole = manifest["form"] == FORM and manifest["parts"] and manifest["files"]
        plain = all(PurePosixPath(name).name == name for name in manifest["parts"])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise DamagedStateError(f"{path.name} cannot be read: {error}") from error
    if not (named and whole and plain):
        raise DamagedStateError(f"{path.name} is not a manifest that this version reads")
    return manifest


def is_whole(path: Path, expected: dict[str, Any]) -> bool:
    """Whether a file is there with the size and checksum of a manifest."""
    return path.is_file() and _fingerprint(path) == expected


def unpack(manifest: dict[str, Any], folder: Path, data_dir: Path) -> None:
    """Lay the parts in `folder` out as `data_dir`, which must not exist, once all is verified.

    Raises DamagedStateError; then nothing is at `data_dir`.
    """
    for name, expected in manifest["parts"].items():
        if not is_whole(folder / name, expected):
            raise DamagedStateError(f"{name} is missing or is not what the manifest says")
    building = data_dir.with_name(f"{data_dir.name}.restoring")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        with (
            _Joined([folder / name for name in sorted(manifest["parts"])]) as joined,
            pa.CompressedInputStream(pa.PythonFile(joined, "r"), "zstd") as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|") as archive,
        ):
            archive.extractall(building, filter="data")
    except (tarfile.TarError, OSError, pa.ArrowException) as error:
        shutil.rmtree(building)
        raise DamagedStateError(f"the archive cannot be unpacked: {error}") from error
    for name, expected in manifest["files"].items():
        if not is_whole(building / name, expected):
            shutil.rmtree(building)
            raise DamagedStateError(f"{name} in the archive is not what the manifest says")
    building.rename(data_dir)


def _members(data_dir: Path) -> Iterator[Path]:
    """Everything below, folders before what is in them; links are not followed."""
    for root, folders, files in os.walk(data_dir):
        here = Path(root)
        if here == data_dir:
            folders[:] = [name for name in folders if name not in LEFT_OUT]
            files = [name for name in files if name not in LEFT_OUT]
        folders.sort()
        yield from (here / name for name in sorted([*folders, *files]))


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


class _Parts(io.RawIOBase):
    """Writes one stream to files of at most `part_bytes`."""

    def __init__(self, folder: Path, generation: str, part_bytes: int) -> None:
        self.paths: list[Path] = []
        self._folder, self._generation, self._part_bytes = folder, generation, part_bytes
        self._file: BinaryIO | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest:
            file = self._file
            if file is None or file.tell() == self._part_bytes:
                file = self._next()
            room = self._part_bytes - file.tell()
            file.write(rest[:room])
            rest = rest[room:]
        return size

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()

    def _next(self) -> BinaryIO:
        if self._file is not None:
            self._file.close()
        name = PART.format(generation=self._generation, number=len(self.paths))
        self.paths.append(self._folder / name)
        self._file = self.paths[-1].open("wb")
        return self._file


class _Joined(io.RawIOBase):
    """Reads files one after the other as one stream."""

    def __init__(self, paths: list[Path]) -> None:
        self._files = [path.open("rb") for path in paths]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        for file in self._files:
            if piece := file.read(size if size >= 0 else CHUNK):
                return piece
        return b""

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()
