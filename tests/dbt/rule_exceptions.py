"""What breaks a rule about the project's structure, and why it stays."""

from __future__ import annotations

IN_RAW = "It counts in raw what staging leaves out, so that a row that staging loses is missed."
NO_CLOCKWORK = "It comes when there is some, so its age says nothing."
CLOCKS = "One row a source, which every model of finished days reads."
PART = "It is part of the one model that reads it, and that one's grain is tested."
DAYS = "It asks the other only which days have changed."

# By rule, what breaks it with a reason.
EXCEPTIONS: dict[str, dict[str, str]] = {
    "root_models": {"int_alert_thresholds": "It is made of variables."},
    "marts_or_intermediate_of_sources": {"int_duplicate_rows": IN_RAW},
    "multiple_sources_joined": {"int_duplicate_rows": IN_RAW},
    "source_fanout": {
        "raw.coingecko_markets": IN_RAW,
        "raw.coingecko_market_chart": IN_RAW,
        "raw.stream_ticks": IN_RAW,
    },
    "rejoined_concepts": {
        "fct_coverage_daily": CLOCKS,
        "int_alert_signals": DAYS,
        "int_price_observations": DAYS,
    },
    "missing_primary_key_tests": {"int_price_points": PART},
    "models_without_tests": {"int_price_points": PART},
    "sources_without_freshness": {
        "raw.coingecko_market_chart": NO_CLOCKWORK,
        "raw.stream_ticks": NO_CLOCKWORK,
        "raw.rejected_rows": NO_CLOCKWORK,
        "raw.repaired_fields": NO_CLOCKWORK,
    },
}
