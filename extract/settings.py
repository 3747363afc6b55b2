"""Every setting, read once: the command line over the environment over .env over defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from extract.coingecko_plans import CALLS_PER_MINUTE, MONTHLY_CALLS, Plan
from extract.plain_dir import plain_dir
from extract.spark_session import SPARK_URL
from extract.targets import Postgres, Spark, Target

if TYPE_CHECKING:
    from pydantic import SecretStr

PROJECT_ROOT = Path(__file__).resolve().parent.parent

SourceKind = Literal["simulated", "live", "replay"]

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
    """One run's settings. Times are aware UTC; `as_of` None means the clock of the machine.

    `plain_dir` is `data_dir`, or stands in for it where its name is not fit for a warehouse.
    """

    data_dir: Path
    plain_dir: Path = field(init=False)
    source_kind: SourceKind = "simulated"
    recordings: Path | None = None
    as_of: datetime | None = None
    coins: int | tuple[str, ...] = 30
    history_days: int = 90
    snapshots_kept: int = 5
    tick_retention_days: int = 14
    coingecko_plan: Plan = "keyless"
    coingecko_api_key: SecretStr | None = None
    calls_per_minute: int = CALLS_PER_MINUTE["keyless"]
    monthly_calls: int = MONTHLY_CALLS["keyless"]
    ca_bundle: Path | None = None
    target: Target = "duckdb"
    postgres: Postgres = field(default_factory=Postgres)
    spark: Spark = field(default_factory=Spark)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plain_dir", plain_dir(self.data_dir))

    @property
    def state_dir(self) -> Path:
        """What is kept about one warehouse; landing and published serve all of them."""
        return self.plain_dir if self.target == "duckdb" else self.plain_dir / self.target

    @property
    def warehouse_path(self) -> Path:
        return self.plain_dir / "warehouse.duckdb"

    @property
    def warehouse_url(self) -> str:
        """Where the gates look: a database, or the Spark session of the process."""
        if self.target == "postgres":
            return self.postgres.url.replace("postgresql://", "postgresql+psycopg2://", 1)
        return SPARK_URL if self.target == "spark" else f"duckdb:///{self.warehouse_path}"

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
    def set_aside_path(self) -> Path:
        """Rows that a person refused; beside landing, for every warehouse made of it follows it."""
        return self.data_dir / "landing_set_aside.ndjson"

    @property
    def tick_dir(self) -> Path:
        """Old ticks of the DuckDB warehouse."""
        return self.state_dir / "ticks"

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
            "CRYPTO_DATA_DIR": str(self.plain_dir),
            "POSTGRES_HOST": self.postgres.host,
            "POSTGRES_PORT": str(self.postgres.port),
            "POSTGRES_USER": self.postgres.user,
            "POSTGRES_PASSWORD": self.postgres.password.get_secret_value(),
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


class Options(TypedDict, total=False):
    """What a command may be asked for that no variable says."""

    source_kind: SourceKind | None
    recordings: Path | None
    coins: int | tuple[str, ...] | None
    history_days: int | None
    as_of: datetime | None


def switch_telemetry_off() -> None:
    """Tell every library that would report its use not to."""
    os.environ.update(TELEMETRY_OFF)


def load_settings(
    *,
    env_file: Path | None = PROJECT_ROOT / ".env",
    data_dir: str | Path | None = None,
    target: Target = "duckdb",
    **options: Unpack[Options],
) -> Settings:
    """Options over the environment over `.env` over the defaults; an option that is None is none.

    Raises SettingsError for a value that cannot be used.
    """
    from extract.variables import read_variables

    variables = read_variables(env_file, **({"CRYPTO_DATA_DIR": data_dir} if data_dir else {}))
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    return Settings(
        data_dir=PROJECT_ROOT / variables.CRYPTO_DATA_DIR,
        snapshots_kept=variables.CRYPTO_SNAPSHOTS_KEPT,
        tick_retention_days=variables.CRYPTO_TICK_RETENTION_DAYS,
        ca_bundle=variables.CRYPTO_CA_BUNDLE,
        coingecko_api_key=variables.COINGECKO_API_KEY,
        coingecko_plan=variables.COINGECKO_PLAN,
        calls_per_minute=variables.COINGECKO_CALLS_PER_MINUTE,
        monthly_calls=variables.COINGECKO_MONTHLY_CALLS,
        target=target,
        postgres=variables.postgres,
        spark=variables.spark,
        **given,
    )
