"""One SKU replayed on the spot: its days in the books, under the ERP's rule and ours, and the same under another choice."""

from datetime import timedelta
from typing import Any, Final

import polars as pl

from pipelines import settings
from pipelines.core.errors import NotFound
from pipelines.replay import passport
from pipelines.replay import tables as replay_tables
from pipelines.replay.replay import LEAST_DAYS, Played
from pipelines.replay.tables import Recorded
from pipelines.studies import replay_variants, study
from pipelines.studies.queries import kept
from pipelines.studies.question import Change, Filter, Question, variants

DAYS: Final = 365

FIGURES: Final = ("demand_units", "sold_units", "lost_units", "stockout_days", "days", "mean_on_hand", "mean_stock_value", "holding_cost",
                  "shortage_cost", "ordering_cost", "total_cost", "orders")  # fmt: skip

SOURCES: Final = {"recorded": "books", "incumbent": "erp", "candidate": "ours"}


def history(item_id: str, location_id: str) -> dict[str, Any]:
    """Stock and orders of a SKU day by day over the last year, as recorded and as replayed.

    Args:
        item_id: the item.
        location_id: its location.

    Returns:
        ``days`` (ISO); by side (``books``, ``erp``, ``ours``; those that could be replayed) ``stock`` and ``ordered`` in units, and
        ``figures`` of each.

    Raises:
        NotFound: the marts hold no such SKU.
    """
    of, part = _of(item_id, location_id, Change())
    return _sides(of, part, _played(of, part))


def what_if(item_id: str, location_id: str, change: Change) -> dict[str, Any]:
    """The SKU's last year and its levels of today under another service target, lead time, review period or minimum.

    Args:
        item_id: the item.
        location_id: its location.
        change: what differs.

    Returns:
        As :func:`history`, with ``levels`` of the newest review: ``reorder_point, order_up_to`` in units.

    Raises:
        NotFound: the marts hold no such SKU.
    """
    of, part = _of(item_id, location_id, change)
    played = _played(of, part)
    return _sides(of, part, played) | {"levels": _levels(played)}


def _of(item_id: str, location_id: str, change: Change) -> tuple[replay_variants.Setting, Recorded]:
    config, as_of = settings.load(), kept.marts_date()
    whole = kept.catalogue(as_of).filter(item_id=item_id, location_id=location_id)
    if not whole.height:
        raise NotFound(f"the marts of {as_of} hold no {item_id} at {location_id}", "the inventory page lists the SKUs")
    longest = config.planning.history_days - LEAST_DAYS - 1
    question = Question(
        where=Filter(items=(item_id,), locations=(location_id,)), days=max(min(DAYS, longest), 7), change=change
    )
    of = study.setting(question, as_of, config)
    part = replay_tables.of_skus(as_of, whole, config.planning.history_days)
    return of, replay_variants.with_suppliers(part, whole)


def _played(of: replay_variants.Setting, part: Recorded) -> Played:
    return replay_variants.play_one(of, part, variants(of.question)[0], None)


def _sides(of: replay_variants.Setting, part: Recorded, played: Played) -> dict[str, Any]:
    shown = of.days.shown
    found: dict[str, Any] = {"days": [(of.first + timedelta(days=n)).isoformat() for n in range(shown)], "sides": {}}
    for policy, name in SOURCES.items():
        if policy not in played.present or not played.present[policy][0]:
            continue
        trace = played.outcomes[policy].trace
        row = (
            passport.replays(part, played, of.last, policy).select(pl.col(FIGURES).cast(pl.Float64)).row(0, named=True)
        )
        found["sides"][name] = {
            "stock": trace[0][0, -shown:].round(3).tolist(),
            "ordered": trace[3][0, -shown:].round(3).tolist(),
            "figures": row,
        }
    return found


def _levels(played: Played) -> dict[str, float]:
    levels = played.selected.levels
    return {"reorder_point": float(levels.reorder[0, -1]), "order_up_to": float(levels.order_up_to[0, -1])}
