"""The frames a report is made of."""

from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl


@dataclass(frozen=True)
class Tables:
    """Everything one report is made of; every frame is of one as-of date.

    Attributes:
        as_of: the run's date.
        skus: one row a planning unit (marts.dim_sku, with the supplier's name).
        decisions: one row a planning unit (plan.decisions).
        ordered: lines of the date's orders as they stand (pipelines.briefing.queries.ordered_lines); None: those of the decisions.
        replays: SKU × policy totals (plan.replays).
        replay_days: policy × day totals over all chunks (plan.replay_days).
        open_orders: one row an open purchase order line.
        quarantined: table × rule counts with one example; a row that breaks two rules counts for both.
        review: rows kept and listed for review, the most remarkable of each rule; ``rows`` is how many the rule found.
        gates: rules that were checked, one row each.
        methods: forecast method × model version × SKUs.
        policies: policy × level × SKUs.
        set_aside: rows in quarantine, each once.
        to_review: rows listed for review, each once.
        receipts: received purchase order lines in the history.
        choices: which rule each SKU follows, and on what basis (plan.choices).
        bounds: SKU × policy totals on imputed demand (plan.replay_bounds).
        calibration: SKUs whose books do not add up (plan.calibration).
        audit: achieved service by SKU (plan.service_audit).
        degraded: what the orders were decided without, one sentence; empty where no step failed.
        notices: what a planner must know beside the orders, sentences.
        suppliers: supplier_id and supplier_name of all of them; None: only those that SKUs name are known.
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
    set_aside: int
    to_review: int
    receipts: int
    choices: pl.DataFrame = field(default_factory=pl.DataFrame)
    bounds: pl.DataFrame = field(default_factory=pl.DataFrame)
    calibration: pl.DataFrame = field(default_factory=pl.DataFrame)
    audit: pl.DataFrame = field(default_factory=pl.DataFrame)
    degraded: str = ""
    notices: tuple[str, ...] = ()
    suppliers: pl.DataFrame | None = None
    ordered: pl.DataFrame | None = None

    def lines(self) -> pl.DataFrame:
        """Lines to buy, in the columns of the decisions: supplier, quantity, price and reason as a planner left them."""
        if self.ordered is None:
            return self.decisions.filter(pl.col("quantity") > 0)
        ours = ("supplier_id", "quantity", "unit_price", "order_value", "expected_on", "reason_code", "reason", "alert")
        lines = self.ordered.rename({"line_value": "order_value"}).select(
            "item_id", "location_id", *ours, "proposed_quantity"
        )
        rest = self.decisions.drop(ours, strict=False)
        return lines.join(rest, on=["item_id", "location_id"], how="inner", maintain_order="left")

    def sound(self) -> "Tables":
        """The same, with the replays of SKUs whose books add up alone."""
        if self.calibration.is_empty():
            return self
        keys = self.calibration.select("item_id", "location_id")
        whole = {name: getattr(self, name) for name in ("replays", "bounds")}
        kept = {
            name: rows.join(keys, on=["item_id", "location_id"], how="anti", maintain_order="left")
            for name, rows in whole.items()
            if rows.height
        }
        return replace(self, **kept)

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
