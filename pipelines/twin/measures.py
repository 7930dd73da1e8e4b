"""What a run was worth: service, stock, money and the bullwhip, by replication, with intervals over replications."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.engine import network_kernel as k
from pipelines.engine.kernel import Floats
from pipelines.engine.network import NetworkOutcome
from pipelines.twin.world import Prices, World

METRICS: Final = {
    "service_level": "share of store-days on which all demand was served",
    "fill_rate": "units sold ÷ units demanded",
    "lost_sales": "units of demand not served",
    "holding_cost": "money for stock held",
    "penalty_cost": "money for demand not served",
    "ordering_cost": "money for orders",
    "total_cost": "holding + penalty + ordering",
    "average_inventory": "mean units on hand at a day's end, all sites",
    "orders": "orders placed",
    "failed_orders": "orders the source refused",
    "bullwhip": "variance of the orders to suppliers ÷ variance of customers' demand, by day",
}


@dataclass(frozen=True)
class Estimate:
    """A mean over replications with its 95% interval (Student's t).

    Attributes:
        mean: mean.
        low: lower bound; the mean where there is one replication.
        high: upper bound.
    """

    mean: float
    low: float
    high: float


def by_replication(world: World, outcome: NetworkOutcome, sites: list[int] | None = None) -> dict[str, Floats]:
    """Metrics of each replication, over all sites or some.

    Args:
        world: what ran.
        outcome: how it went.
        sites: places of the sites to count; None: all.

    Returns:
        Metric → values, shape (R,); NaN where there is nothing to divide by. Costs are sums over the counted days.
    """
    chosen = list(range(world.suppliers, len(world.sites))) if sites is None else sites
    sells = [j for j in chosen if world.sells[j]]
    roots = [j for j in chosen if sites is not None or world.net.traits[0, j, k.SOURCE] < world.suppliers]
    totals = outcome.totals

    def total(column: int, over: list[int]) -> Floats:
        summed: Floats = totals[:, :, over, column].sum(axis=(1, 2))
        return summed

    costs = cost_parts(world.prices, totals[:, :, chosen], chosen)
    demand, store_days = total(k.DEMAND, sells), outcome.days * len(sells) * len(world.skus)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "service_level": 1.0 - total(k.SHORT_DAYS, sells) / store_days,
            "fill_rate": total(k.SOLD, sells) / demand,
            "lost_sales": total(k.SHORT, sells),
            **costs,
            "total_cost": np.sum(list(costs.values()), axis=0),
            "average_inventory": total(k.ON_HAND_DAYS, chosen) / max(outcome.days, 1),
            "orders": total(k.ORDERS, chosen),
            "failed_orders": total(k.FAILED_ORDERS, chosen),
            "bullwhip": _bullwhip(totals[:, :, roots], outcome.days),
        }


def cost_parts(prices: Prices, totals: Floats, sites: list[int]) -> dict[str, Floats]:
    """Holding, penalty and ordering cost from totals of some sites, shape (R, K, sites, TOTALS); each shape (R,)."""
    missed = np.where(prices.waits[sites], totals[..., k.WAITING_DAYS], totals[..., k.SHORT])
    return {
        "holding_cost": (totals[..., k.ON_HAND_DAYS] * prices.holding[:, sites]).sum(axis=(1, 2)),
        "penalty_cost": (missed * prices.shortage[:, sites]).sum(axis=(1, 2)),
        "ordering_cost": (totals[..., k.ORDERS] * prices.ordering[:, sites]).sum(axis=(1, 2)),
    }


def _bullwhip(totals: Floats, days: int) -> Floats:
    """Mean over SKUs and the sites given of Var(orders) ÷ Var(demand of all customers below), shape (R,)."""
    if days < 2:
        return np.full(totals.shape[0], np.nan)
    orders = totals[..., k.ORDERED_SQUARED] / days - (totals[..., k.ORDERED] / days) ** 2
    asked = totals[..., k.DOWNSTREAM_SQUARED] / days - (totals[..., k.DOWNSTREAM] / days) ** 2
    ratio: Floats = np.where(asked > 0, orders / np.where(asked > 0, asked, 1.0), np.nan).mean(axis=(1, 2))
    return ratio


def estimate(values: Floats) -> Estimate:
    """Mean and 95% interval of independent replications; NaN values are left out.

    >>> e = estimate(np.array([1.0, 2.0, 3.0]))
    >>> round(e.mean, 3), round(e.low, 3), round(e.high, 3)
    (2.0, -0.484, 4.484)
    """
    from scipy.stats import t

    known = values[np.isfinite(values)]
    if known.size == 0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    mean = float(known.mean())
    half = 0.0
    if known.size > 1:
        half = float(t.ppf(0.975, known.size - 1) * known.std(ddof=1) / np.sqrt(known.size))
    return Estimate(mean, mean - half, mean + half)
