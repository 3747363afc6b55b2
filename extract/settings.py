"""Every setting, read once: the command line over the environment over .env over defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values

PROJECT_ROOT = Path(__file__).resolve().parent.parent

SourceKind = Literal["simulated", "live", "replay"]
Plan = Literal["keyless", "demo", "pro"]

COINGECKO_HOSTS: dict[Plan, str] = {
    "keyless": "https://api.coingecko.com/api/v3",
    "demo": "https://api.coingecko.com/api/v3",
    "pro": "https://pro-api.coingecko.com/api/v3",
}
COINGECKO_KEY_HEADERS: dict[Plan, str] = {
    "demo": "x-cg-demo-api-key",
    "pro": "x-cg-pro-api-key",
}
# CoinGecko's documents disagree on the limits; these stay below the lowest seen.
CALLS_PER_MINUTE: dict[Plan, int] = {"keyless": 5, "demo": 25, "pro": 250}
MONTHLY_CALLS: dict[Plan, int] = {"keyless": 10_000, "demo": 10_000, "pro": 500_000}

# Nothing in the warehouse phones home. Set before the libraries are imported.
TELEMETRY_OFF = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
}


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says what is allowed."""


@dataclass(frozen=True)
class Settings:
    """One run's settings. Times are aware UTC; `as_of` None means the clock of the machine."""

    data_dir: Path
    source_kind: SourceKind = "simulated"
    recordings: Path | None = None
    as_of: datetime | None = None
    coins: int | tuple[str, ...] = 30
    history_days: int = 90
    snapshots_kept: int = 5
    coingecko_plan: Plan = "keyless"
    coingecko_api_key: str | None = field(default=None, repr=False)
    calls_per_minute: int = CALLS_PER_MINUTE["keyless"]
    monthly_calls: int = MONTHLY_CALLS["keyless"]
    ca_bundle: Path | None = None

    @property
    def warehouse_path(self) -> Path:
        return self.data_dir / "warehouse.duckdb"

    @property
    def warehouse_url(self) -> str:
        return f"duckdb:///{self.warehouse_path}"

    @property
    def landing_dir(self) -> Path:
        return self.data_dir / "landing"

    @property
    def quarantine_dir(self) -> Path:
        return self.data_dir / "quarantine"

    @property
    def published_dir(self) -> Path:
        return self.data_dir / "published"

    @property
    def dlt_dir(self) -> Path:
        return self.data_dir / "dlt"

    @property
    def dbt_dir(self) -> Path:
        return self.data_dir / "dbt"

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "logs"

    @property
    def quality_docs_dir(self) -> Path:
        return self.data_dir / "quality_docs"

    @property
    def gate_pointer(self) -> Path:
        return self.data_dir / "gate_passed.json"

    @property
    def lock_path(self) -> Path:
        return self.data_dir / "refresh.lock"

    @property
    def call_budget_path(self) -> Path:
        return self.data_dir / "call_budget.json"


def switch_telemetry_off() -> None:
    """Say no for every library that would report its use."""
    os.environ.update(TELEMETRY_OFF)


def load_settings(
    environ: Mapping[str, str] | None = None,
    *,
    env_file: Path | None = PROJECT_ROOT / ".env",
    **options: object,
) -> Settings:
    """Merge `options` (None = not given) over the environment over `.env` over the defaults.

    Raises SettingsError for a value that cannot be used.
    """
    values: dict[str, str] = {}
    if env_file is not None and env_file.is_file():
        values |= {name: value for name, value in dotenv_values(env_file).items() if value}
    values |= {
        name: value for name, value in (os.environ if environ is None else environ).items() if value
    }

    key = values.get("COINGECKO_API_KEY", "").strip() or None
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise SettingsError("COINGECKO_API_KEY holds a character that no key has; copy it anew")
    plan = values.get("COINGECKO_PLAN", "demo" if key else "keyless")
    if plan not in COINGECKO_HOSTS:
        raise SettingsError(f"COINGECKO_PLAN is {plan!r}; use keyless, demo or pro")
    if plan != "keyless" and not key:
        raise SettingsError(f"COINGECKO_PLAN is {plan} but COINGECKO_API_KEY is not set")
    if plan == "keyless" and key:
        raise SettingsError(
            "COINGECKO_API_KEY is set but COINGECKO_PLAN is keyless; use demo or pro"
        )

    bundle = values.get("CRYPTO_CA_BUNDLE")
    if bundle and not Path(bundle).is_file():
        raise SettingsError(f"CRYPTO_CA_BUNDLE names {bundle}, which is not a file")

    given = {name: value for name, value in options.items() if value is not None}
    data_dir = Path(str(given.pop("data_dir", None) or values.get("CRYPTO_DATA_DIR") or "data"))
    if not data_dir.is_absolute():
        data_dir = PROJECT_ROOT / data_dir

    return Settings(
        data_dir=data_dir,
        coingecko_plan=plan,
        coingecko_api_key=key,
        calls_per_minute=_positive(values, "COINGECKO_CALLS_PER_MINUTE", CALLS_PER_MINUTE[plan]),
        monthly_calls=_positive(values, "COINGECKO_MONTHLY_CALLS", MONTHLY_CALLS[plan]),
        snapshots_kept=_positive(values, "CRYPTO_SNAPSHOTS_KEPT", 5),
        ca_bundle=Path(bundle) if bundle else None,
        **given,
    )


def _positive(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) == 0:
        raise SettingsError(f"{name} is {text!r}; use a whole number from 1 to 999999999")
    return int(text)
