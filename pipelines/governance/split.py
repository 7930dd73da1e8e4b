"""What became of the SKUs that a challenger served, beside those that stayed with the champion: pinball loss, cost, fill. Pure.

Loss: both versions forecast every SKU, so each run pairs them on the same windows. Cost and fill come from what was ordered: a SKU is
paired with its own days before the split, and the challenger's SKUs are set against the champion's within each stratum of the draw.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.governance.came_true import SERVING, SHADOW
from pipelines.governance.sequential import normal_mixture

ERROR_RATE: Final = 0.05
"""Probability that an interval leaves out the true difference."""

FEWEST: Final = 5
"""Runs, or SKUs of an arm, below which nothing is said."""


@dataclass(frozen=True)
class Difference:
    """Challenger less champion.

    Attributes:
        measure: ``scaled pinball loss``, ``cost a day`` (money a SKU) or ``fill rate``.
        champion: mean of the champion's.
        difference: challenger less champion.
        low: lower end of its interval.
        high: upper end.
        of: runs that were paired, or SKUs that the challenger served.
        winner: ``challenger`` or ``champion`` where the interval leaves out 0, else ``open``.
    """

    measure: str
    champion: float
    difference: float
    low: float
    high: float
    of: int
    winner: str


def loss(stream: pl.DataFrame, challenger: str) -> Difference | None:
    """Scaled pinball loss run by run; its interval holds whenever one looks.

    Args:
        stream: outcomes of the forecasts of the run before, by cell, since the split began.
        challenger: its label.
    """
    sums = [pl.col("windows", "pinball").sum()]
    own = stream.filter(pl.col("role") == SERVING).group_by("scored_on").agg(*sums)
    other = stream.filter((pl.col("role") == SHADOW) & (pl.col("model_version") == challenger))
    both = own.join(other.group_by("scored_on").agg(*sums), on="scored_on", suffix="_challenger").sort("scored_on")
    if both.height < FEWEST:
        return None
    champion = (both["pinball"] / both["windows"]).to_numpy()
    values = (both["pinball_challenger"] / both["windows_challenger"]).to_numpy() - champion
    mean, low, high = normal_mixture(values, ERROR_RATE)
    return Difference("scaled pinball loss", float(champion.mean()), mean, low, high, both.height, _winner(low, high))


def outcome(skus: pl.DataFrame, measure: str) -> Difference | None:
    """Cost or fill of the two arms, each SKU less its own before, strata weighted as the challenger's SKUs are spread over them.

    Args:
        skus: ``stratum, arm, before, after``, one row a SKU.
        measure: ``cost a day`` (less is better) or ``fill rate`` (more is better).
    """
    from scipy import stats

    rows = skus.drop_nulls(["before", "after"]).with_columns(change=pl.col("after") - pl.col("before"))
    found = rows.group_by("stratum").agg(
        *(
            expression.alias(f"{name}_{arm}")
            for arm in ("challenger", "champion")
            for values in [pl.col("change").filter(pl.col("arm") == arm)]
            for name, expression in (("n", values.len()), ("mean", values.mean()), ("var", values.var()))
        )
    )
    usable = found.filter((pl.col("n_challenger") >= 2) & (pl.col("n_champion") >= 2))
    served = int(usable["n_challenger"].sum())
    if served < FEWEST:
        return None
    weight = usable["n_challenger"].to_numpy() / served
    difference = float(weight @ (usable["mean_challenger"] - usable["mean_champion"]).to_numpy())
    variance = (
        usable["var_challenger"] / usable["n_challenger"] + usable["var_champion"] / usable["n_champion"]
    ).to_numpy()
    width = float(stats.norm.ppf(1 - ERROR_RATE / 2) * np.sqrt(weight**2 @ variance))
    low, high = difference - width, difference + width
    winner = _winner(low, high) if measure != "fill rate" else _winner(-high, -low)
    champion: Any = rows.filter(pl.col("arm") == "champion")["after"].mean()
    return Difference(measure, float(champion or 0.0), difference, low, high, served, winner)


def _winner(low: float, high: float) -> str:
    if high < 0:
        return "challenger"
    return "champion" if low > 0 else "open"
