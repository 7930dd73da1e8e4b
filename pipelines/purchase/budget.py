"""A budget: every step of every line ranked by expected saving per unit of money, cut where the money ends."""

import numpy as np
import polars as pl

from pipelines.purchase import codes as c
from pipelines.purchase import lots, ranking
from pipelines.purchase.lines import Draft, Lines


def cut(draft: Draft, lines: Lines, prices: lots.Prices, budget: float) -> pl.DataFrame:
    """Cut the lines at a budget. In place.

    Args:
        draft: lines, priced.
        lines: the SKUs.
        prices: price steps: a line that is cut short may lose its price break, and its steps cost accordingly.
        budget: money.

    Returns:
        The ranked list: ``row, quantity, unit_price, expected_saving, saving_per_money, cumulative_value, taken``.
    """
    found = ranking.steps(draft, lines, np.flatnonzero(draft.ordered), prices)
    paid = ranking.at_steps(prices, found.row, found.upto)
    ranked = ranking.rank(lines, found, found.rises(found.upto * paid), budget + 1e-6)
    lost = draft.ordered & (ranked.kept <= 0)
    shorter = draft.ordered & ~lost & (ranked.kept < draft.quantity - 1e-9)
    draft.changes.entered, draft.changes.before_cut = ranked.entered, draft.quantity.copy()
    draft.code[lost], draft.code[shorter] = c.BUDGET_SPENT, c.CUT
    draft.quantity = np.where(draft.ordered, ranked.kept, 0.0)
    draft.price = lots.paid(prices, draft.quantity)
    return pl.DataFrame(
        {
            "row": found.row[ranked.order],
            "quantity": ranked.units,
            "unit_price": paid[ranked.order],
            "expected_saving": ranked.saving,
            "saving_per_money": ranked.ratio,
            "cumulative_value": ranked.total,
            "taken": ranked.taken,
        }
    )
