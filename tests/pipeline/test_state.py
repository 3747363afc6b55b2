"""A state kept outside comes back as it was, or not at all, whatever was cut off or damaged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from extract.settings import PROJECT_ROOT
from pipeline import state_release
from pipeline.exit_codes import JobError
from pipeline.state_release import FolderAssets, ReleaseAssets, restore, save
from tests.pipeline.live_folder import contents, lay_out

GENERATIONS = ["20261101T000000Z", "20261101T003000Z", "20261101T010000Z"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "data")


@pytest.fixture
def assets(tmp_path: Path) -> FolderAssets:
    return FolderAssets(tmp_path / "release")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several parts, as of a state beyond what a release takes in one file."""
    monkeypatch.setattr(state_release.pack, "__defaults__", (100_000,))


def keep(assets: FolderAssets, data: Path, count: int) -> None:
    """`count` generations, the file `warehouse.duckdb` different in each."""
    for generation in GENERATIONS[:count]:
        (data / "warehouse.duckdb").write_bytes(generation.encode() + os.urandom(300_000))
        save(assets, data, data.parent / "parts", generation)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROJECT_ROOT / "scripts" / "state.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_saves_and_restores_all_there_is(data: Path, tmp_path: Path) -> None:
    there = ("--folder", str(tmp_path / "release"), "--parts", str(tmp_path / "parts"))
    saved = command("save", "--data-dir", str(data), *there)
    assert saved.returncode == 0, saved.stderr
    assert saved.stdout.startswith("Kept: 2")
    new = tmp_path / "new" / "live"
    restored = command("restore", "--data-dir", str(new), *there)
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout.startswith("Restored and verified: 2")
    assert contents(new) == contents(data)
    assert not (new / "dbt").exists()


