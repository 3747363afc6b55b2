"""The databases that can hold a warehouse, and how each is reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import quote

if TYPE_CHECKING:
    from pydantic import SecretStr

Target = Literal["duckdb", "postgres", "spark"]
TARGETS: tuple[Target, ...] = get_args(Target)

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
SparkCatalog = Literal["hive", "in-memory"]


def _default_password() -> SecretStr:
    # pydantic takes longer to import than --help takes to answer.
    from pydantic import SecretStr

    # dlt asks for one even where the server trusts everybody.
    return SecretStr("postgres")


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL database; the defaults are those of a local server."""

    host: str = "127.0.0.1"
    port: int = 5432
    user: str = "postgres"
    password: SecretStr = field(default_factory=_default_password)
    database: str = "crypto_market"
    sslmode: SslMode = "prefer"

    @property
    def url(self) -> str:
        """With the password in it: for drivers, never for people."""
        password = self.password.get_secret_value()
        user, password, name = (
            quote(part, safe="") for part in (self.user, password, self.database)
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
    catalog: SparkCatalog = "hive"
    shuffle_partitions: int = 4
