"""Fingerprints of what a replay read, SKU by SKU: a passport can be traced to its inputs and computed again."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.replay.tables import KEY, Recorded
from pipelines.settings import Settings

_ROOT: Final = Path(__file__).parent.parent.parent
_SECTIONS: Final = ("planning", "costs", "replay", "purchase", "forecast")
_NOT_INPUTS: Final = {"replay": {"chunk_size"}, "forecast": {"threads"}}
"""Keys that change no result."""


_SOURCES: Final = {
    "pipelines/engine": ("engine", "kernel"),
    "pipelines/replay": (
        "audit", "calendars", "calibrate", "candidates", "censored", "choose", "expected_cost_replay", "guard", "job", "known_history",
        "measures", "passport", "policies", "replay", "smoothing", "tables", "window",
    ),
    "pipelines/core": ("calendar", "chunks", "compiled", "inventory", "seeds", "supplier_days"),
    "pipelines/ordering": ("every_review", "expected_cost", "look_ahead", "montecarlo", "rules"),
    "models/distribution": ("negbin",),
}  # fmt: skip
"""From what is read of the marts to the passport."""


def sources() -> list[Path]:
    """Files of the source that computes a passport."""
    return [_ROOT / folder / f"{name}.py" for folder, names in _SOURCES.items() for name in names]


@cache
def code_version() -> str:
    """Fingerprint of the source that computes a passport."""
    digest = hashlib.sha256()
    for file in sources():
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def config_hash(config: Settings) -> str:
    """Fingerprint of the configuration a replay depends on."""
    held = {
        section: getattr(config, section).model_dump(mode="json", exclude=_NOT_INPUTS.get(section, set()))
        for section in _SECTIONS
    }
    return _digest(json.dumps(held, sort_keys=True).encode())


def row_hashes(rows: Recorded) -> pl.DataFrame:
    """Fingerprints of each SKU's rows.

    Args:
        rows: what the replay read, SKUs in order.

    Returns:
        Key, ``demand_hash``, ``stock_hash``, ``receipts_hash`` (received and open lines), ``master_hash``; in the order of the SKUs.
    """
    lines = pl.concat([rows.receipts, rows.open_orders], how="diagonal")
    found = rows.skus.select(KEY)
    for name, frame in (("demand_hash", rows.demand), ("stock_hash", rows.stock), ("receipts_hash", lines)):
        found = found.join(_by_sku(frame, name), on=KEY, how="left", maintain_order="left")
    return found.with_columns(pl.col("demand_hash", "stock_hash", "receipts_hash").fill_null(_digest(b""))).join(
        _by_sku(_with_calendars(rows), "master_hash"), on=KEY, how="left", maintain_order="left"
    )


def _with_calendars(rows: Recorded) -> pl.DataFrame:
    """The SKUs with their supplier's calendar, where any keeps one."""
    if rows.calendars.skus.is_empty():
        return rows.skus
    columns = [pl.col(c).cast(pl.String).fill_null("") for c in rows.calendars.days.columns]
    days = rows.calendars.days.sort("supplier_id", "day").group_by("supplier_id", maintain_order=True)
    text = days.agg(pl.concat_str(columns, separator="|").str.join("\n").alias("calendar"))
    kept = rows.calendars.skus.join(text, on="supplier_id", how="left")
    return rows.skus.join(kept, on=KEY, how="left", maintain_order="left")


def _by_sku(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Digest of a SKU's rows as text, sorted, so that the order in which they were read is of no account."""
    values = [pl.col(c).cast(pl.String).fill_null("") for c in frame.columns if c not in KEY]
    text = frame.select(*KEY, pl.concat_str(values, separator="|").alias("row")).sort(*KEY, "row")
    grouped = text.group_by(KEY, maintain_order=True).agg(pl.col("row").str.join("\n"))
    digests = [_digest(row.encode()) for row in grouped["row"].to_list()]
    return grouped.select(KEY).with_columns(pl.Series(name, digests, dtype=pl.String))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
