"""What a date's decisions would be under other choices; never writes."""

from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.io import warehouse
from pipelines.purchase import tables
from pipelines.purchase.decide import decide_inputs
from pipelines.settings import Settings

MOST: Final = 200
"""Changed lines that an answer holds."""

_TARGETS: Final = "select item_id, location_id, service_target from plan.policies where as_of = :as_of"


def redecide(as_of: date, *, budget: float | None = None, service_target: float | None = None) -> dict[str, Any]:
    """Decide a date again under another budget or service target.

    Another service target moves both levels of a policy by the difference of the two quantiles of demand over lead time and review period.

    Args:
        as_of: date of the marts.
        budget: money that the run may spend; None: as configured.
        service_target: cycle service level in (0, 1); None: that of the policies.

    Returns:
        ``before`` and ``after`` (lines, units, order_value, suppliers, mean stockout risk) and ``changes``, at most :data:`MOST`, the
        greatest change of value first.

    Raises:
        StockproofError: the marts hold another date.
    """
    config = settings.load()
    found = tables.read(as_of, config)
    if not found.rows.height:
        warehouse.refuse_other_marts(as_of)
        raise StockproofError(f"there is nothing to decide for {as_of}", f"stockproof run daily --as-of {as_of}")
    other = (
        config
        if budget is None
        else config.model_copy(update={"purchase": config.purchase.model_copy(update={"budget": budget})})
    )
    rows = found.rows if service_target is None else _moved(found.rows, as_of, service_target, config)
    before = decide_inputs(found, found.rows, as_of, config).table
    after = decide_inputs(found, rows, as_of, other).table
    key = ["item_id", "location_id"]
    shown = [*key, "supplier_id", "quantity", "order_value", "reason_code", "reason"]
    both = before.select(shown).join(after.select(shown), on=key, suffix="_after").filter(
        pl.col("quantity") != pl.col("quantity_after")
    ).with_columns((pl.col("order_value_after") - pl.col("order_value")).alias("change"))  # fmt: skip
    changes = both.sort(pl.col("change").abs(), descending=True)
    return {
        "as_of": as_of, "budget": other.purchase.budget, "service_target": service_target, "before": _sums(before), "after": _sums(after),
        "changed": changes.height, "changes": changes.head(MOST).to_dicts(),
    }  # fmt: skip


def _moved(rows: pl.DataFrame, as_of: date, target: float, config: Settings) -> pl.DataFrame:
    if not LEVELS[0] <= target <= LEVELS[-1]:
        raise StockproofError(
            f"a service target of {target:g} is outside the forecast's quantiles", f"{LEVELS[0]} to {LEVELS[-1]}"
        )
    known = warehouse.read(_TARGETS, as_of=as_of)
    rows = rows.join(known, on=["item_id", "location_id"], how="left", maintain_order="left")
    held = rows["service_target"].fill_null(config.costs.service_target).to_numpy()
    grid = rows.select(COLUMNS).fill_null(0.0).to_numpy().astype(float)
    step = np.array(
        [np.interp(target, LEVELS, one) - np.interp(was, LEVELS, one) for one, was in zip(grid, held, strict=True)]
    )
    levels = [
        (pl.col(name) + pl.Series(step)).clip(lower_bound=0.0).alias(name)
        for name in ("reorder_point", "order_up_to", "safety_stock")
    ]
    return rows.with_columns(*levels).drop("service_target")


def _sums(table: pl.DataFrame) -> dict[str, Any]:
    ordered = table.filter(pl.col("quantity") > 0)
    return {
        "lines": ordered.height,
        "units": float(ordered["quantity"].sum()),
        "order_value": round(float(ordered["order_value"].sum()), 2),
        "suppliers": ordered["supplier_id"].n_unique(),
        "mean_risk": round(float(table["risk"].fill_null(0.0).mean() or 0.0), 6),  # type: ignore[arg-type]
    }
