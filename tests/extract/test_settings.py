"""Where a setting comes from, and how a bad one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from extract.coingecko_plans import CALLS_PER_MINUTE, MONTHLY_CALLS, Plan
from extract.settings import PROJECT_ROOT, Settings, SettingsError, load_settings
from extract.targets import Target
from tests.extract.environment import settings_from

KEY = "CG-4f1x0"


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_defaults_are_a_keyless_simulated_market_in_the_project(env_file: Path) -> None:
    settings = settings_from({}, env_file=env_file)
    assert settings == Settings(data_dir=PROJECT_ROOT / "data")
    assert settings.source_kind == "simulated"
    assert settings.coingecko_plan == "keyless"


def test_options_go_over_the_environment_over_the_file_over_the_defaults(env_file: Path) -> None:
    env_file.write_text("CRYPTO_DATA_DIR=/from/file\nCRYPTO_SNAPSHOTS_KEPT=7\n")
    environ = {"CRYPTO_DATA_DIR": "/from/environment"}

    assert settings_from({}).data_dir == PROJECT_ROOT / "data"
    assert settings_from({}, env_file=env_file).data_dir == Path("/from/file")
    assert settings_from(environ, env_file=env_file).data_dir == Path("/from/environment")
    given = settings_from(environ, env_file=env_file, data_dir="/from/option", history_days=3)
    assert given.data_dir == Path("/from/option")
    assert given.history_days == 3
    assert given.snapshots_kept == 7


def test_the_process_environment_is_read_when_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CRYPTO_SNAPSHOTS_KEPT", "9")
    assert load_settings(env_file=None).snapshots_kept == 9


def test_an_option_or_a_variable_that_is_empty_is_not_given(env_file: Path) -> None:
    env_file.write_text("CRYPTO_SNAPSHOTS_KEPT=7\n")
    settings = settings_from(
        {"CRYPTO_SNAPSHOTS_KEPT": "", "COINGECKO_API_KEY": "", "CRYPTO_CA_BUNDLE": ""},
        env_file=env_file,
        source_kind=None,
        coins=None,
    )
    assert settings == Settings(data_dir=PROJECT_ROOT / "data", snapshots_kept=7)


def test_a_relative_data_folder_is_below_the_project(env_file: Path) -> None:
    assert settings_from({"CRYPTO_DATA_DIR": "a/b"}).data_dir == (PROJECT_ROOT / "a" / "b")
    assert settings_from({}, data_dir="c").data_dir == PROJECT_ROOT / "c"


def test_a_key_alone_means_the_demo_plan() -> None:
    assert settings_from({"COINGECKO_API_KEY": KEY}).coingecko_plan == "demo"


@pytest.mark.parametrize("plan", ["keyless", "demo", "pro"])
def test_the_plan_sets_pace_and_budget_unless_they_are_given(plan: Plan) -> None:
    environ = {"COINGECKO_PLAN": plan} | ({"COINGECKO_API_KEY": KEY} if plan != "keyless" else {})
    settings = settings_from(environ)
    assert settings.calls_per_minute == CALLS_PER_MINUTE[plan]
    assert settings.monthly_calls == MONTHLY_CALLS[plan]

    environ |= {"COINGECKO_CALLS_PER_MINUTE": "3", "COINGECKO_MONTHLY_CALLS": "44"}
    settings = settings_from(environ)
    assert (settings.calls_per_minute, settings.monthly_calls) == (3, 44)


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({"COINGECKO_PLAN": "gold"}, ["COINGECKO_PLAN", "gold", "keyless, demo or pro"]),
        ({"COINGECKO_PLAN": "demo"}, ["COINGECKO_PLAN", "COINGECKO_API_KEY is not set"]),
        ({"COINGECKO_PLAN": "pro"}, ["COINGECKO_PLAN", "COINGECKO_API_KEY is not set"]),
        (
            {"COINGECKO_PLAN": "keyless", "COINGECKO_API_KEY": KEY},
            ["COINGECKO_API_KEY", "COINGECKO_PLAN is keyless"],
        ),
        ({"CRYPTO_CA_BUNDLE": "/no/such.pem"}, ["CRYPTO_CA_BUNDLE", "/no/such.pem"]),
        *(
            ({name: text}, [name, repr(text), "whole number"])
            for name in (
                "COINGECKO_CALLS_PER_MINUTE",
                "COINGECKO_MONTHLY_CALLS",
                "CRYPTO_SNAPSHOTS_KEPT",
            )
            for text in ("0", "-1", "1.5", "many", "²", "٣", "9" * 5000)
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_name(
    environ: dict[str, str], names: list[str]
) -> None:
    with pytest.raises(SettingsError) as error:
        settings_from(environ)
    for name in names:
        assert name in str(error.value)
    assert KEY not in str(error.value)


@pytest.mark.parametrize("key", ["CG two", "CG\nX-Other: 1", "CG\u2026", "CG\x00", "CG\u00e9"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(key: str) -> None:
    """requests and http.client would show the whole key in their complaint."""
    with pytest.raises(SettingsError, match="COINGECKO_API_KEY") as error:
        settings_from({"COINGECKO_API_KEY": key})
    assert "CG" not in str(error.value)


def test_a_line_break_behind_the_key_is_not_part_of_it() -> None:
    settings = settings_from({"COINGECKO_API_KEY": f" {KEY}\n"})
    assert settings.coingecko_api_key == SecretStr(KEY)


def test_a_bundle_that_is_there_is_taken(tmp_path: Path) -> None:
    bundle = tmp_path / "authorities.pem"
    bundle.touch()
    settings = settings_from({"CRYPTO_CA_BUNDLE": str(bundle)})
    assert settings.ca_bundle == bundle


def test_the_key_is_not_in_the_settings_text() -> None:
    settings = settings_from({"COINGECKO_API_KEY": KEY})
    assert settings.coingecko_api_key == SecretStr(KEY)
    assert KEY not in repr(settings)
    assert KEY not in f"{settings}"


def kept_paths(settings: Settings) -> dict[str, Path]:
    return {
        name: value
        for name, member in vars(Settings).items()
        if isinstance(member, property) and isinstance(value := getattr(settings, name), Path)
    }


def test_everything_a_warehouse_keeps_is_in_its_data_folder() -> None:
    settings = Settings(data_dir=Path("/warehouse"))
    kept = kept_paths(settings)
    assert kept.pop("state_dir") == Path("/warehouse")
    assert len(kept) == len(set(kept.values())) > 10
    assert {path.parent for path in kept.values()} == {Path("/warehouse")}
    assert settings.warehouse_url == "duckdb:////warehouse/warehouse.duckdb"


@pytest.mark.parametrize("target", ["postgres", "spark"])
def test_targets_share_landing_and_published_and_nothing_they_know_of_themselves(
    target: Target,
) -> None:
    first = kept_paths(Settings(data_dir=Path("/warehouse")))
    second = kept_paths(Settings(data_dir=Path("/warehouse"), target=target))
    own = {name for name in first if first[name] != second[name]}
    assert own == {"state_dir", "dlt_dir", "dbt_dir", "gate_pointer", "tick_dir"}
    assert second["dlt_dir"] == Path(f"/warehouse/{target}/dlt")


def test_spark_keeps_its_folders_where_it_is_told_to() -> None:
    settings = Settings(data_dir=Path("/warehouse"), target="spark")
    assert settings.spark_raw_url == "file:///warehouse/spark/lake"
    assert settings.spark_warehouse_url == "file:///warehouse/spark/warehouse"
    elsewhere = {"SPARK_RAW_URL": "s3://lake", "SPARK_WAREHOUSE_URL": "s3://warehouse"}
    settings = settings_from(elsewhere)
    assert (settings.spark_raw_url, settings.spark_warehouse_url) == ("s3://lake", "s3://warehouse")


def test_a_password_is_escaped_in_the_url_and_shown_nowhere_else() -> None:
    environ = {"POSTGRES_PASSWORD": "p@ss/w:rd", "POSTGRES_HOST": "db.example.org"}
    settings = settings_from(environ, target="postgres")
    assert settings.postgres.url == (
        "postgresql://postgres:p%40ss%2Fw%3Ard@db.example.org:5432/crypto_market?sslmode=prefer"
    )
    assert "p@ss" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        (
            "POSTGRES_SSLMODE",
            "yes",
            "POSTGRES_SSLMODE is 'yes'; use disable, allow, prefer, require, verify-ca or verify-",
        ),
        ("POSTGRES_PORT", "70000", "is '70000'; use a whole number from 1 to 65535"),
        ("POSTGRES_PORT", "five", "POSTGRES_PORT is 'five'; use a whole number from 1 to 65535"),
        ("SPARK_CATALOG", "derby", "SPARK_CATALOG is 'derby'; use hive or in-memory"),
    ],
)
def test_a_value_that_names_no_server_is_refused(name: str, value: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        settings_from({name: value})
