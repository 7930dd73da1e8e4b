"""Replay every SKU's past under the recorded, the incumbent and our policy, and choose; mapped over chunks of SKUs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines import settings
from pipelines.replay import calibrate, choose, measures, passport, tables
from pipelines.replay.replay import LEAST_DAYS, POLICIES, Played, play, timetable


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
            "chunk": chunk,
            "of": of,
            "first": keys[low],
            "last": keys[high - 1],
            "label": f"SKUs {low + 1}–{high} of {len(keys)}",
            **({"items": list(items)} if items else {}),
        }
        for chunk, (low, high) in enumerate(bounds)
    ]


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
    """Check the books of a chunk's SKUs, replay them, choose a policy for each and write it all in one transaction. Safe to repeat.

    Args:
        as_of: the run's date.
        chunk: one of :func:`chunks`.

    Returns:
        Counts for the log.
    """
    config, items = settings.load(), chunk.get("items", ())
    rows = tables.recorded(as_of, items, *bounds(as_of, chunk), config.planning.history_days)
    failing, played = replayed(rows, as_of, config)
    frames = results(rows, played, as_of, config, failing)
    if not items:  # the sums by day are of the whole catalogue: a run of some items leaves them as they are
        frames["replay_days"] = _by_day(as_of, chunk["chunk"], played, sound(rows, failing))
    tables.write(as_of, chunk["chunk"], rows.skus, frames)
    counts = {f"{policy}_skus": int(present.sum()) for policy, present in played.present.items()}
    switched = int((played.choice.basis == choose.PROVEN).sum())
    failed = {"books_fail": failing.height, "proven": switched, "kept": int(played.choice.kept.sum())}
    return {"skus": rows.skus.height, **counts, **failed, "label": chunk["label"]}


def replayed(rows: tables.Recorded, as_of: date, config: settings.Settings) -> tuple[pl.DataFrame, Played]:
    """Check the books, then replay.

    Args:
        rows: the SKUs' rows.
        as_of: the run's date.
        config: the configuration.

    Returns:
        The SKUs whose books do not add up (see :func:`calibrate.kinds`), and the replays.
    """
    failing = calibrate.kinds(calibrate.mismatches(rows.stock, rows.demand, rows.receipts))
    return failing, play(rows, as_of, config, timetable(config), sound(rows, failing))


def sound(rows: tables.Recorded, failing: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether each SKU's books add up, shape (N,)."""
    wrong = failing.select(tables.KEY).with_columns(pl.lit(value=True).alias("wrong"))
    joined = rows.skus.join(wrong, on=tables.KEY, how="left", maintain_order="left")
    return joined["wrong"].is_null().to_numpy()


def results(
    rows: tables.Recorded, played: Played, as_of: date, config: settings.Settings, failing: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Rows by table of all that is kept by SKU."""
    return {
        "replays": pl.concat([passport.replays(rows, played, as_of, policy) for policy in POLICIES]),
        "replay_bounds": pl.concat(
            [passport.replays(rows, played, as_of, policy, bounds=True) for policy in POLICIES[1:]]
        ),
        "candidates": passport.candidates(rows, played, as_of),
        "choices": passport.choices(rows, played, as_of, config),
        "passports": passport.passports(rows, played, as_of, config, failing),
        "calibration": failing.select(pl.lit(as_of).alias("as_of"), pl.all()),
        "service_audit": passport.audits(rows, played, as_of, config),
    }


def bounds(as_of: date, chunk: dict[str, Any]) -> tuple[int, int]:
    """Places in the catalogue before the first and of the last SKU of a chunk."""
    return _bounds(tables.catalogue(as_of, chunk.get("items", ())).height, chunk["chunk"], chunk["of"])


def _bounds(skus: int, chunk: int, of: int) -> tuple[int, int]:
    return chunk * skus // of, (chunk + 1) * skus // of


def _by_day(as_of: date, chunk: int, played: Played, books: npt.NDArray[np.bool_]) -> pl.DataFrame:
    """Sums over the SKUs that have every policy the ERP's data allow and books that add up, so that the three curves compare."""
    common = played.present["candidate"] & books
    kinds = tables.kinds(as_of, as_of - timedelta(days=LEAST_DAYS))
    for kind, exists in kinds.items():
        common &= played.present[kind] | (not exists)
    days = replace(played.days, warmup=played.days.total - played.timetable.shown)
    frames = [
        measures.by_day(
            policy,
            played.outcomes[policy],
            played.rates.unit_cost,
            days,
            played.window.first,
            common if kinds.get(policy, True) else np.zeros_like(common),
        )
        for policy in POLICIES
    ]
    return pl.concat(frames).select(pl.lit(as_of).alias("as_of"), pl.lit(chunk, pl.Int32).alias("chunk"), pl.all())
