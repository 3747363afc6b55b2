"""The two data-quality gates: `raw` looks at what was just loaded, `marts` at what was just built."""

from collections.abc import Sequence
from pathlib import Path

from expectations.results import Breach, GateName, GateResult, breach_message

__all__ = ["Breach", "GateName", "GateResult", "breach_message", "build_docs", "run_gate"]


def run_gate(
    gate: GateName,
    url: str,
    docs_dir: Path,
    load_ids: Sequence[str] | None = None,
    min_volume_usd: float | None = None,
) -> GateResult:
    """Check one gate over the warehouse at `url` and keep the validation results for the docs.

    `load_ids` restricts every batch of the raw gate to those loads; None means all rows.
    `min_volume_usd` is the least 24 h volume of a ranked coin; None leaves that unchecked.
    Raises ValueError for an unknown gate or a malformed load id.
    """
    raise NotImplementedError


def build_docs(docs_dir: Path) -> Path:
    """Render Data Docs for the results kept under `docs_dir`; returns the index page."""
    raise NotImplementedError
