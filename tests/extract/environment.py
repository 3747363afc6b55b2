"""Settings of a process whose environment is known."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from extract.settings import Settings, load_settings


def settings_from(
    environ: Mapping[str, str], *, env_file: Path | None = None, **options: Any
) -> Settings:
    """What `load_settings` makes of these variables and no others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", dict(environ))
        return load_settings(env_file=env_file, **options)
