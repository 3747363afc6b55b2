"""A snapshot many times the size of another, to measure with.

Coins are repeated under other ids and their time is laid end to end backwards, so every mart keeps
its columns, its rules within a coin and day, and the shape of its figures.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb

from published.writing import ROW_GROUP_SIZE


def enlarge(small: Path, published: Path, coins: int, days: int) -> Path:
    """Write a snapshot of `coins` coins over `days` days to `published`, and point to it."""
    large = published / "large"
    large.mkdir(parents=True)
    manifest = json.loads((small / "manifest.json").read_text())
    with duckdb.connect(":memory:") as memory:
        [(count, span)] = memory.execute(
            "select count(distinct coin_id), date_diff('day', min(price_date), max(price_date)) + 1"
            " from read_parquet($prices)",
            {"prices": str(small / "fct_hourly_prices.parquet")},
        ).fetchall()
        for name, table in manifest["tables"].items():
            source, target = small / table["file"], large / table["file"]
            rows = memory.read_parquet(str(source))
            if "coin_id" not in rows.columns and not name.endswith("_daily"):
                shutil.copy(source, target)
                continue
            copies = -(-coins // count) if "coin_id" in rows.columns else 1
            shifts = 1 if name.startswith("dim_") else -(-days // span)
            sql = _enlarged(rows, copies, shifts, span)
            memory.execute(
                f"copy ({sql}) to '{target}' "
                f"(format parquet, compression zstd, row_group_size {ROW_GROUP_SIZE})",
                {"source": str(source), "coins": coins, "count": count},
            )
            large_rows = memory.read_parquet(str(target))
            [(table["rows"],)] = large_rows.aggregate("count(*)").fetchall()
            table["bytes"] = target.stat().st_size
    (large / "manifest.json").write_text(json.dumps(manifest | {"run_id": "large"}))
    shutil.copy(small / "catalog.json", large)
    (published / "current").symlink_to("large")
    return large


def _enlarged(rows: duckdb.DuckDBPyRelation, copies: int, shifts: int, span: int) -> str:
    kinds = dict(zip(rows.columns, map(str, rows.types), strict=True))
    values = ", ".join(_value(name, kind, span) for name, kind in kinds.items())
    # Of the copies before the present no day or hour is running.
    kept = "shift = 0 or is_complete" if "is_complete" in kinds else "true"
    # Whole copies of all coins, and of the last copy as many as are wanted still.
    place = "dense_rank() over (order by coin_id) - 1" if "coin_id" in kinds else "0"
    return f"""
        select {values}
        from (select *, {place} as place from read_parquet($source)) as rows,
            range({copies}) as copies (copy), range({shifts}) as shifts (shift)
        where ({kept}) and copy * $count + place < $coins
        order by all
    """  # noqa: S608


def _value(name: str, kind: str, span: int) -> str:
    if name == "coin_id":
        return "case when copy = 0 then coin_id else coin_id || '~' || copy end as coin_id"
    if name in ("alert_id", "episode_id"):
        return f"md5({name} || copy || '/' || shift) as {name}"
    if name == "first_seen_at":
        return f"{name} - to_days(365) as {name}"
    if kind in ("DATE", "TIMESTAMP"):
        return f"({name} - to_days((shift * {span})::int))::{kind} as {name}"
    return name
