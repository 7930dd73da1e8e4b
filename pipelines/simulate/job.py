"""Replay every SKU's last year under the recorded, the incumbent and the candidate policy; mapped over chunks of SKUs."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from pipelines import settings
from pipelines.simulate import measures, tables
from pipelines.simulate.play import POLICIES, Played, play


def chunks(as_of: date, size: int, items: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Cut the catalogue into even chunks of at most ``size`` SKUs.

    Args:
        as_of: the run's date.
        size: most SKUs in a chunk; changes nothing in the results.
        items: replay these items alone; empty: all.

    Returns:
        What each mapped task needs: chunk, of, first, last, label; and the item filter where one is given.

    Raises:
        StockproofError: the marts hold another date.
    """
    keys = tables.catalogue(as_of, items)["item_id"].to_list()
    of = -(-len(keys) // size)
    bounds = [_bounds(len(keys), chunk, of) for chunk in range(of)]
    return [
        {
            "chunk": chunk, "of": of, "first": keys[low], "last": keys[high - 1],
            "label": f"SKUs {low + 1}–{high} of {len(keys)}", **({"items": list(items)} if items else {}),
        }
        for chunk, (low, high) in enumerate(bounds)
    ]  # fmt: skip


def prepare(as_of: date, items: Sequence[str] = (), chunk_size: int | None = None) -> list[dict[str, Any]]:
    """Clear the date's replays and cut the catalogue; run once before the chunks are mapped. Safe to repeat.

    Args:
        as_of: the run's date.
        items: replay these items alone; empty: all.
        chunk_size: most SKUs in a chunk; default: ``replay.chunk_size``.

    Returns:
        See :func:`chunks`.
    """
    planned = chunks(as_of, chunk_size or settings.load().replay.chunk_size, items)
    if not items:  # chunks of another size leave nothing behind
        tables.clear(as_of)
    return planned


def run_chunk(as_of: date, chunk: dict[str, Any]) -> dict[str, int | float | str]:
    """Replay the SKUs of one chunk and write their rows in one transaction. Safe to repeat.

    Args:
        as_of: the run's date.
        chunk: one of :func:`chunks`.

    Returns:
        Counts for the log.
    """
    planning, replay = settings.load().planning, settings.load().replay
    items = chunk.get("items", ())
    low, high = _bounds(tables.catalogue(as_of, items).height, chunk["chunk"], chunk["of"])
    run_up = max(planning.history_days - replay.days, 1)
    rows = tables.recorded(as_of, items, low, high, run_up + replay.days)
    played = play(rows, as_of, settings.load())
    replays = pl.concat([_replays(as_of, rows, played, policy) for policy in POLICIES])
    kinds = tables.kinds(as_of)
    by_day = pl.concat([_by_day(played, policy, kinds) for policy in POLICIES])
    stamped = by_day.select(pl.lit(as_of).alias("as_of"), pl.lit(chunk["chunk"], pl.Int32).alias("chunk"), pl.all())
    # The sums by day are of the whole catalogue: a run of some items leaves them as they are.
    tables.write(as_of, chunk["chunk"], rows.skus, replays, None if items else stamped)
    counts = {f"{policy}_skus": int(present.sum()) for policy, present in played.present.items()}
    return {"skus": rows.skus.height, **counts, "label": chunk["label"]}


def _bounds(skus: int, chunk: int, of: int) -> tuple[int, int]:
    return chunk * skus // of, (chunk + 1) * skus // of


def _replays(as_of: date, rows: tables.Recorded, played: Played, policy: str) -> pl.DataFrame:
    keys = rows.skus.select(pl.lit(as_of).alias("as_of"), "item_id", "location_id")
    censored = (played.window.stockout[:, played.window.run_up :] & played.days.counted()).sum(axis=1).astype(np.int64)
    frame = measures.by_sku(keys, policy, played.outcomes[policy], played.rates, played.days, censored)
    return frame.filter(played.present[policy])


def _by_day(played: Played, policy: str, kinds: dict[str, bool]) -> pl.DataFrame:
    """Sums over the SKUs that have every policy the ERP's data allow, so that the three curves compare."""
    common = played.present["candidate"].copy()
    for kind, exists in kinds.items():
        common &= played.present[kind] | (not exists)
    if not kinds.get(policy, True):
        common[:] = False
    return measures.by_day(
        policy, played.outcomes[policy], played.rates.unit_cost, played.days, played.window.first, common
    )
