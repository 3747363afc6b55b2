"""Claims about how much of a load was rejected or had to be repaired."""

# ruff: noqa: S608 - queries are put together from constants and load numbers.

from collections.abc import Sequence

from expectations.claims import Claim, loaded_by

# As acceptance writes the reason of a row that a person refused.
NOT_SET_ASIDE = "position('set aside: ' in batch_rows.reason) <> 1"


def loaded_counts(tables: Sequence[str], load_numbers: Sequence[int] | None) -> str:
    """A query for the rows that each table took up in the loads: `table_name`, `loaded_count`."""
    counts = [
        f"select '{table}' as table_name, count(*) as loaded_count "
        f"from raw.{table}{loaded_by(load_numbers)}"
        for table in tables
    ] or ["select '' as table_name, 0 as loaded_count"]
    return " union all ".join(counts)


def rejected_share_small(tables: Sequence[str], load_numbers: Sequence[int] | None) -> Claim:
    """Counts per table over the same loads; `tables` are the raw tables of observations.

    A few odd rows in a small load only cause a warning, unless they are the whole load. Rows that a
    person set aside are not counted.
    """
    return Claim(
        "at most 20 % of the received rows were rejected, or fewer than 20 rows and not all",
        f"""
        with loaded as ({loaded_counts(tables, load_numbers)}),
        rejected as (
            select table_name, count(*) as rejected_count
            from {{batch}} as batch_rows
            where {NOT_SET_ASIDE}
            group by table_name
        ),
        shares as (
            select
                rejected.table_name,
                rejected.rejected_count,
                rejected.rejected_count + coalesce(loaded.loaded_count, 0) as received_count
            from rejected
            left join loaded on rejected.table_name = loaded.table_name
        )
        select
            batch_rows.table_name,
            batch_rows.source,
            batch_rows.reason,
            batch_rows.payload,
            shares.rejected_count,
            shares.received_count
        from {{batch}} as batch_rows
        inner join shares on batch_rows.table_name = shares.table_name
        where {NOT_SET_ASIDE}
            and shares.rejected_count > 0.2 * shares.received_count
            and (
                shares.rejected_count >= 20
                or (shares.rejected_count >= 3 and shares.rejected_count = shares.received_count)
            )
        """,
        reason="The source changed its form, or it is down and responds with errors.",
        observed="{rejected_count} of {received_count} received rows rejected",
        names_tables=True,
    )


def repaired_share_small(tables: Sequence[str], load_numbers: Sequence[int] | None) -> Claim:
    """Counts rows, not fields, per table over the same loads."""
    return Claim(
        "at most 5 % of the accepted rows have a malformed field",
        f"""
        with loaded as ({loaded_counts(tables, load_numbers)}),
        repaired as (
            select table_name, count(*) as repaired_count
            from (
                select distinct table_name, response_id, row_index from {{batch}} as batch_rows
            ) as repaired_rows
            group by table_name
        )
        select
            batch_rows.table_name,
            batch_rows.field,
            batch_rows.original_text,
            batch_rows.reason,
            repaired.repaired_count,
            loaded.loaded_count
        from {{batch}} as batch_rows
        inner join repaired on batch_rows.table_name = repaired.table_name
        inner join loaded on batch_rows.table_name = loaded.table_name
        where repaired.repaired_count > 0.05 * loaded.loaded_count
        """,
        severity="warning",
        reason="The source changed the form of a field, which is null from now on.",
        observed="{repaired_count} of {loaded_count} accepted rows lost a value",
        names_tables=True,
    )
