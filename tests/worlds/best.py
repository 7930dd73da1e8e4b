"""Orders against the best order: what an order achieves on a SKU's true futures, and the order that knows their distribution."""

from dataclasses import dataclass

import numpy as np

from tests.worlds import books
from tests.worlds.company import Array, Situation
from tests.worlds.truth import Truth


@dataclass(frozen=True)
class Served:
    """Orders of a situation's SKUs, averaged.

    Attributes:
        service: share of futures in which the days that the order serves lose nothing.
        best_service: the same of the best order; demand in whole units may exceed the target.
        ordered: units.
        best: units.
    """

    service: float
    best_service: float
    ordered: float
    best: float


def served(truth: Truth, situation: Situation, rows: Array, ordered: Array) -> Served:
    """Play orders placed at the close of the as-of date on true futures.

    Args:
        truth: the company.
        situation: whose SKUs.
        rows: [m] their positions.
        ordered: [m] units.

    Returns:
        Means over SKUs and futures.
    """
    need = needed(truth, situation, rows)
    best = np.maximum(np.quantile(need, truth.company.target, axis=1, method="inverted_cdf"), 0.0)
    covered = [float((need <= units[:, None] + 1e-9).mean()) for units in (ordered, best)]
    return Served(covered[0], covered[1], float(ordered.mean()), float(best.mean()))


def needed(truth: Truth, situation: Situation, rows: Array) -> Array:
    """[m, PATHS] units beyond the stock that the days served by an order ask for.

    Lost sales empty the shelf and no more until the order arrives; backorders wait for it.
    """
    lead, review = situation.lead_time, truth.company.review
    paths = truth.paths(rows, lead + review)
    stock = books.opening(truth)[rows][:, None]
    before, after = paths[:, :, :lead].sum(axis=2), paths[:, :, lead:].sum(axis=2)
    left = stock - before
    return np.asarray(after - (left if truth.company.unmet == "backorder" else np.maximum(left, 0.0)))
