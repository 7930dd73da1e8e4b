"""Decisions: for every SKU how much to order, from whom, at which price and why; quantity 0 where nothing is ordered."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.core.inventory import Floats
from pipelines.core.quantiles import COLUMNS
from pipelines.io import warehouse
from pipelines.purchase import prices, quantity, risk
from pipelines.purchase.reasons import reasons
from pipelines.settings import Settings

_NUMBERS = ("on_hand", "on_order", "lead_time_days", "min_order_qty", "pack_size", "purchase_price", "mean_demand")

_SKUS = f"""
select p.item_id, p.location_id, p.policy, p.level, p.reorder_point, p.order_up_to, p.safety_stock, p.protection_days,
    s.supplier_id, s.has_supplier, s.abc_class, s.created_on, s.discontinued_on,
    {", ".join(f"cast(s.{name} as double precision) as {name}" for name in _NUMBERS)},
    f.mean as forecast_mean, {", ".join(f"f.{column}" for column in COLUMNS)}
from plan.policies p
join marts.dim_sku s on s.as_of = p.as_of and s.item_id = p.item_id and s.location_id = p.location_id
left join plan.lead_time_forecasts f on f.as_of = p.as_of and f.item_id = p.item_id and f.location_id = p.location_id
where p.as_of = :as_of order by p.location_id collate "C", p.item_id collate "C"
"""

# A line without a date is taken to arrive in time; one due later than the interval covers nothing of it.
_DUE = """
select p.item_id, p.location_id, sum(cast(o.quantity_open as double precision)) as due
from plan.policies p join marts.fct_open_orders o on o.item_id = p.item_id and o.location_id = p.location_id
where p.as_of = :as_of and (o.expected_on is null or o.expected_on <= p.as_of + p.protection_days)
group by p.item_id, p.location_id
"""

_BREAKS = """
select item_id, supplier_id, cast(min_qty as double precision) as min_qty, cast(unit_price as double precision) as unit_price
from marts.fct_price_breaks where unit_price is not null order by item_id, supplier_id, min_qty
"""


def run(as_of: date, items: Sequence[str] = ()) -> dict[str, int | float | str]:
    """Write plan.decisions of a date: one row for every SKU with a policy. Safe to repeat.

    Args:
        as_of: the run's date.
        items: these items alone; empty: all. Rows of other items stay as they are.

    Returns:
        Number of SKUs, lines and suppliers ordered from, and the value of the orders.

    Raises:
        StockproofError: the date has no policies, or the marts hold another date.
    """
    rows = warehouse.read(_SKUS, as_of=as_of)
    if not rows.height:
        _refuse_other_marts(as_of)
    if items:
        rows = rows.filter(pl.col("item_id").is_in(list(items)))
    due = warehouse.read(_DUE, as_of=as_of)
    rows = rows.join(due, on=["item_id", "location_id"], how="left", maintain_order="left")
    decided = table(rows.with_columns(pl.col("due").fill_null(0.0)), warehouse.read(_BREAKS), as_of, settings.load())
    only = {"item_id": sorted(set(items))} if items else {}
    warehouse.replace("plan.decisions", decided, {"as_of": as_of, **only})
    ordered = decided.filter(pl.col("quantity") > 0)
    return {
        "skus": decided.height,
        "lines": ordered.height,
        "suppliers": ordered["supplier_id"].n_unique(),
        "order_value": round(float(ordered["order_value"].sum()), 2),
    }


def table(rows: pl.DataFrame, breaks: pl.DataFrame, as_of: date, config: Settings) -> pl.DataFrame:
    """Rows of plan.decisions.

    Args:
        rows: SKUs with policy, stock, offer, forecast and ``due``, units on order that arrive within the protection interval.
        breaks: price breaks.
        as_of: the run's date.
        config: limits of an order line.

    Returns:
        One row a SKU, in the order of ``rows``.
    """
    needs = _needs(rows, as_of, config)
    ordered, code = quantity.decide(needs)
    mean = rows["forecast_mean"].fill_null(strategy=None, value=np.nan).to_numpy()
    expected = np.where(np.isnan(mean), needs.order_up_to - rows["safety_stock"].to_numpy(), mean)
    danger = _risk(rows, needs)
    arrival = pl.lit(as_of) + pl.duration(days=pl.col("lead_time_days").fill_null(0.0).ceil().cast(pl.Int64) + 1)
    decided = rows.with_columns(
        pl.lit(as_of).alias("as_of"),
        pl.Series("reason_code", code),
        pl.Series("quantity", ordered),
        pl.Series("gap", np.maximum(needs.order_up_to - needs.position, 0.0)),
        pl.Series("position", needs.position),
        pl.Series("pack", np.where(needs.pack > 0, needs.pack, 1.0)),
        pl.Series("minimum", needs.minimum),
        pl.Series("maximum", needs.maximum),
        pl.Series("inventory_position", needs.position),
        pl.Series("risk", danger),
        pl.Series("priority", risk.priorities(danger, rows["abc_class"].to_numpy())),
        pl.Series("projected_stock", needs.position + ordered - expected),
        pl.col("protection_days").alias("days"),
        pl.when(pl.Series(ordered) > 0).then(arrival).alias("expected_on"),
    )
    decided = decided.with_columns(prices.unit_prices(decided, breaks), reasons(decided))
    decided = decided.with_columns((pl.col("quantity") * pl.col("unit_price").fill_null(0.0)).alias("order_value"))
    return decided.select(_DECISIONS)


_DECISIONS = (
    "as_of", "item_id", "location_id", "supplier_id", "reason_code", "reason", "priority", "risk", "on_hand", "on_order",
    "inventory_position", "reorder_point", "order_up_to", "quantity", "unit_price", "order_value", "expected_on", "projected_stock",
    "level", "policy",
)  # fmt: skip


def _needs(rows: pl.DataFrame, as_of: date, config: Settings) -> quantity.Needs:
    least = np.maximum(rows["min_order_qty"].fill_null(0.0).to_numpy(), config.purchase.min_quantity)
    return quantity.Needs(
        position=(rows["on_hand"] + rows["due"]).to_numpy(),
        reorder_point=rows["reorder_point"].to_numpy(),
        order_up_to=rows["order_up_to"].to_numpy(),
        pack=rows["pack_size"].fill_null(0.0).to_numpy(),
        minimum=least,
        maximum=np.full(rows.height, config.purchase.max_quantity),
        discontinued=(rows["discontinued_on"] <= as_of).fill_null(value=False).to_numpy(),
        not_yet=(rows["created_on"] > as_of).fill_null(value=False).to_numpy(),
        has_supplier=rows["has_supplier"].to_numpy(),
    )


def _risk(rows: pl.DataFrame, needs: quantity.Needs) -> Floats:
    """From the forecast's quantiles; without a forecast 1 at an empty position that should hold something, else 0."""
    grid = np.column_stack([rows[column].cast(pl.Float64).fill_null(np.nan).to_numpy() for column in COLUMNS])
    bare = (needs.position <= 0) & (needs.order_up_to > 0)
    found = risk.exceedance(grid, needs.position)
    return np.where(np.isnan(found), bare.astype(np.float64), found)


def _refuse_other_marts(as_of: date) -> None:
    held = warehouse.read("select distinct as_of from marts.dim_sku")["as_of"].to_list()
    if held:
        raise StockproofError(
            f"no policies of {as_of} match marts.dim_sku, which holds {held[0]}",
            f"run that date whole: `stockproof run daily --as-of {as_of}`",
        )
