"""What appears in no fact, or not in every one, and why: one section of the quality page each."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from published.reading import Snapshot
from streamlit_app import quality_data
from streamlit_app.formatting import MOMENT

MOST_REJECTED = 200


def show_refused_responses(snapshot: Snapshot) -> None:
    responses = quality_data.refused_answers(snapshot, MOST_REJECTED)
    if responses.empty:
        return
    st.subheader("Refused responses", anchor=False)
    st.dataframe(
        responses.rename(
            columns={
                "fetched_at": "Fetched (UTC)",
                "source": "Source",
                "path": "Asked for",
                "http_status": "Status",
                "reason": "Reason",
                "answer_bytes": "Bytes",
                "answer_sample": "It begins",
            }
        )[["Fetched (UTC)", "Source", "Asked for", "Status", "Reason", "Bytes", "It begins"]],
        hide_index=True,
        height=min(38 + 35 * len(responses), 250),
        column_config={"Fetched (UTC)": st.column_config.DatetimeColumn(format=MOMENT)},
    )
    total = int(responses["answer_count"].iloc[0])
    st.caption(
        f"{len(responses):,} of {total:,}, newest first. No row was taken from them; the archive "
        "holds them in full, or the beginning of those that were too large."
    )


def show_rejected_rows(snapshot: Snapshot) -> None:
    st.subheader("Rejected rows", anchor=False)
    reasons = quality_data.rejected_reasons(snapshot)
    if reasons.empty:
        st.success("No row broke a hard rule.", icon=":material/check_circle:")
        return
    counts = reasons.groupby("reason")["row_count"].sum()
    chosen = st.pills(
        "Reason",
        counts.index.tolist(),
        selection_mode="multi",
        format_func=lambda reason: f"{reason} ({counts[reason]:,})",
        key="reason",
        help="Leave empty to show all.",
    )
    rows = quality_data.rejected_rows(snapshot, list(chosen), MOST_REJECTED)
    st.dataframe(
        rows.rename(
            columns={
                "fetched_at": "Fetched (UTC)",
                "source": "Source",
                "table_name": "Table",
                "reason": "Reason",
                "payload": "The row as received",
            }
        ),
        hide_index=True,
        height=min(38 + 35 * len(rows), 320),
        column_config={
            "Fetched (UTC)": st.column_config.DatetimeColumn(format=MOMENT),
            "The row as received": st.column_config.JsonColumn(width="large"),
        },
    )
    total = int(counts.sum())
    st.caption(f"{min(total, MOST_REJECTED):,} of {total:,}, newest first. They have been kept.")


def show_repaired_fields(snapshot: Snapshot) -> None:
    repaired = quality_data.repaired_fields(snapshot)
    if not repaired.empty:
        st.subheader("Repaired fields", anchor=False)
        st.dataframe(
            repaired.rename(
                columns={
                    "source": "Source",
                    "table_name": "Table",
                    "field_name": "Field",
                    "reason": "Reason",
                    "field_count": "Rows",
                    "example": "For example",
                }
            ),
            hide_index=True,
            height=min(38 + 35 * len(repaired), 250),
        )
        st.caption(
            "The value became null and its row was accepted; the archived response holds both."
        )


def show_unmapped_ids(snapshot: Snapshot) -> None:
    unmapped = quality_data.unmapped_ids(snapshot)
    if not unmapped.empty:
        ids = ", ".join(unmapped["source_coin_id"].str.slice(0, 40).head(5))
        more = f" and {len(unmapped) - 5:,} more" if len(unmapped) > 5 else ""
        st.warning(
            "Ids without a coin; their rows appear in no fact until the seed coin_source_ids "
            "maps them:",
            icon=":material/link_off:",
        )
        st.text(f"{ids}{more} ({unmapped['row_count'].sum():,} rows)")


def show_suspected_coins(snapshot: Snapshot) -> None:
    suspected = quality_data.suspected_coins(snapshot)
    if suspected.empty:
        return
    st.subheader("Coins to decide on", anchor=False)
    st.dataframe(
        pd.DataFrame(
            {
                "Coin": suspected["name"].fillna(suspected["coin_id"]),
                "Id": suspected["coin_id"],
                "Follows": suspected["tracked_coin_id"].fillna("the dollar"),
                "Off by at most (bp)": suspected["worst_deviation_bp"].round(2),
                "Days compared": suspected["days_compared"],
                "Since": suspected["first_suspected_date"],
            }
        ),
        hide_index=True,
        height=min(38 + 35 * len(suspected), 250),
    )
    st.caption(
        "Not ranked until the seed coin_flags says what they are: ordinary is an answer too."
    )
