"""Every mart: what it is, its rows, its files, and a box for SQL over all of them."""

from __future__ import annotations

import streamlit as st

from streamlit_app import data, sql_box, states
from streamlit_app.formatting import size
from streamlit_app.frame import shown_snapshot
from streamlit_app.served_files import MODELS, csv_path, parquet_path

PREVIEW_ROWS = 100
EXAMPLE = """-- The largest daily moves of the ranked coins
select rank_date, coin_id, change_24h_pct, price_usd
from fct_daily_rankings
where performance_rank is not null
order by abs(change_24h_pct) desc
limit 20"""

snapshot = shown_snapshot()
catalog = {mart["name"]: mart for mart in snapshot.catalog()}


def show_mart(mart: str) -> None:
    told = catalog.get(mart)
    table = snapshot.marts[mart]
    if told is None:
        st.caption("The next `make refresh` adds a description of this mart.")
    else:
        st.markdown(f"{told['description']} **{told['grain']}**")
    st.caption(f"{table['rows']:,} rows · {size(table['bytes'])} · sha256 `{table['sha256'][:16]}`")
    with st.container(horizontal=True):
        st.link_button("Parquet", parquet_path(snapshot, mart), icon=":material/download:")
        st.link_button("CSV", csv_path(snapshot, mart), icon=":material/download:")
        st.link_button("Model and lineage", MODELS, icon=":material/account_tree:")
    rows, columns, tests = st.tabs(["Rows", "Columns", "Tests"])
    with rows:
        preview = data.preview(snapshot, mart, PREVIEW_ROWS)
        if not preview.num_rows:
            states.nothing("This mart has no rows.")
        else:
            st.dataframe(preview, hide_index=True, height=320, key="preview")
            if table["rows"] > PREVIEW_ROWS:
                st.caption(f"The first {PREVIEW_ROWS} of {table['rows']:,} rows.")
    with columns:
        st.dataframe(
            told["columns"] if told else data.column_types(snapshot, mart),
            hide_index=True,
            height="content",
            column_config={
                "name": "Column",
                "type": "Type",
                "description": st.column_config.TextColumn("What it is", width="large"),
            },
        )
    with tests:
        if told and told["tests"]:
            st.dataframe(
                [
                    {"Status": test["status"], "Column": test["column"], "Claim": test["name"]}
                    for test in told["tests"]
                ],
                hide_index=True,
                height="content",
                placeholder="",
                column_config={"Claim": st.column_config.TextColumn(width="large")},
            )
        else:
            states.nothing("This snapshot does not record which tests the mart has.")


def show_sql() -> None:
    st.subheader("Query with SQL", anchor=False)
    st.caption(
        "A single SELECT, in DuckDB's SQL, over the marts above as they are in this snapshot; "
        f"at most {sql_box.ROW_LIMIT:,} rows and {sql_box.SECONDS} seconds. It can read "
        "nothing else and change nothing."
    )
    with st.form("sql_form", border=False):
        sql = st.text_area(
            "SQL",
            EXAMPLE,
            height=190,
            key="sql",
            max_chars=sql_box.MOST_SQL,
            bind="query-params",
            label_visibility="collapsed",
        )
        asked = st.form_submit_button("Run", icon=":material/play_arrow:", type="primary")
    if asked:
        show_answer(sql)


def show_answer(sql: str) -> None:
    try:
        with st.spinner("Running"):
            answer = sql_box.ask(snapshot, sql)
    except sql_box.SqlRefusedError as error:
        st.error(str(error), icon=":material/block:")
        return
    if not answer.rows.num_rows:
        states.nothing("The query returned no rows.")
    else:
        st.dataframe(answer.rows, hide_index=True, key="answer")
    limited = "the first " if answer.truncated else ""
    st.caption(
        f"{limited}{answer.rows.num_rows:,} rows in {answer.seconds:.1f} s".capitalize()
        + (f". There are more than {sql_box.ROW_LIMIT:,}." if answer.truncated else ".")
    )


def page() -> None:
    marts = list(snapshot.marts)
    if not marts:
        states.nothing("This snapshot has no marts.")
        return
    mart = st.selectbox(
        "Mart",
        marts,
        index=marts.index("fct_hourly_prices") if "fct_hourly_prices" in marts else 0,
        key="mart",
        bind="query-params",
    )
    show_mart(mart)
    st.divider()
    show_sql()


page()
