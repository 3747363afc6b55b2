"""What came in, what was refused, what was checked, and how complete the result is."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from streamlit_app import data, left_out, quality_data, states
from streamlit_app.charts import put
from streamlit_app.coin_choice import short_names
from streamlit_app.formatting import MOMENT, instant, percent
from streamlit_app.frame import shown_snapshot
from streamlit_app.quality_charts import coverage_map, has_failed, run_label, stage_times
from streamlit_app.served_files import MODELS, QUALITY

GATE_NAMES = {"raw": "Gate 1: what was loaded", "marts": "Gate 2: what is published"}
COVERAGE_DAYS = {"7 d": 7, "30 d": 30, "90 d": 90, "1 y": 366}
MOST_COINS = 40

snapshot = shown_snapshot()


def show_numbers() -> None:
    loads = quality_data.loads(snapshot)
    gates = quality_data.gates(snapshot).values()
    dbt = snapshot.manifest.get("dbt") or {}
    failed = len(dbt.get("failures", []))
    met = sum(gate["expectation_count"] - len(gate["breaches"]) for gate in gates)
    tiles = {
        "Rows received": (loads["received_count"].sum(), "by all runs"),
        "Rows rejected": (loads["rejected_count"].sum(), "kept with their reason"),
        "Expectations met": (
            met,
            f"of {sum(gate['expectation_count'] for gate in gates):,} in both gates",
        ),
        "Warnings": (sum(gate["warning_count"] for gate in gates), "odd but possible"),
        "dbt tests passed": (dbt.get("tests", 0) - failed, f"{failed} failed"),
    }
    with st.grid(len(tiles), min_column_width=155, gap="xsmall"):
        for label, (count, note) in tiles.items():
            st.metric(
                label,
                f"{count:,}",
                note,
                delta_color="off",
                delta_arrow="off",
                border=True,
                height="stretch",
            )
    with st.container(horizontal=True):
        st.link_button("Quality gates in full", QUALITY, icon=":material/fact_check:")
        st.link_button("Models and lineage", MODELS, icon=":material/account_tree:")


def show_intake() -> None:
    left, right = st.columns([1, 2])
    with left:
        st.subheader("Freshness", anchor=False)
        fresh = quality_data.freshness(snapshot)
        st.table(
            pd.DataFrame(
                {
                    "Source": fresh["source"],
                    "Asked last": fresh["last_fetched_at"].map(instant),
                    "Newest hour": fresh["last_price_hour"].map(instant),
                }
            ),
            border="horizontal",
            hide_index=True,
        )
    with right:
        st.subheader("What came in", anchor=False)
        loads = quality_data.loads(snapshot)
        if loads.empty:
            states.nothing("No run has fetched anything yet.")
            return
        st.dataframe(
            loads.rename(
                columns={
                    "last_fetched_at": "Fetched (UTC)",
                    "source": "Source",
                    "table_name": "Table",
                    "received_count": "Received",
                    "accepted_count": "Accepted",
                    "duplicate_count": "Duplicate",
                    "rejected_count": "Rejected",
                    "error_response_count": "Failed responses",
                    "run_id": "Run",
                }
            )[
                [
                    "Fetched (UTC)",
                    "Table",
                    "Received",
                    "Accepted",
                    "Duplicate",
                    "Rejected",
                    "Failed responses",
                    "Source",
                    "Run",
                ]
            ],
            hide_index=True,
            height=min(38 + 35 * len(loads), 300),
            column_config={"Fetched (UTC)": st.column_config.DatetimeColumn(format=MOMENT)},
        )
        st.caption("For each run and table: received = accepted + duplicate + rejected.")


def show_gates() -> None:
    st.subheader("Quality gates", anchor=False)
    gates = quality_data.gates(snapshot)
    if not gates:
        states.nothing("This snapshot has no record of its gates.")
    for name, gate in gates.items():
        passed = "✓ passed" if gate["passed"] else "✕ stopped the run"
        st.markdown(
            f"**{GATE_NAMES.get(name, name)}** · {passed} · {gate['expectation_count']} "
            f"expectations on {gate['table_count']} tables"
        )
        for place, breach in enumerate(gate["breaches"]):
            count = breach["row_count"]
            rows = "not evaluated" if count is None else f"{count:,} rows"
            label = f"{breach['severity']}: {breach['table']}: {breach['expectation']} · {rows}"
            with st.expander(label, icon=":material/warning:"):
                if breach["sample_rows"]:
                    st.caption("For example")
                    st.dataframe(
                        breach["sample_rows"], hide_index=True, key=f"breach_{name}_{place}"
                    )
                if breach["observed"]:
                    st.caption(breach["observed"])
    tests = quality_data.dbt_tests(snapshot)
    if not tests:
        st.caption("The next `make refresh` adds a list of the tests of the models.")
        return
    bad = [test for test in tests if test["status"] not in ("pass", "not run")]
    told = "all passed" if not bad else f"{len(bad)} did not pass"
    with st.expander(f"{len(tests)} tests of the models, {told}", icon=":material/checklist:"):
        st.dataframe(
            pd.DataFrame(tests)[["status", "model", "column", "name", "failures"]].rename(
                columns={
                    "status": "Status",
                    "model": "Model",
                    "column": "Column",
                    "name": "Claim",
                    "failures": "Rows against it",
                }
            ),
            hide_index=True,
            height=360,
            placeholder="",
        )


def show_coverage() -> None:
    st.subheader("Coverage", anchor=False)
    sources = quality_data.coverage_sources(snapshot)
    if not sources:
        states.nothing("There is no coverage for any day yet.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        days = st.segmented_control(
            "Days",
            list(COVERAGE_DAYS),
            default="30 d",
            required=True,
            key="covered",
            bind="query-params",
        )
        source = sources[0]
        if len(sources) > 1:
            source = st.segmented_control(
                "Source", sources, default=source, required=True, key="seen", bind="query-params"
            )
    rows = quality_data.coverage(snapshot, source, COVERAGE_DAYS[days])
    order = quality_data.least_covered(rows, MOST_COINS)
    shown = rows[rows["coin_id"].isin(order)]
    names = short_names(data.coins(snapshot))
    put(
        coverage_map(shown, names, order),
        key="coverage",
        alt="Hours seen of hours expected by coin and day",
    )
    count = rows["coin_id"].nunique()
    which = f"the {len(order)} of {count} coins" if count > len(order) else f"{count} coins"
    st.caption(
        f"Finished hours with a sample, of finished hours; {which} with the most missing first. "
        f"The day with the least coverage has {percent(rows['coverage_pct'].min(), 0)}."
    )


def show_runs() -> None:
    st.subheader("Runs", anchor=False)
    runs = quality_data.runs(snapshot)
    put(stage_times(runs), key="runs", alt="Seconds of each stage by run")
    failed = [run for run in runs if has_failed(run)]
    for run in reversed(failed[-3:]):
        st.warning(
            f"{run_label(run)}: stopped at {run.get('stage') or 'the start'}. "
            f"{run.get('message', '')}",
            icon=":material/error:",
        )
    st.caption(
        f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}, {len(failed)} without a snapshot; "
        "times by the clock of the machine that ran them, UTC."
    )


show_numbers()
show_intake()
left_out.show_refused_responses(snapshot)
left_out.show_rejected_rows(snapshot)
left_out.show_repaired_fields(snapshot)
left_out.show_unmapped_ids(snapshot)
left_out.show_suspected_coins(snapshot)
show_gates()
show_coverage()
show_runs()
