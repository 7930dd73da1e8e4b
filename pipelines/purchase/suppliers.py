"""Whom to buy from where several offer an item: by landed cost, among those that are good and quick enough."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipelines.core.business_rules import BusinessRule
from pipelines.core.calendar import DAYS_IN
from pipelines.core.inventory import Floats, largest_line, least_order
from pipelines.purchase import lots, prices, reasons, rules
from pipelines.purchase.lines import TOLERANCE, Flags
from pipelines.purchase.rules import Applied
from pipelines.settings import Settings

SCORE_MARGIN = 0.1
"""How far another supplier's score may lie below the primary's, of 1."""

TERMS = (
    "supplier_id",
    "lead_time_days",
    "measured_days",
    "min_order_qty",
    "pack_size",
    "purchase_price",
    "ordering_cost",
)


def choose(
    rows: pl.DataFrame, offers: pl.DataFrame, breaks: pl.DataFrame, config: Settings, applied: Applied
) -> pl.DataFrame:
    """Set each SKU's offer.

    The primary supplier stands unless another one, no slower (the policy's protection interval must still hold) and not scored much lower,
    saves the configured share of the landed cost; or unless a rule bars it: then the cheapest of those left, whatever its lead time.

    Args:
        rows: SKUs with the terms of the primary (or cheapest active) supplier.
        offers: active suppliers' offers: ``item_id``, :data:`TERMS`, ``lead_time_mean, accepted_share, score`` (null: not known).
        breaks: price breaks.
        config: saving asked for, rules, cost rates.
        applied: takes the rules that bar a supplier.

    Returns:
        The rows with the chosen terms, ``landed_cost`` (money per unit, null with one offer), ``supplier_reason`` and
        ``supplier_blocked``.
    """
    blocks = rules.blocked_suppliers(config.purchase.rules, rows)
    plain = rows.with_columns(
        pl.lit(None, pl.Float64).alias("landed_cost"), pl.lit("").alias("supplier_reason"), pl.lit(value=False).alias("supplier_blocked"),
    )  # fmt: skip
    several = offers.filter(pl.len().over("item_id") > 1)
    if not rows.height or (not blocks and not several.height):
        return plain
    barred = _barred(rows, blocks, applied)
    own = [n in barred and name in barred[n] for n, name in enumerate(rows["supplier_id"].to_list())]
    plain = plain.with_columns(pl.Series("supplier_blocked", own, dtype=pl.Boolean))
    wanted = plain.with_row_index("line").select(
        "line",
        "item_id",
        pl.col("supplier_id").alias("own_supplier"),
        pl.col("supplier_blocked").alias("own_barred"),
        *_NEEDS,
    )
    wide = wanted.join(offers if blocks else several, on="item_id", how="inner", maintain_order="left")
    if not wide.height:
        return plain
    if barred:
        names = pl.DataFrame(
            {"line": list(barred), "barred": [sorted(b) for b in barred.values()]}, schema_overrides={"line": pl.UInt32}
        )
        wide = wide.join(names, on="line", how="left", maintain_order="left").with_columns(
            is_barred=pl.col("barred").list.contains(pl.col("supplier_id")).fill_null(value=False)
        )
    else:
        wide = wide.with_columns(is_barred=pl.lit(value=False))
    wide = wide.with_columns(
        pl.Series("landed_cost", landed_costs(wide, breaks, config)),
        own=pl.col("supplier_id") == pl.col("own_supplier"),
    )
    return _put(plain, _ranked(wide, config.purchase.supplier_saving))


_NEEDS = ("mean_demand", "forecast_mean", "protection_days", "unit_cost", "holding_cost_per_day", "whole")


def landed_costs(wide: pl.DataFrame, breaks: pl.DataFrame, config: Settings) -> Floats:
    """Cost of a unit on the shelf: price, a share of the ordering cost, holding of the lot, over the share that is accepted.

    Args:
        wide: one row a SKU and offer.
        breaks: price breaks of the offers.
        config: rates where the ERP names none.

    Returns:
        Money per usable unit, at each offer's own best lot; NaN where the offer has no price.
    """

    def column(name: str, missing: float) -> Floats:
        values: Floats = wide[name].cast(pl.Float64).fill_null(missing).to_numpy()
        return values

    past = column("mean_demand", 0.0) / DAYS_IN[config.planning.grain]
    demand = wide["forecast_mean"].cast(pl.Float64).fill_null(np.nan).to_numpy() / np.maximum(
        column("protection_days", 1.0), 1.0
    )
    demand = np.maximum(np.where(np.isnan(demand), past, demand), 1e-6)
    cost = column("unit_cost", 0.0)
    fallback = config.costs.holding_cost_rate / 365.0
    holding = wide["holding_cost_per_day"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    rate = np.where(np.isnan(holding) | (cost <= 0), fallback, holding / np.where(cost > 0, cost, 1.0))
    pack = np.maximum(column("pack_size", 0.0), 0.0)
    least = least_order(column("min_order_qty", 0.0), wide["whole"].to_numpy(), config.purchase.min_quantity)
    least = np.maximum(least, TOLERANCE)  # nothing at all is no lot
    most = np.maximum(largest_line(config.purchase.max_quantity, demand), least)
    terms = lots.Lots(demand, column("ordering_cost", config.costs.ordering_cost), rate, pack, least, most)
    _, _, per_day = lots.best(terms, prices.steps(wide, breaks))
    landed = per_day / demand / np.clip(column("accepted_share", 1.0), 0.05, 1.0)
    priced = wide["purchase_price"].cast(pl.Float64).fill_null(0.0).to_numpy() > 0
    return np.where(priced, landed, np.nan)


def _ranked(wide: pl.DataFrame, saving: float) -> pl.DataFrame:
    """The offer of each SKU: its own unless another may and saves enough."""
    own = wide.filter("own").select("line", own_cost="landed_cost", own_lead="lead_time_mean", own_score="score")
    judged = wide.join(own, on="line", how="left", maintain_order="left").with_columns(
        quick=(pl.col("lead_time_mean") <= pl.col("own_lead") + 0.5).fill_null(value=False),
        good=(pl.col("score") >= pl.col("own_score") - SCORE_MARGIN).fill_null(value=True),
        saves=(pl.col("landed_cost") <= pl.col("own_cost") * (1 - saving)).fill_null(value=False),
        gone=pl.col("own_barred") | pl.col("own_supplier").is_null(),
    )
    may = (
        ~pl.col("is_barred")
        & pl.col("landed_cost").is_not_nan()
        & (pl.col("own") | pl.col("gone") | (pl.col("quick") & pl.col("good") & pl.col("saves")))
    )
    ranked = judged.with_columns(may=may | (pl.col("own") & ~pl.col("is_barred"))).sort(
        "line", ~pl.col("may"), pl.col("landed_cost").fill_nan(None), "supplier_id", nulls_last=True
    )
    return ranked.group_by("line", maintain_order=True).first()


def _put(plain: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The chosen terms into the rows, with the reason where it is not the SKU's own supplier."""
    other = found.filter(pl.col("may") & ~pl.col("own"))
    words = (
        pl.when(pl.col("own_barred"))
        .then(pl.format("Supplier {} instead of {}, which a rule bars: landed cost {} a unit",
                        "supplier_id", "own_supplier", _money("landed_cost")))
        .when(pl.col("own_cost").fill_nan(None).is_null())
        .then(pl.format("Supplier {} instead of {}, which has no price: landed cost {} a unit, no slower",
                        "supplier_id", pl.col("own_supplier").fill_null("none"), _money("landed_cost")))
        .otherwise(pl.format("Supplier {} instead of {}: landed cost {} a unit instead of {}, no slower", "supplier_id",
                             pl.col("own_supplier").fill_null("none"), _money("landed_cost"), _money("own_cost")))
    )  # fmt: skip
    chosen = other.select("line", *(pl.col(name).alias(f"new_{name}") for name in TERMS), words.alias("new_reason"))
    costs = found.select("line", pl.col("landed_cost").fill_nan(None).alias("new_landed"))
    rows = plain.with_row_index("line").join(chosen, on="line", how="left", maintain_order="left")
    rows = rows.join(costs, on="line", how="left", maintain_order="left")
    swapped = pl.col("new_supplier_id").is_not_null()
    return rows.with_columns(
        *(pl.when(swapped).then(pl.col(f"new_{name}")).otherwise(pl.col(name)).alias(name) for name in TERMS),
        has_supplier=pl.col("has_supplier") | swapped,
        supplier_reason=pl.col("new_reason").fill_null(""),
        landed_cost=pl.col("new_landed"),
        supplier_blocked=pl.col("supplier_blocked") & ~swapped,
    ).drop("line", "new_reason", "new_landed", *(f"new_{name}" for name in TERMS))


def _barred(rows: pl.DataFrame, blocks: Sequence[tuple[BusinessRule, Flags]], applied: Applied) -> dict[int, set[str]]:
    """Suppliers barred for each SKU. The rule is named where it bars the SKU's own supplier."""
    barred: dict[int, set[str]] = {}
    own = np.array([str(name) for name in rows["supplier_id"].to_list()])
    for rule, hits in blocks:
        applied.add(rule, hits & np.isin(own, rule.then.block_supplier))
        for n in np.flatnonzero(hits).tolist():
            barred.setdefault(n, set()).update(rule.then.block_supplier)
    return barred


def _money(name: str) -> pl.Expr:
    return reasons.price(pl.col(name)).cast(pl.String)
