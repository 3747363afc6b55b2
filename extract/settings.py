"""Every setting, read once: the command line over the environment over .env over defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import quote

from dotenv import dotenv_values

PROJECT_ROOT = Path(__file__).resolve().parent.parent

SourceKind = Literal["simulated", "live", "replay"]
Plan = Literal["keyless", "demo", "pro"]
Target = Literal["duckdb", "postgres", "spark"]
TARGETS: tuple[Target, ...] = get_args(Target)

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

SSLMODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SPARK_CATALOGS = ("hive", "in-memory")

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
class Postgres:
    """A PostgreSQL database; the defaults are those of a local server."""

    host: str = "127.0.0.1"
    port: int = 5432
    user: str = "postgres"
    # dlt asks for one even where the server trusts everybody.
    password: str = field(default="postgres", repr=False)
    database: str = "crypto_market"
    sslmode: str = "prefer"

    @property
    def url(self) -> str:
        """With the password in it: for drivers, never for people."""
        user, password, name = (
            quote(part, safe="") for part in (self.user, self.password, self.database)
        )
        return (
            f"postgresql://{user}:{password}@{self.host}:{self.port}/{name}"
            f"?sslmode={quote(self.sslmode, safe='')}"
        )


@dataclass(frozen=True)
class Spark:
    """A Spark session; the folders are None where they lie in the data folder.

    `catalog` is `hive`, which lasts, or `in-memory`, which ends with the process.
    """

    master: str = "local[2]"
    warehouse_url: str | None = None
    raw_url: str | None = None
    catalog: str = "hive"
    shuffle_partitions: int = 4


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
    target: Target = "duckdb"
    postgres: Postgres = field(default_factory=Postgres)
    spark: Spark = field(default_factory=Spark)

    @property
    def state_dir(self) -> Path:
        """What is kept about one warehouse; landing and published serve all of them."""
        return self.data_dir if self.target == "duckdb" else self.data_dir / self.target

    @property
    def warehouse_path(self) -> Path:
        return self.data_dir / "warehouse.duckdb"

    @property
    def warehouse_url(self) -> str:
        """Where the gates look: a database, or the Spark session of the process."""
        if self.target == "postgres":
            return self.postgres.url.replace("postgresql://", "postgresql+psycopg2://", 1)
        return "spark://" if self.target == "spark" else f"duckdb:///{self.warehouse_path}"

    @property
    def spark_warehouse_url(self) -> str:
        return self.spark.warehouse_url or (self.state_dir / "warehouse").resolve().as_uri()

    @property
    def spark_raw_url(self) -> str:
        """The folder that holds `raw`, a folder for each of its tables."""
        return self.spark.raw_url or (self.state_dir / "lake").resolve().as_uri()

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
        return self.state_dir / "dlt"

    @property
    def dbt_dir(self) -> Path:
        return self.state_dir / "dbt"

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "logs"

    @property
    def quality_docs_dir(self) -> Path:
        return self.data_dir / "quality_docs"

    @property
    def gate_pointer(self) -> Path:
        return self.state_dir / "gate_passed.json"

    @property
    def lock_path(self) -> Path:
        return self.data_dir / "refresh.lock"

    @property
    def profile_variables(self) -> dict[str, str]:
        """What profiles.yml reads from the environment, so that dbt finds this warehouse."""
        return {
            "CRYPTO_DATA_DIR": str(self.data_dir),
            "POSTGRES_HOST": self.postgres.host,
            "POSTGRES_PORT": str(self.postgres.port),
            "POSTGRES_USER": self.postgres.user,
            "POSTGRES_PASSWORD": self.postgres.password,
            "POSTGRES_DB": self.postgres.database,
            "POSTGRES_SSLMODE": self.postgres.sslmode,
            "SPARK_MASTER": self.spark.master,
            "SPARK_CATALOG": self.spark.catalog,
            "SPARK_SHUFFLE_PARTITIONS": str(self.spark.shuffle_partitions),
            "SPARK_WAREHOUSE_URL": self.spark_warehouse_url,
            "SPARK_RAW_URL": self.spark_raw_url,
        }

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
        postgres=_postgres(values),
        spark=_spark(values),
        **given,
    )


def _postgres(values: Mapping[str, str]) -> Postgres:
    sslmode = values.get("POSTGRES_SSLMODE", Postgres.sslmode)
    if sslmode not in SSLMODES:
        raise SettingsError(f"POSTGRES_SSLMODE is {sslmode!r}; use one of {', '.join(SSLMODES)}")
    port = _positive(values, "POSTGRES_PORT", Postgres.port)
    if port > 65535:
        raise SettingsError(f"POSTGRES_PORT is {port}; use a number up to 65535")
    return Postgres(
        host=values.get("POSTGRES_HOST", Postgres.host),
        port=port,
        user=values.get("POSTGRES_USER", Postgres.user),
        password=values.get("POSTGRES_PASSWORD", "postgres"),
        database=values.get("POSTGRES_DB", Postgres.database),
        sslmode=sslmode,
    )


def _spark(values: Mapping[str, str]) -> Spark:
    catalog = values.get("SPARK_CATALOG", Spark.catalog)
    if catalog not in SPARK_CATALOGS:
        raise SettingsError(f"SPARK_CATALOG is {catalog!r}; use one of {', '.join(SPARK_CATALOGS)}")
    return Spark(
        master=values.get("SPARK_MASTER", Spark.master),
        warehouse_url=values.get("SPARK_WAREHOUSE_URL"),
        raw_url=values.get("SPARK_RAW_URL"),
        catalog=catalog,
        shuffle_partitions=_positive(values, "SPARK_SHUFFLE_PARTITIONS", Spark.shuffle_partitions),
    )


def _positive(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) == 0:
        raise SettingsError(f"{name} is {text!r}; use a whole number from 1 to 999999999")
    return int(text)
