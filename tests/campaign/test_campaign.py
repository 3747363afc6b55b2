"""The campaign's page says what its tests measured, and nothing else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from extract.settings import PROJECT_ROOT
from scripts import campaign
from tests import fault_sizes
from tests.campaign.measuring import CutOffError, measure, read
from tests.campaign.page import broken, page
from tests.campaign.promises import GROUPS, Group, Promise

TRIED = """
import os
import pytest

@pytest.mark.parametrize("lost", [0, 2])
def test_kills(record_property, lost):
    record_property("kills", os.environ["FAULT_KILLS"])
    record_property("rows lost", lost)
    record_property("longest end in seconds", 0.25 + lost)
    assert lost == 0, "rows were lost | twice"

def test_readers(record_property):
    record_property("reads", 1200)

def test_of_a_disk():
    pytest.skip("no disk can be mounted here")
"""


@pytest.fixture
def groups(tmp_path: Path) -> tuple[Group, ...]:
    (tmp_path / "test_tried.py").write_text(TRIED)
    promises = {
        "Kills lose nothing.": "test_tried.py::test_kills",
        "Readers read.": "test_tried.py::test_readers",
        "A full disk is told.": "test_tried.py::test_of_a_disk",
        "Nobody tries this.": "test_tried.py::test_kill",
    }
    tried = tuple(Promise(text, (test,)) for text, test in promises.items())
    return (Group("first", "First", tried), Group("second", "Second", tried[:1]))


def test_page_and_verdicts_follow_from_what_the_tests_recorded(
    groups: tuple[Group, ...], tmp_path: Path
) -> None:
    whole = (Group("first", "First", groups[0].promises[:3]), groups[1])
    measure(whole[0], {"FAULT_KILLS": "5"}, tmp_path / "work", tmp_path)
    results = read(tmp_path / "work", whole)
    text = page(whole, results)
    rows = {line.split(" | ")[0][2:]: line for line in text.splitlines() if line[:2] == "| "}

    assert (
        "1 of 2 tests passed; 10 kills; 2 rows lost; longest end in seconds: 2.25"
        in (rows["Kills lose nothing."])
    )
    assert (
        "**broken**: test_kills[2]: AssertionError: rows were lost \\| twice"
        in (rows["Kills lose nothing."])
    )
    assert "1 of 1 tests passed; 1,200 reads | kept |" in rows["Readers read."]
    assert "not tested: test_of_a_disk: no disk can be mounted here" in rows["A full disk is told."]
    assert "Of 3 promises: 1 kept, 1 **broken**, 1 not tested." in text
    assert "`FAULT_KILLS=5 pytest test_tried.py`" in text
    assert "Not measured: second." in text
    assert [promise.text for promise in broken(whole, results)] == ["Kills lose nothing."]


def test_promise_whose_test_is_gone_is_broken(groups: tuple[Group, ...], tmp_path: Path) -> None:
    """pytest runs nothing at all where one of the tests it is given is not there."""
    measure(groups[0], {}, tmp_path / "work", tmp_path)
    assert broken(groups, read(tmp_path / "work", groups)) == list(groups[0].promises)


def test_group_that_was_cut_off_keeps_the_result_from_before(
    groups: tuple[Group, ...], tmp_path: Path
) -> None:
    measure(groups[1], {"FAULT_KILLS": "5"}, tmp_path / "work", tmp_path)
    before = read(tmp_path / "work", groups)
    deadly = TRIED.replace("import pytest", "import pytest\nos.kill(os.getpid(), 9)")
    (tmp_path / "test_tried.py").write_text(deadly)
    with pytest.raises(CutOffError, match="second were cut off"):
        measure(groups[1], {"FAULT_KILLS": "6"}, tmp_path / "work", tmp_path)
    assert read(tmp_path / "work", groups) == before


def test_every_test_that_is_named_exists() -> None:
    for test in (test for group in GROUPS for test in group.tests):
        file, _, name = test.partition("::")
        tree = ast.parse((PROJECT_ROOT / file).read_text())
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not name or name in names, test


def test_the_campaign_sets_every_size_once_and_no_other() -> None:
    known = re.findall(r'"(FAULT_\w+)"', Path(fault_sizes.__file__).read_text())
    assert sorted(name for group in GROUPS for name in group.sizes) == sorted(known)


def test_command_goes_on_where_it_was_stopped_and_ends_with_1_for_a_broken_promise(
    groups: tuple[Group, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tuple(
        Group(group.name, group.title, group.promises[:1], {"FAULT_KILLS": "100"})
        for group in groups
    )
    monkeypatch.setattr(campaign, "GROUPS", small)
    monkeypatch.setattr(campaign, "NAMES", [group.name for group in small])
    monkeypatch.setattr(campaign, "PROJECT_ROOT", tmp_path)
    options = ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "page.md")]

    only = CliRunner().invoke(campaign.main, [*options, "--only", "first", "--kills", "7"])
    assert only.exit_code == 1
    assert "broken: Kills lose nothing." in only.output
    assert "Not measured: second." in (tmp_path / "page.md").read_text()

    (tmp_path / "test_tried.py").write_text(TRIED.replace("[0, 2]", "[0]"))
    rest = CliRunner().invoke(campaign.main, [*options, "--only", "first,second", "--resume"])
    assert rest.exit_code == 1, "the first group was left out"
    text = (tmp_path / "page.md").read_text()
    assert "14 kills; 2 rows lost" in text
    assert "100 kills; 0 rows lost" in text

    again = CliRunner().invoke(campaign.main, [*options, "--only", "first"])
    assert again.exit_code == 0, again.output
    assert CliRunner().invoke(campaign.main, [*options, "--only", "third"]).exit_code == 2
