"""Where recorded answers of the real APIs lie, if there are any on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from extract.settings import PROJECT_ROOT

FOLDER = Path(
    os.environ.get("CRYPTO_RECORDINGS_DIR", PROJECT_ROOT.parent / "shared" / "recordings")
)

needs_recordings = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="no recorded answers here; CRYPTO_RECORDINGS_DIR names their folder",
)
