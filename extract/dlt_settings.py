"""dlt as this project uses it: with settings from here and from the environment alone.

By itself dlt also reads `.dlt/` in the working directory and in the user's home, where other
projects of the same person keep theirs, and looks for secrets in Streamlit, which it imports.
"""

from __future__ import annotations

import os

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import EnvironProvider
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext

# What can be set here alone: the load id on Arrow tables, and no chatter.
os.environ.setdefault("NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID", "true")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "ERROR")


class EnvironmentAlone(RunContext):
    """dlt's usual surroundings without its files of settings."""

    def initial_providers(self) -> list[ConfigProvider]:
        return [EnvironProvider()]


Container()[PluggableRunContext] = PluggableRunContext(EnvironmentAlone(None))
