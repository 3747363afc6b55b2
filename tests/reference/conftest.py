from collections.abc import Iterator

import pytest

from tests.reference.warehouse import Warehouse


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One place for all builds: dbt keeps what it parsed for as long as the path stays."""
    with pytest.MonkeyPatch.context() as environment:
        data_dir = tmp_path_factory.mktemp("reference")
        environment.setenv("CRYPTO_DATA_DIR", str(data_dir))
        yield Warehouse(data_dir)
