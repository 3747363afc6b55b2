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


def test_everything_a_warehouse_keeps_is_in_its_data_folder() -> None:
    settings = Settings(data_dir=Path("/warehouse"))
    kept = {
        name: getattr(settings, name)
        for name, member in vars(Settings).items()
        if isinstance(member, property) and name != "warehouse_url"
    }
    assert len(kept) == len(set(kept.values())) > 10
    assert {path.parent for path in kept.values()} == {Path("/warehouse")}
    assert settings.warehouse_url == "duckdb:////warehouse/warehouse.duckdb"
