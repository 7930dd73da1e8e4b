"""Consolidation on real and made-up catalogues: the cost of replaying each supplier's orders with can-order levels and without.

    python -m tests.bench.consolidation [--json] [--seed 42] [--line-lots]

Reorder points and order-up-to levels are set from the first part of the history and stay. As in the product, joining is tried on that
first part, and used where it saved there. Both replays then meet the second part. An order costs its supplier's ordering cost once and
a share of it for each further line, in both replays alike; the only difference is who joins. Costs are ordering, holding and lost
margin. The interval is a paired bootstrap over suppliers.

- sample: the sample ERP of ``stockproof erp seed`` (2,016 SKUs, 60 suppliers), daily, one year to learn, one to judge; orders every day
  or week.
- man: a manufacturer's SKUs with their real packs, minimum orders, lead times and fixed order cost, weekly. The data name no supplier: SKUs
  of one lead time, in file order, stand for one, in groups of 5, 20 or 50. Margin, which the data lack, is taken as a quarter of the cost.

Ends with code 1 where the interval says that consolidation costs more.

``--line-lots`` asks another question of the same cases: what if a lot bore only its share of an order, K (s + (1 - s) / L) with L the lines
of its supplier's orders, instead of the whole K? L is found on the first part, by replaying it four times.
"""

import argparse
import dataclasses
import json
import sys
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats, demand_quantile, economic_order_quantity, periodic_levels
from pipelines.purchase import trial
from pipelines.purchase.joint import JointTerms, can_order_units
from pipelines.purchase.trial import LINES, ORDERS, Setting, judge
from tests.bench.data import folder

LINE_COST_SHARE, SERVICE, RATE = 0.1, 0.95, 0.2

LOT_ROUNDS = 4
"""Lots move the lines of an order, and these the lots."""


@dataclass(frozen=True)
class Case:
    """A catalogue with a history; units, money, periods (days or weeks). Shapes (N,) but for demand, (N, T)."""

    name: str
    demand: Floats
    learn: int
    review: int
    vendor: np.ndarray
    lead: np.ndarray
    pack: Floats
    minimum: Floats
    ordering_cost: Floats
    holding: Floats
    shortage: Floats
    days: int  # of a period


def replay(case: Case) -> dict[str, float | str]:
    """Both replays of a case, compared."""
    setting, above = levels(case, np.ones(case.lead.size))
    verdict = judge(setting, above)
    later, proven = _later(case, setting), np.where(verdict.joins[case.vendor], above, 0.0)
    alone, joint, unguarded = (
        trial.replay(later, units).sum(axis=1) for units in (np.zeros(above.size), proven, above)
    )
    free = 1 - unguarded[:, :3].sum() / alone[:, :3].sum()
    return _compared(case.name, alone, joint) | {
        "joined": int(verdict.joins.sum()),
        "saving_without_trial": float(free),
    }


def levels(case: Case, borne: Floats) -> tuple[Setting, Floats]:
    """Levels from the first part of the history, and how far above its reorder point each SKU joins.

    Args:
        case: a catalogue.
        borne: share of the ordering cost that the economic lot is reckoned with, shape (N,).

    Returns:
        The replay of the first part, and units, shape (N,).
    """
    past = case.demand[:, : case.learn]
    mean, variance = past.mean(axis=1), past.var(axis=1)
    span = case.lead + 1.0 + case.review
    base = demand_quantile(mean * span, np.maximum(variance, mean) * span, SERVICE, whole=True)
    lot = economic_order_quantity(mean / case.days, case.ordering_cost * borne, case.holding / case.days)
    s, up_to = periodic_levels(base, lot, mean * case.review, whole=True)
    s, up_to = np.where(base > 0, s, -1.0), np.where(base > 0, up_to, 0.0)
    least = np.maximum(np.ceil(case.minimum / case.pack - 1e-9), 1.0) * case.pack
    own = np.maximum(np.ceil((up_to - s) / case.pack - 1e-9) * case.pack, least)
    terms = JointTerms(own, up_to - s - least, mean, case.ordering_cost, case.holding, s - mean * span)
    above = can_order_units(case.vendor, terms, LINE_COST_SHARE, float(case.review))
    setting = Setting(
        past, case.vendor, case.review, case.lead, case.pack, case.minimum, s, up_to, np.ceil(base + lot / 2), case.ordering_cost,
        LINE_COST_SHARE, case.holding, case.shortage,
    )  # fmt: skip
    return setting, above


def _later(case: Case, setting: Setting) -> Setting:
    return dataclasses.replace(setting, demand=case.demand[:, case.learn :])


def line_lots(case: Case) -> dict[str, float | str]:
    """Lots that bear a whole order's cost against lots that bear their line's share of it, both with joining where the trial says so."""
    borne, costs = np.ones(case.lead.size), []
    for _ in range(LOT_ROUNDS + 1):
        setting, above = levels(case, borne)
        proven = np.where(judge(setting, above).joins[case.vendor], above, 0.0)
        costs.append(trial.replay(_later(case, setting), proven).sum(axis=1))
        learnt = trial.replay(setting, proven).sum(axis=1)
        lines = np.maximum(learnt[:, LINES] / np.maximum(learnt[:, ORDERS], 1.0), 1.0)
        borne = (LINE_COST_SHARE + (1 - LINE_COST_SHARE) / lines)[case.vendor]
    return _compared(case.name, costs[0], costs[-1]) | {"borne": float(borne.mean())}


