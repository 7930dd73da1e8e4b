"""What a closed loop's world has in store: the sample's history, and the demand and deliveries that follow it.

Demand, deliveries, returns and the planner's revisions are those the sample would have had; only the orders are somebody else's.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.contract import BY_NAME
from pipelines.io import erp_tables
from pipelines.sample import assortment, books, incumbent, master
from pipelines.sample.catalogue import Items, make_items
from pipelines.sample.config import SampleConfig
from pipelines.sample.demand import Demand, discounts, make_demand, make_promotions, make_skus
from pipelines.sample.planner import make_rule
from pipelines.sample.suppliers import make_suppliers, suppliers_frame

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Truth:
    """Everything that will happen to K SKUs, in steps, over T days of which the first ``start`` + 1 are history."""

    config: SampleConfig
    start: int
    suppliers: Any
    items: Items
    skus: Any
    rule: incumbent.MinMaxRule
    demand: Demand
    discount: npt.NDArray[np.float64]
    promotions: Any
    supply: incumbent.Supply
    days: incumbent.Days
    theirs: incumbent.Books

    @property
    def scale(self) -> npt.NDArray[np.float64]:
        """Steps a unit by SKU."""
        steps: npt.NDArray[np.float64] = 10.0 ** self.items.decimals[self.skus.item]
        return steps

    def day(self, index: int) -> date:
        """Calendar day of an index."""
        return self.config.day(index)

    def index(self, day: date) -> int:
        """Index of a calendar day."""
        return (day - self.config.origin).days


def make_truth(items: int, history: int, days: int, suppliers: int, seed: int) -> Truth:
    """Draw a world. All items live through all of it, so that both ways of ordering have the same to do on every day."""
    config = SampleConfig(
        items=items, days=history + days, suppliers=suppliers, seed=seed, dirty=False, counting_error_share=0.0
    )
    made = make_suppliers(config)
    catalogue = make_items(config, made)
    count = len(catalogue.ids)
    catalogue = replace(
        catalogue, created=np.zeros(count, np.int64), ended=np.full(count, config.total_days - 1, np.int64)
    )
    skus, promotions = make_skus(config, catalogue), make_promotions(config, catalogue)
    discount = discounts(config, count, promotions)
    demand = make_demand(config, catalogue, skus, discount)
    rule = make_rule(config, catalogue, skus)
    supply = incumbent.Supply(made.review, made.lead_factor, made.cancelled, made.partial_rate, made.reject_rate)
    happens = incumbent.Days(demand.quantity, demand.chance, config.origin.weekday())
    start = config.total_days - 1 - days
    theirs = incumbent.run(rule, happens, supply)
    return Truth(config, start, made, catalogue, skus, rule, demand, discount, promotions, supply, happens, theirs)


def history(truth: Truth) -> tuple[dict[str, pl.DataFrame], incumbent.Books]:
    """The contract's tables as they read at the end of the first day's close, before anybody orders on it, and the books behind them."""
    span = truth.start + 1
    config = replace(
        truth.config, days=truth.config.days - (truth.config.total_days - span), until=truth.day(truth.start)
    )
    items = replace(truth.items, ended=np.full(len(truth.items.ids), truth.start))
    rule = truth.rule._replace(end=np.full(len(truth.rule.end), truth.start))
    days = incumbent.Days(truth.demand.quantity[:, :span], truth.demand.chance[:, :, :span], truth.days.first_weekday)
    held = incumbent.run(rule, days, truth.supply)
    held.ordered[:, truth.start] = 0
    demand = Demand(truth.demand.quantity[:, :span], truth.demand.chance[:, :, :span])
    part = books.Part(config, items, truth.skus, rule, demand, truth.discount[:, :span], held)
    orders, lines = books.orders_frames(books.lines_frame(part, days, truth.supply), truth.suppliers)
    first = datetime.combine(config.day(config.opening_day), time(6))
    frames = {
        "items": master.items_frame(config, items),
        "suppliers": suppliers_frame(config, truth.suppliers).with_columns(updated_at=pl.lit(first)),
        "item_suppliers": master.sourcing_frame(config, items, truth.suppliers),
        "price_breaks": master.price_breaks_frame(items, truth.suppliers),
        "locations": master.locations_frame(config),
        "calendar_events": assortment.calendar_events(truth.config),
        "promotions": promotions_known(truth, truth.start),
        "sales": books.sales_frame(part),
        "stock_levels": books.stock_frame(part),
        "item_policies": books.policies_frame(part),
        "purchase_orders": orders,
        "purchase_order_lines": lines,
    }
    return {name: shaped(name, frame) for name, frame in frames.items()}, held


def promotions_known(truth: Truth, day: int) -> pl.DataFrame:
    """Promotions as they are announced: four weeks ahead."""
    known = truth.promotions.start <= day + 28
    announced = type(truth.promotions)(*(column[known] for column in truth.promotions))
    return master.promotions_frame(truth.config, truth.items, announced)


def shaped(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Contract columns in contract order and types."""
    known = erp_tables.schema(BY_NAME[name])
    return frame.select(pl.col(c).cast(k) for c, k in known.items() if c in frame.columns)  # optional ones are absent
