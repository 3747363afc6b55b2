"""Where a setting comes from, and how a bad one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from extract.settings import (
    CALLS_PER_MINUTE,
    MONTHLY_CALLS,
    PROJECT_ROOT,
    Settings,
    SettingsError,
    load_settings,
)

KEY = "CG-4f1x0"


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_defaults_are_a_keyless_simulated_market_in_the_project(env_file: Path) -> None:
    settings = load_settings({}, env_file=env_file)
    assert settings == Settings(data_dir=PROJECT_ROOT / "data")
    assert settings.source_kind == "simulated"
    assert settings.coingecko_plan == "keyless"


def test_options_go_over_the_environment_over_the_file_over_the_defaults(env_file: Path) -> None:
    env_file.write_text("CRYPTO_DATA_DIR=/from/file\nCRYPTO_SNAPSHOTS_KEPT=7\n")
    environ = {"CRYPTO_DATA_DIR": "/from/environment"}

    assert load_settings({}, env_file=None).data_dir == PROJECT_ROOT / "data"
    assert load_settings({}, env_file=env_file).data_dir == Path("/from/file")
    assert load_settings(environ, env_file=env_file).data_dir == Path("/from/environment")
    given = load_settings(environ, env_file=env_file, data_dir="/from/option", history_days=3)
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
    settings = load_settings(
        {"CRYPTO_SNAPSHOTS_KEPT": "", "COINGECKO_API_KEY": "", "CRYPTO_CA_BUNDLE": ""},
        env_file=env_file,
        source_kind=None,
        coins=None,
    )
    assert settings == Settings(data_dir=PROJECT_ROOT / "data", snapshots_kept=7)


def test_a_relative_data_folder_is_below_the_project(env_file: Path) -> None:
    assert load_settings({"CRYPTO_DATA_DIR": "a/b"}, env_file=None).data_dir == (
        PROJECT_ROOT / "a" / "b"
    )
    assert load_settings({}, env_file=None, data_dir="c").data_dir == PROJECT_ROOT / "c"


def test_a_key_alone_means_the_demo_plan() -> None:
    assert load_settings({"COINGECKO_API_KEY": KEY}, env_file=None).coingecko_plan == "demo"


@pytest.mark.parametrize("plan", ["keyless", "demo", "pro"])
def test_the_plan_sets_pace_and_budget_unless_they_are_given(plan: str) -> None:
    environ = {"COINGECKO_PLAN": plan} | ({"COINGECKO_API_KEY": KEY} if plan != "keyless" else {})
    settings = load_settings(environ, env_file=None)
    assert settings.calls_per_minute == CALLS_PER_MINUTE[plan]
    assert settings.monthly_calls == MONTHLY_CALLS[plan]

    environ |= {"COINGECKO_CALLS_PER_MINUTE": "3", "COINGECKO_MONTHLY_CALLS": "44"}
    settings = load_settings(environ, env_file=None)
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
        load_settings(environ, env_file=None)
    for name in names:
        assert name in str(error.value)
    assert KEY not in str(error.value)


@pytest.mark.parametrize("key", ["CG two", "CG\nX-Other: 1", "CG\u2026", "CG\x00", "CG\u00e9"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(key: str) -> None:
    """requests and http.client would show the whole key in their complaint."""
    with pytest.raises(SettingsError, match="COINGECKO_API_KEY") as error:
        load_settings({"COINGECKO_API_KEY": key}, env_file=None)
    assert "CG" not in str(error.value)


def test_a_line_break_behind_the_key_is_not_part_of_it() -> None:
    settings = load_settings({"COINGECKO_API_KEY": f" {KEY}\n"}, env_file=None)
    assert settings.coingecko_api_key == KEY


def test_a_bundle_that_is_there_is_taken(tmp_path: Path) -> None:
    bundle = tmp_path / "authorities.pem"
    bundle.touch()
    settings = load_settings({"CRYPTO_CA_BUNDLE": str(bundle)}, env_file=None)
    assert settings.ca_bundle == bundle


def test_the_key_is_not_in_the_settings_text() -> None:
    settings = load_settings({"COINGECKO_API_KEY": KEY}, env_file=None)
    assert settings.coingecko_api_key == KEY
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
    target: str,
) -> None:
    first = kept_paths(Settings(data_dir=Path("/warehouse")))
    second = kept_paths(Settings(data_dir=Path("/warehouse"), target=target))
    own = {name for name in first if first[name] != second[name]}
    assert own == {"state_dir", "dlt_dir", "dbt_dir", "gate_pointer"}
    assert second["dlt_dir"] == Path(f"/warehouse/{target}/dlt")


def test_spark_keeps_its_folders_where_it_is_told_to() -> None:
    settings = Settings(data_dir=Path("/warehouse"), target="spark")
    assert settings.spark_raw_url == "file:///warehouse/spark/lake"
    assert settings.spark_warehouse_url == "file:///warehouse/spark/warehouse"
    elsewhere = {"SPARK_RAW_URL": "s3://lake", "SPARK_WAREHOUSE_URL": "s3://warehouse"}
    settings = load_settings(elsewhere, env_file=None)
    assert (settings.spark_raw_url, settings.spark_warehouse_url) == ("s3://lake", "s3://warehouse")


def test_a_password_is_escaped_in_the_url_and_shown_nowhere_else() -> None:
    environ = {"POSTGRES_PASSWORD": "p@ss/w:rd", "POSTGRES_HOST": "db.example.org"}
    settings = load_settings(environ, env_file=None, target="postgres")
    assert settings.postgres.url == (
        "postgresql://postgres:p%40ss%2Fw%3Ard@db.example.org:5432/crypto_market?sslmode=prefer"
    )
    assert "p@ss" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("POSTGRES_SSLMODE", "yes", "POSTGRES_SSLMODE is 'yes'; use one of disable"),
        ("POSTGRES_PORT", "70000", "POSTGRES_PORT is 70000; use a number up to 65535"),
        ("POSTGRES_PORT", "five", "POSTGRES_PORT is 'five'"),
        ("SPARK_CATALOG", "derby", "SPARK_CATALOG is 'derby'; use one of hive, in-memory"),
    ],
)
def test_a_value_that_names_no_server_is_refused(name: str, value: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        load_settings({name: value}, env_file=None)