def _compared(name: str, alone: Floats, joint: Floats) -> dict[str, float | str]:
    costs = alone[:, :3].sum(axis=1), joint[:, :3].sum(axis=1)
    rng = np.random.default_rng(7)
    draws = rng.integers(0, costs[0].size, (4_000, costs[0].size))
    saved = 1 - costs[1][draws].sum(axis=1) / costs[0][draws].sum(axis=1)
    return {
        "case": name, "suppliers": costs[0].size, "cost_without": costs[0].sum(), "cost_with": costs[1].sum(),
        "saving": 1 - costs[1].sum() / costs[0].sum(), "low": float(np.quantile(saved, 0.025)), "high": float(np.quantile(saved, 0.975)),
        "orders_without": alone[:, 3].sum(), "orders_with": joint[:, 3].sum(), "lines_without": alone[:, 4].sum(),
        "lines_with": joint[:, 4].sum(), "ordering_without": alone[:, 0].sum(), "ordering_with": joint[:, 0].sum(),
        "holding_without": alone[:, 1].sum(), "holding_with": joint[:, 1].sum(), "shortage_without": alone[:, 2].sum(),
        "shortage_with": joint[:, 2].sum(),
    }  # fmt: skip


def sample(review: int, seed: int) -> Case:
    """The sample ERP: its primary suppliers, terms and sales."""
    from pipelines.sample.config import SampleConfig
    from pipelines.sample.generate import generate

    frames = generate(SampleConfig(dirty=False, seed=seed))
    items = frames["items"].sort("item_id")
    offers = frames["item_suppliers"].filter("is_primary").unique("item_id", keep="first", maintain_order=True)
    rows = items.join(offers, on="item_id", how="inner", suffix="_offer", maintain_order="left").with_row_index("row")
    sold = (
        frames["sales"]
        .join(rows.select("row", "item_id"), on="item_id")
        .with_columns(day=(pl.col("sold_on") - pl.col("sold_on").min()).dt.total_days())
    )
    sums = sold.group_by("row", "day").agg(pl.col("quantity").sum())
    demand = np.zeros((rows.height, int(sums["day"].to_numpy().max()) + 1))
    demand[sums["row"].to_numpy(), sums["day"].to_numpy()] = np.maximum(sums["quantity"].to_numpy(), 0)
    cost = rows["unit_cost"].cast(pl.Float64).to_numpy()
    own = rows["holding_cost_per_day"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return Case(
        f"sample, orders every {review} day(s)",
        demand,
        365,
        review,
        rows["supplier_id"].rank("dense").cast(pl.Int64).to_numpy() - 1,
        rows["lead_time_days"].cast(pl.Int64).to_numpy(),
        np.maximum(rows["pack_size"].cast(pl.Float64).fill_null(1.0).to_numpy(), 1.0),
        rows["min_order_qty"].cast(pl.Float64).fill_null(1.0).to_numpy(),
        rows["ordering_cost"].cast(pl.Float64).fill_null(50.0).to_numpy(),
        np.where(np.isnan(own), cost * RATE / 365, own),
        np.maximum(rows["unit_price"].cast(pl.Float64).to_numpy() - cost, 0.01),
        1,
    )


def man(group: int) -> Case:
    """The manufacturer's catalogue, SKUs with demand, in groups of one lead time."""
    path = folder("man")
    items = pl.read_parquet(path / "man_items.parquet").sort("sku")
    weekly = pl.read_parquet(path / "man_weekly_wide.parquet").sort("sku").drop("sku").to_numpy().astype(float)
    keep = weekly.sum(axis=1) > 0
    items, weekly = items.filter(pl.Series(keep)), np.maximum(weekly[keep], 0)
    lead = items["lead_time_weeks"].to_numpy()
    place = items.with_columns(n=pl.int_range(pl.len()).over("lead_time_weeks"))["n"].to_numpy() // group
    vendor = np.unique(np.column_stack([lead, place]), axis=0, return_inverse=True)[1].ravel()
    cost = items["cost_price_eur"].to_numpy()
    return Case(
        f"man, {group} SKUs a supplier", weekly, 75, 1, vendor.astype(np.int64), lead.astype(np.int64),
        np.maximum(items["pack_size"].to_numpy().astype(float), 1), np.maximum(items["min_order_qty"].to_numpy(), 1.0),
        items["fixed_order_cost_eur"].to_numpy(), items["holding_cost_eur_per_year"].to_numpy() / 52, 0.25 * cost, 7,
    )  # fmt: skip


def main() -> int:
    """Replay all cases, print, 1 where one costs more with consolidation for sure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seed", type=int, default=42, help="of the sample ERP")
    parser.add_argument(
        "--line-lots", action="store_true", help="compare lots that bear their line's share of an order's cost"
    )
    options = parser.parse_args()
    daily = sample(1, options.seed)
    weekly = dataclasses.replace(daily, name="sample, orders every 7 day(s)", review=7)
    cases = [daily, weekly, *(man(size) for size in (5, 20, 50))]
    compared = [(line_lots if options.line_lots else replay)(case) for case in cases]
    print(json.dumps(compared, indent=1) if options.json else "\n".join(map(_text, compared)))
    return 0 if options.line_lots or all(float(one["high"]) >= 0 for one in compared) else 1


def _text(one: dict[str, float | str]) -> str:
    further = (
        f"a lot bears {one['borne']:.0%} of an order's cost"
        if "borne" in one
        else f"joined at {one['joined']}; without the trial {one['saving_without_trial']:.2%}"
    )
    return (
        f"{one['case']:32s} {one['suppliers']:4d} suppliers  cost {one['cost_without']:13,.0f} -> {one['cost_with']:13,.0f}  "
        f"saved {one['saving']:7.2%} [{one['low']:.2%}, {one['high']:.2%}]  orders {one['orders_without']:,.0f} -> "
        f"{one['orders_with']:,.0f}, lines {one['lines_without']:,.0f} -> {one['lines_with']:,.0f}; {further}"
    )


if __name__ == "__main__":
    sys.exit(main())
