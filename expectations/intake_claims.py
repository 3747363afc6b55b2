"""Claims about what came in and where it went: refused responses, rejected rows, the audit."""

from collections.abc import Iterator

from expectations.claims import Claim, filled, none_where, one_row_per


def refused_answers() -> Iterator[Claim]:
    yield filled("response_id", "run_id", "source", "table_name", "reason", "answer_bytes")
    yield one_row_per("response_id")
    yield Claim(
        "the number of responses of a run and table is that in fct_load_audit",
        """
        with counted as (
            select run_id, table_name, count(*) as answer_count
            from {batch} as refused
            group by run_id, table_name
        )
        select
            coalesce(counted.run_id, audited.run_id) as run_id,
            coalesce(counted.table_name, audited.table_name) as table_name,
            counted.answer_count,
            audited.error_response_count
        from counted
        full join marts.fct_load_audit as audited
            on counted.run_id = audited.run_id and counted.table_name = audited.table_name
        where coalesce(counted.answer_count, 0) <> coalesce(audited.error_response_count, 0)
        """,
    )


def rejected_rows() -> Iterator[Claim]:
    yield filled("rejected_row_id", "run_id", "source", "table_name", "reason")
    yield one_row_per("rejected_row_id")


def repaired_fields() -> Iterator[Claim]:
    yield filled("repaired_field_id", "run_id", "source", "table_name", "field_name", "reason")
    yield one_row_per("repaired_field_id")


def unmapped_ids() -> Iterator[Claim]:
    yield one_row_per("source", "source_coin_id")
    yield none_where(
        "every id of a source belongs to a coin",
        "row_count is null or row_count > 0",
        "source, source_coin_id, row_count, first_seen_at, last_seen_at",
        "warning",
        "Its rows appear in no fact until the seed coin_source_ids names the coin.",
    )


def load_audit() -> Iterator[Claim]:
    shown = (
        "run_id, table_name, source, "
        "received_count, accepted_count, duplicate_count, rejected_count"
    )
    yield filled("run_id", "table_name", "source")
    yield one_row_per("run_id", "table_name", "source")
    yield none_where(
        "received_count is accepted_count plus duplicate_count plus rejected_count",
        "coalesce(received_count, -1) "
        "<> coalesce(accepted_count + duplicate_count + rejected_count, -2)",
        shown,
    )
    yield none_where(
        "no count is negative",
        "received_count < 0 or accepted_count < 0 or duplicate_count < 0 or rejected_count < 0",
        shown,
    )
