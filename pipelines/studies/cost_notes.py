"""The cost linter on what a study cannot refuse: the costs that SKUs have of their own, and the ratio that the boosters learn by. Pure."""

import polars as pl

from pipelines.core.costs import BOOSTER_RATIO, TOLERANCE, critical_ratio
from pipelines.settings import Settings
from pipelines.studies.question import Question


def notes(picked: pl.DataFrame, question: Question, config: Settings) -> list[str]:
    """Service levels that costs imply where they are not the target.

    A unit short costs p, one left over the holding cost h of a review period R: the critical ratio is p / (p + h R).

    Args:
        picked: SKUs with ``has_own_costs, shortage_cost`` (money a unit) and ``holding_cost_per_day`` (money a unit and day).
        question: with the change of the costs.
        config: service target, review period, objective of the boosters.

    Returns:
        Sentences; none where all agree.
    """
    change = question.change
    target = change.service_target or config.costs.service_target
    found = []
    short = pl.col("shortage_cost") * change.shortage_cost_factor
    review = change.review_period_days or config.planning.review_period_days
    left = pl.col("holding_cost_per_day") * change.price_factor * change.holding_cost_factor * review
    implied = picked.filter(pl.col("has_own_costs")).select(level=short / (short + left))
    apart = implied.filter((pl.col("level") - target).abs() > TOLERANCE)["level"].sort().to_list()
    if apart:
        found.append(
            f"{len(apart):,} of {implied.height:,} SKUs with costs of their own imply service levels from {apart[0]:.1%} to "
            f"{apart[-1]:.1%} (median {apart[len(apart) // 2]:.1%}), not the target of {target:.1%}; their own costs decide"
        )
    ratio = config.costs.stockout_to_overstock_ratio or BOOSTER_RATIO
    learned = critical_ratio(ratio, 1.0)
    if question.retrain_days and config.forecast.objective == "asymmetric" and abs(learned - target) > TOLERANCE:
        found.append(
            f"the boosters learn by a ratio of {ratio:g} to 1, which implies a service level of {learned:.1%}, "
            f"not the target of {target:.1%}"
        )
    return found
