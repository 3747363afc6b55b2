"""What `make setup` installs is what the lists ask for, each file of it known by its hash."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from extract.settings import PROJECT_ROOT
from scripts.lock import blocks

LISTS = sorted(PROJECT_ROOT.glob("requirements*.txt"))


def asked_for(path: Path) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def locked(path: Path) -> dict[str, str]:
    """Version by name, of a lock and the one that it begins with."""
    lock = path.read_text()
    versions = locked(PROJECT_ROOT / "requirements.lock") if "\n-r " in lock else {}
    for block in blocks(lock):
        requirement = Requirement(block.split("\\")[0])
        [version] = requirement.specifier
        assert version.operator == "=="
        name = canonicalize_name(requirement.name)
        assert versions.setdefault(name, version.version) == version.version
    return versions


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_the_lock_has_what_the_list_asks_for(path: Path) -> None:
    versions = locked(path.with_suffix(".lock"))
    for requirement in asked_for(path):
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier, requirement


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_every_package_has_its_hashes_and_no_address(path: Path) -> None:
    lock = path.with_suffix(".lock").read_text()
    assert "://" not in lock
    for block in blocks(lock):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block
    rest = [line for line in lock.splitlines() if not re.match(r"[a-z].*==| +--hash=", line)]
    assert all(re.fullmatch(r"#.*|-r requirements\.lock", line) for line in rest), rest


def test_all_locks_and_the_constraints_agree() -> None:
    constraints: dict[str, str] = {
        canonicalize_name(requirement.name): str(requirement.specifier)
        for line in (PROJECT_ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
        for requirement in [Requirement(line)]
    }
    seen = set()
    for path in LISTS:
        versions = locked(path.with_suffix(".lock"))
        seen |= set(versions)
        for name, version in versions.items():
            assert constraints[name] == f"=={version}", name
    assert seen == set(constraints)


def test_setup_installs_nothing_without_its_hash() -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text()
    assert "--require-hashes -r $(1)" in makefile
    assert set(re.findall(r"call install,(\S+)\)", makefile)) == {
        "requirements.lock",
        "requirements-$*.lock",
    }
