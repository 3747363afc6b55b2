"""A target that cannot be used is said in one line, before anything is fetched."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from pydantic import SecretStr

from extract.targets import Postgres
from pipeline.exit_codes import ExitCode, JobError
from pipeline.job import prepare
from tests.conftest import settings_for
from tests.engines import missing

SECRET = "s3cret-w0rd"  # noqa: S105


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    if importlib.util.find_spec("adbc_driver_postgresql") is None:
        missing("PostgreSQL's packages are not installed: make setup-postgres")
    server = Postgres(host="127.0.0.1", port=1, password=SecretStr(SECRET))
    with pytest.raises(JobError) as error:
        prepare(settings_for(tmp_path / "data", target="postgres", postgres=server))
    assert error.value.code == ExitCode.USAGE
    assert "PostgreSQL at 127.0.0.1:1, database crypto_market, cannot be used" in str(error.value)
    assert SECRET not in str(error.value)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("target", "command"), [("postgres", "make setup-postgres"), ("spark", "make setup-spark")]
)
def test_packages_that_are_missing_come_with_the_command_that_installs_them(
    target: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(JobError, match=command) as error:
        prepare(settings_for(tmp_path, target=target))
    assert error.value.code == ExitCode.USAGE
