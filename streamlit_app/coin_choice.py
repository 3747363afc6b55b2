"""Choosing coins, which the URL keeps by their ids: ?coins=bitcoin,ethereum."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

MOST_COINS = 8


def majors(coins: pd.DataFrame) -> pd.Series:
    """Ids of the coins that move by themselves, as `data.coins` sorts them: neither a dollar nor a
    copy, and not suspected of it on the latest day."""
    is_known = coins["is_stablecoin"] | coins["is_wrapped"]
    return coins.loc[~is_known & (coins["exclusion_reason"] != "suspected"), "coin_id"]


def labels(coins: pd.DataFrame) -> dict[str, str]:
    """By id, the text a list shows and searches: name, symbol and, where it adds something, the
    id."""
    return {
        coin_id: _label(coin_id, symbol, name)
        for coin_id, symbol, name in zip(
            coins["coin_id"], coins["symbol"], coins["name"], strict=True
        )
    }


def short_names(coins: pd.DataFrame) -> dict[str, str]:
    """By id, the symbol, or the id of a coin that has none or shares it with another."""
    shared = coins["symbol"].duplicated(keep=False)
    return {
        coin_id: coin_id if pd.isna(symbol) or is_shared else symbol
        for coin_id, symbol, is_shared in zip(
            coins["coin_id"], coins["symbol"], shared, strict=True
        )
    }


def _label(coin_id: str, symbol: str | None, name: str | None) -> str:
    if pd.isna(name) or pd.isna(symbol):
        return coin_id
    label = f"{name} · {symbol}"
    return label if name.lower() == coin_id else f"{label} · {coin_id}"


def choose_coins(
    coins: pd.DataFrame,
    default: Sequence[str],
    *,
    key: str = "coins",
    label: str = "Coins",
    most: int = MOST_COINS,
) -> list[str]:
    """Ids of the chosen coins in the order of choice; the choice carries over between pages.

    `key` is the URL parameter. Ids in it that belong to no coin are left out and named.
    """
    shown = labels(coins)
    default = [coin for coin in default if coin in shown][:most]
    written = f"_{key}_in_address"
    asked = st.query_params.get(key)
    if asked is not None and asked != st.session_state.get(written):
        wanted = [coin for coin in asked.split(",") if coin]
        st.session_state[key] = [coin for coin in wanted if coin in shown][:most]
        if unknown := [coin for coin in wanted if coin not in shown]:
            st.warning(f"No coin here has the id {', '.join(unknown)}.", icon=":material/help:")
    elif key in st.session_state:
        st.session_state[key] = [coin for coin in st.session_state[key] if coin in shown]
    else:
        st.session_state[key] = default
    chosen = st.multiselect(
        label,
        list(shown),
        format_func=shown.__getitem__,
        key=key,
        max_selections=most,
        persist_state="session",
        placeholder="Search by name, symbol or id",
    )
    address = ",".join(chosen)
    if chosen != default:
        st.query_params[key] = address
    elif key in st.query_params:
        del st.query_params[key]
    st.session_state[written] = address if chosen != default else None
    return chosen
