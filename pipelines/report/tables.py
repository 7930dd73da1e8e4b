"""The frames a report is made of."""

from dataclasses import dataclass, replace
from datetime import date

import polars as pl


@dataclass(frozen=True)
class Tables:
    """Everything one report is made of; every frame is of one as-of date.

    Attributes:
        as_of: the run's date.
        skus: one row a planning unit (marts.dim_sku, with the supplier's name).
        decisions: one row a planning unit (plan.decisions).
        replays: SKU × policy totals (plan.replays).
        replay_days: policy × day totals over all chunks (plan.replay_days).
        open_orders: one row an open purchase order line.
        quarantined: table × rule counts with one example.
        review: rows kept and listed for review, the most remarkable of each rule; ``rows`` is how many the rule found.
        gates: rules that were checked, one row each.
        methods: forecast method × model version × SKUs.
        policies: policy × level × SKUs.
        receipts: received purchase order lines in the history.
    """

    as_of: date
    skus: pl.DataFrame
    decisions: pl.DataFrame
    replays: pl.DataFrame
    replay_days: pl.DataFrame
    open_orders: pl.DataFrame
    quarantined: pl.DataFrame
    review: pl.DataFrame
    gates: pl.DataFrame
    methods: pl.DataFrame
    policies: pl.DataFrame
    receipts: int

    def decided(self) -> "Tables":
        """The same, with the planning units that the run decided on alone (an item filter leaves out the others)."""
        keys = self.decisions.select("item_id", "location_id")
        return replace(
            self, skus=self.skus.join(keys, on=["item_id", "location_id"], how="semi", maintain_order="left")
        )


@dataclass(frozen=True)
class ForecastTables:
    """History and forecast of the SKUs that are drawn.

    Attributes:
        demand: item_id, location_id, bucket_on, quantity, is_stockout; sparse.
        forecasts: item_id, location_id, bucket_on, mean and the quantile columns.
    """

    demand: pl.DataFrame
    forecasts: pl.DataFrame