def test_the_first_run_of_all_finds_nothing_and_goes_on(tmp_path: Path) -> None:
    answer = command(
        *("restore", "--data-dir", str(tmp_path / "data")),
        *("--folder", str(tmp_path / "release"), "--parts", str(tmp_path / "parts")),
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "No state has been kept yet" in answer.stdout
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("kind", ["simulated", "replay"])
def test_other_prices_are_never_kept(kind: str, tmp_path: Path) -> None:
    data = lay_out(tmp_path / "data", kind)
    answer = command("save", "--data-dir", str(data), "--folder", str(tmp_path / "release"))
    assert answer.returncode == 2
    assert "does not hold live prices" in " ".join(answer.stderr.split())
    assert not (tmp_path / "release").exists()


def test_nothing_is_restored_over_what_is_there(assets: FolderAssets, data: Path) -> None:
    keep(assets, data, 1)
    before = contents(data)
    with pytest.raises(JobError, match="nothing was restored") as refused:
        restore(assets, data, data.parent / "elsewhere")
    assert refused.value.code == 2
    assert contents(data) == before


def test_the_last_two_are_kept(assets: FolderAssets, data: Path) -> None:
    keep(assets, data, 3)
    assert {name.split(".")[0] for name in assets.sizes()} == set(GENERATIONS[1:])
    assert len(assets.sizes()) > 6


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("spoil", [damage, Path.unlink, lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize("which", ["part-000", "part-001", "manifest.json"])
def test_where_the_newest_is_damaged_the_one_before_is_restored(
    which: str, spoil, assets: FolderAssets, data: Path, tmp_path: Path
) -> None:
    keep(assets, data, 2)
    spoil(assets.folder / f"{GENERATIONS[1]}.{which}")
    new = tmp_path / "new"
    assert restore(assets, new, tmp_path / "elsewhere") == GENERATIONS[0]
    assert (new / "warehouse.duckdb").read_bytes().startswith(GENERATIONS[0].encode())
    # It stays until there are two that are whole.
    assert save(assets, new, tmp_path / "elsewhere", GENERATIONS[2]) == [
        GENERATIONS[2],
        GENERATIONS[0],
    ]


def test_where_none_is_whole_nothing_begins_anew(
    assets: FolderAssets, data: Path, tmp_path: Path
) -> None:
    keep(assets, data, 2)
    for path in assets.folder.glob("*part-001"):
        damage(path)
    there = assets.sizes()
    answer = command(
        *("restore", "--data-dir", str(tmp_path / "new")),
        *("--folder", str(assets.folder), "--parts", str(tmp_path / "elsewhere")),
    )
    assert answer.returncode == 1
    assert "no kept state is intact" in answer.stderr
    assert GENERATIONS[0] in answer.stderr and GENERATIONS[1] in answer.stderr
    assert not (tmp_path / "new").exists()
    assert assets.sizes() == there


class CutOffError(Exception):
    pass


class UntilCutOff(FolderAssets):
    """Does `left` things more, the last upload by half, and is then gone."""

    left: int

    def _count(self) -> None:
        object.__setattr__(self, "left", self.left - 1)
        if self.left < 0:
            raise CutOffError

    def add(self, path: Path) -> None:
        try:
            self._count()
        except CutOffError:
            self.folder.mkdir(exist_ok=True)
            content = path.read_bytes()
            (self.folder / path.name).write_bytes(content[: len(content) // 2])
            raise
        super().add(path)

    def remove(self, name: str) -> None:
        self._count()
        super().remove(name)


def test_a_save_that_is_cut_off_anywhere_leaves_something_whole(data: Path, tmp_path: Path) -> None:
    cut_off = 0
    for steps in range(0, 24, 2):
        assets = UntilCutOff(tmp_path / f"release-{steps}")
        object.__setattr__(assets, "left", 1000)
        keep(assets, data, 2)
        last = (data / "warehouse.duckdb").read_bytes()
        (data / "warehouse.duckdb").write_bytes(b"newest" + os.urandom(300_000))
        object.__setattr__(assets, "left", steps)
        try:
            save(assets, data, tmp_path / "parts", GENERATIONS[2])
        except CutOffError:
            cut_off += 1
        new = tmp_path / f"new-{steps}"
        generation = restore(FolderAssets(assets.folder), new, tmp_path / f"parts-{steps}")
        assert generation in GENERATIONS[1:]
        whole = (new / "warehouse.duckdb").read_bytes()
        assert whole == last if generation == GENERATIONS[1] else whole.startswith(b"newest")
    assert 3 < cut_off < 12


def test_the_very_first_save_cut_off_counts_as_nothing_kept(data: Path, tmp_path: Path) -> None:
    assets = UntilCutOff(tmp_path / "release")
    object.__setattr__(assets, "left", 2)
    with pytest.raises(CutOffError):
        save(assets, data, tmp_path / "parts", GENERATIONS[0])
    assert restore(FolderAssets(assets.folder), tmp_path / "new", tmp_path / "elsewhere") is None
    assert save(FolderAssets(assets.folder), data, tmp_path / "parts", GENERATIONS[1]) == [
        GENERATIONS[1]
    ]
    assert not list(assets.folder.glob(f"{GENERATIONS[0]}*"))


def test_what_the_cache_holds_is_used_only_if_it_is_right(
    assets: FolderAssets, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(assets, data, 1)
    fetched: list[str] = []
    fetch = FolderAssets.fetch

    def counted(self: FolderAssets, name: str, folder: Path) -> None:
        fetched.append(name)
        fetch(self, name, folder)

    monkeypatch.setattr(FolderAssets, "fetch", counted)
    damage(tmp_path / "parts" / f"{GENERATIONS[0]}.part-001")
    restore(assets, tmp_path / "new", tmp_path / "parts")
    assert fetched == [f"{GENERATIONS[0]}.{end}" for end in ("manifest.json", "part-001")]
    assert contents(tmp_path / "new") == contents(data)


GH = """#!{python} -IS
import json, pathlib, shutil, sys
release = pathlib.Path({release!r})
action, tag, *rest = sys.argv[2:]
if {broken!r}:
    sys.exit("error connecting to the server")
if action == "create":
    release.mkdir()
elif not release.is_dir():
    sys.exit("release not found")
elif action == "view":
    files = [
        dict(name=path.name, size=path.stat().st_size, state="uploaded")
        for path in release.iterdir()
    ]
    print(json.dumps(dict(assets=files)))
elif action == "upload":
    shutil.copy(rest[0], release)
elif action == "download":
    shutil.copy(release / rest[rest.index("--pattern") + 1], rest[rest.index("--dir") + 1])
elif action == "delete-asset":
    (release / rest[0]).unlink()
"""


@pytest.mark.parametrize("broken", [False, True])
def test_a_release_is_reached_through_githubs_client(
    broken: bool, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for `gh` with its words; a network that fails is not a release that is absent."""
    client = tmp_path / "bin" / "gh"
    client.parent.mkdir()
    client.write_text(
        GH.format(python=sys.executable, release=str(tmp_path / "release"), broken=broken)
    )
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(client.parent), prepend=os.pathsep)
    assets = ReleaseAssets("warehouse-state")
    if broken:
        with pytest.raises(JobError, match="error connecting") as told:
            restore(assets, tmp_path / "new", tmp_path / "elsewhere")
        assert told.value.code == 3
        return
    assert restore(assets, tmp_path / "new", tmp_path / "elsewhere") is None
    monkeypatch.setattr(state_release, "KEPT", 1)
    for generation in GENERATIONS[:2]:
        save(assets, data, tmp_path / "parts", generation)
    assert restore(assets, tmp_path / "new", tmp_path / "elsewhere") == GENERATIONS[1]
    assert contents(tmp_path / "new") == contents(data)


def test_an_archive_cannot_write_outside(assets: FolderAssets, data: Path, tmp_path: Path) -> None:
    (data / "outside").symlink_to("/etc")
    save(assets, data, tmp_path / "parts", GENERATIONS[0])
    with pytest.raises(JobError, match="no kept state is intact"):
        restore(assets, tmp_path / "new", tmp_path / "elsewhere")
    manifest = json.loads((tmp_path / "parts" / f"{GENERATIONS[0]}.manifest.json").read_text())
    assert "outside" not in manifest["files"]
