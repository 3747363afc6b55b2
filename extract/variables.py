"""What the environment and `.env` ask for, checked.

Importing this module imports pydantic, which takes longer than `--help` takes to answer.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, FilePath, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from extract.coingecko_plans import CALLS_PER_MINUTE, MONTHLY_CALLS, Plan
from extract.settings import Settings, SettingsError
from extract.targets import Postgres, Spark, SparkCatalog, SslMode

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

WholeNumber = Annotated[int, Field(ge=1, le=999_999_999)]
Port = Annotated[int, Field(ge=1, le=65_535)]


class Variables(BaseSettings):
    """Every variable that is read, by its own name: the environment over `.env` over the defaults.

    One that is empty is not given.
    """

    model_config = SettingsConfigDict(
        case_sensitive=True,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    CRYPTO_DATA_DIR: Path = Path("data")
    CRYPTO_SNAPSHOTS_KEPT: WholeNumber = Settings.snapshots_kept
    CRYPTO_TICK_RETENTION_DAYS: WholeNumber = Settings.tick_retention_days
    CRYPTO_CA_BUNDLE: FilePath | None = None

    COINGECKO_API_KEY: SecretStr | None = None
    COINGECKO_PLAN: Plan = Field(
        default_factory=lambda given: "demo" if given["COINGECKO_API_KEY"] else "keyless"
    )
    COINGECKO_CALLS_PER_MINUTE: WholeNumber = Field(
        default_factory=lambda given: CALLS_PER_MINUTE[given["COINGECKO_PLAN"]]
    )
    COINGECKO_MONTHLY_CALLS: WholeNumber = Field(
        default_factory=lambda given: MONTHLY_CALLS[given["COINGECKO_PLAN"]]
    )

    POSTGRES_HOST: str = Postgres.host
    POSTGRES_PORT: Port = Postgres.port
    POSTGRES_USER: str = Postgres.user
    POSTGRES_PASSWORD: SecretStr = Field(default_factory=lambda: Postgres().password)
    POSTGRES_DB: str = Postgres.database
    POSTGRES_SSLMODE: SslMode = Postgres.sslmode

    SPARK_MASTER: str = Spark.master
    SPARK_WAREHOUSE_URL: str | None = None
    SPARK_RAW_URL: str | None = None
    SPARK_CATALOG: SparkCatalog = Spark.catalog
    SPARK_SHUFFLE_PARTITIONS: WholeNumber = Spark.shuffle_partitions

    @field_validator("COINGECKO_API_KEY")
    @classmethod
    def _can_be_sent(cls, key: SecretStr | None) -> SecretStr | None:
        """requests and http.client would show the whole key in their complaint."""
        text = key.get_secret_value().strip() if key else ""
        if not re.fullmatch("[!-~]*", text):
            raise PydanticCustomError(
                "odd_key", "COINGECKO_API_KEY holds a character that no key has; copy it anew"
            )
        return SecretStr(text) if text else None

    @model_validator(mode="after")
    def _plan_and_key_agree(self) -> Self:
        plan = self.COINGECKO_PLAN
        if plan != "keyless" and self.COINGECKO_API_KEY is None:
            raise PydanticCustomError(
                "no_key", f"COINGECKO_PLAN is {plan} but COINGECKO_API_KEY is not set"
            )
        if plan == "keyless" and self.COINGECKO_API_KEY is not None:
            raise PydanticCustomError(
                "no_plan", "COINGECKO_API_KEY is set but COINGECKO_PLAN is keyless; use demo or pro"
            )
        return self

    @property
    def postgres(self) -> Postgres:
        return Postgres(
            host=self.POSTGRES_HOST,
            port=self.POSTGRES_PORT,
            user=self.POSTGRES_USER,
            password=self.POSTGRES_PASSWORD,
            database=self.POSTGRES_DB,
            sslmode=self.POSTGRES_SSLMODE,
        )

    @property
    def spark(self) -> Spark:
        return Spark(
            master=self.SPARK_MASTER,
            warehouse_url=self.SPARK_WAREHOUSE_URL,
            raw_url=self.SPARK_RAW_URL,
            catalog=self.SPARK_CATALOG,
            shuffle_partitions=self.SPARK_SHUFFLE_PARTITIONS,
        )


def read_variables(env_file: Path | None, **given: Any) -> Variables:
    """The variables, with those that are `given` over all others.

    Raises SettingsError, which names the first that cannot be used and says what can.
    """
    try:
        return Variables(_env_file=env_file, **given)  # type: ignore[call-arg] # of BaseSettings
    except ValidationError as error:
        refusal = _refusal(error.errors()[0])
    raise SettingsError(refusal)


def _refusal(error: ErrorDetails) -> str:
    name, value = ".".join(map(str, error["loc"])), error["input"]
    match error["type"]:
        case "literal_error":
            allowed = error["ctx"]["expected"].replace("'", "")
            return f"{name} is {value!r}; use {allowed}"
        case "path_not_file":
            return f"{name} names {value}, which is not a file"
        case kind if kind.startswith("int_") or kind.endswith("_than_equal"):
            low, high = Variables.model_fields[name].metadata
            return f"{name} is {value!r}; use a whole number from {low.ge} to {high.le}"
        case _:
            return error["msg"]
