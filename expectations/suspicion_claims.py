"""Claims about the coins that wait for a person to decide what they are."""

from collections.abc import Iterator

from expectations.claims import Claim, filled, none_where, one_of, one_row_per
from expectations.rules import rule


def suspected_coins() -> Iterator[Claim]:
    key = "coin_id, is_suspected, suspected_reason, tracked_coin_id"
    dollar_bp, copy_bp = rule("suspicion_dollar_bp"), rule("suspicion_copy_bp")
    days, least = rule("suspicion_days"), rule("suspicion_min_closes")
    yield filled("coin_id", "is_suspected", "first_suspected_date", "last_suspected_date")
    yield one_row_per("coin_id")
    yield one_of("suspected_reason", ("tracks_dollar", "tracks_coin"), key)
    yield none_where(
        "a coin that tracks another one names it, and one that tracks the dollar none",
        "(suspected_reason = 'tracks_coin') <> (tracked_coin_id is not null) "
        "or tracked_coin_id = coin_id",
        key,
    )
    yield none_where(
        f"worst_deviation_bp is at most {dollar_bp:g} of the dollar and {copy_bp:g} of a coin",
        "worst_deviation_bp is null or worst_deviation_bp < 0 or worst_deviation_bp > 1e-9 + "
        f"case suspected_reason when 'tracks_coin' then {copy_bp:g} else {dollar_bp:g} end",
        f"{key}, worst_deviation_bp",
    )
    yield none_where(
        f"days_compared lies between {least:g} and {days:g}",
        f"days_compared is null or days_compared < {least:g} or days_compared > {days:g}",
        f"{key}, days_compared",
    )
    yield none_where(
        "a suspected coin was looked at by a person",
        "is_suspected",
        f"{key}, worst_deviation_bp, days_compared, last_suspected_date",
        "warning",
        "It is not ranked until the seed coin_flags says what it is.",
    )
