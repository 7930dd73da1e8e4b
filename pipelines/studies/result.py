"""The result document of a study: what the policy would have done against what was done. Pure.

Stockout rate = stockout item-days / item-days; service level = item-days in stock / item-days; inventory value = mean over days of the
stock's value. Reductions are relative to the real figures; service is compared in points, the unit fill rate beside the service level.
"""

from typing import Any, Final

import polars as pl

from pipelines.studies.sampling import catalogue_total

POLICIES: Final = {"simulated": "candidate", "real": "recorded", "incumbent": "incumbent"}
TOP: Final = 20
_KEY: Final = ["location_id", "item_id"]


def figures(rows: pl.DataFrame) -> dict[str, float | int | None]:
    """Totals of one policy over some SKUs.

    Args:
        rows: plan.study_items of that policy.

    Returns:
        The figures; rates None where there is nothing to divide by.
    """
    days, demand = int(rows["days"].sum()), float(rows["demand_units"].sum())
    out = int(rows["stockout_days"].sum())
    return {
        "items": rows.height, "item_days": days, "stockout_days": out, "stockout_rate": out / days if days else None,
        "service_level": 1.0 - out / days if days else None, "fill_rate": float(rows["sold_units"].sum()) / demand if demand else None,
        "inventory_value": float(rows["mean_stock_value"].sum()), "orders": int(rows["orders"].sum()),
        "holding_cost": float(rows["holding_cost"].sum()), "ordering_cost": float(rows["ordering_cost"].sum()),
        "shortage_cost": float(rows["shortage_cost"].sum()), "total_cost": float(rows["total_cost"].sum()),
        "lost_units": float(rows["lost_units"].sum()),
    }  # fmt: skip


def compared(rows: pl.DataFrame) -> dict[str, Any]:
    """Simulated, real and incumbent figures of the same SKUs, and what changes between them.

    Args:
        rows: plan.study_items.

    Returns:
        ``simulated``, ``real``, ``incumbent`` (None where no SKU has it) and ``change``. What the real past lost at empty shelves was not
        recorded, so its fill rate, shortage and total cost are None.
    """
    of = {name: rows.filter(pl.col("policy") == policy) for name, policy in POLICIES.items()}
    found: dict[str, Any] = {name: figures(group) if group.height else None for name, group in of.items()}
    if found["real"]:
        found["real"] |= {"fill_rate": None, "shortage_cost": None, "total_cost": None, "lost_units": None}
    return {**found, "change": _change(of)}


def _change(of: dict[str, pl.DataFrame]) -> dict[str, float | int | None]:
    """Changes on the SKUs that both sides have."""
    change: dict[str, float | int | None] = {}
    if of["real"].height and of["simulated"].height:
        ours, real = _both(of["simulated"], of["real"])
        change |= {
            "compared_items": ours["items"], "stockouts_avoided_days": real["stockout_days"] - ours["stockout_days"],
            "stockout_rate_reduction": _reduction(real["stockout_rate"], ours["stockout_rate"]),
            "inventory_value_reduction": _reduction(real["inventory_value"], ours["inventory_value"]),
            "service_level_points": _points(real["service_level"], ours["service_level"]), "orders": ours["orders"] - real["orders"],
            "holding_and_ordering_saved": real["holding_cost"] + real["ordering_cost"] - ours["holding_cost"] - ours["ordering_cost"],
        }  # fmt: skip
    if of["incumbent"].height and of["simulated"].height:
        ours, theirs = _both(of["simulated"], of["incumbent"])
        change |= {
            "saving_against_incumbent": theirs["total_cost"] - ours["total_cost"],
            "saving_share": _reduction(theirs["total_cost"], ours["total_cost"]),
            "fill_rate_points_against_incumbent": _points(theirs["fill_rate"], ours["fill_rate"]),
        }
    return change


def _both(one: pl.DataFrame, other: pl.DataFrame) -> tuple[dict[str, Any], dict[str, Any]]:
    return figures(one.join(other, on=_KEY, how="semi")), figures(other.join(one, on=_KEY, how="semi"))


def _reduction(before: float | None, after: float | None) -> float | None:
    return (before - after) / before if before and after is not None else None


def _points(before: float | None, after: float | None) -> float | None:
    return (after - before) * 100.0 if before is not None and after is not None else None


def breakdown(rows: pl.DataFrame, column: str) -> list[dict[str, Any]]:
    """The comparison by category or supplier, greatest saving first."""
    parts = []
    for name in rows[column].unique().sort().to_list():
        parts.append({column: name, **compared(rows.filter(pl.col(column) == name))})
    return sorted(parts, key=lambda part: -(part["change"].get("saving_against_incumbent") or 0.0))


def item_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a SKU, greatest benefit first: saving against the ERP's rule, else against the real holding and ordering cost."""
    wide = rows.filter(pl.col("policy") == "candidate").select(
        "item_id", "location_id", "category", "supplier_id", "days", pl.col("stockout_days").alias("simulated_stockout_days"),
        pl.col("mean_stock_value").alias("simulated_inventory_value"), pl.col("orders").alias("simulated_orders"),
        pl.when(pl.col("demand_units") > 0).then(pl.col("sold_units") / pl.col("demand_units")).alias("simulated_fill_rate"),
        pl.col("total_cost").alias("simulated_cost"), (pl.col("holding_cost") + pl.col("ordering_cost")).alias("_seen_cost"),
    )  # fmt: skip
    real = rows.filter(pl.col("policy") == "recorded").select(
        "item_id", "location_id", pl.col("stockout_days").alias("real_stockout_days"), pl.col("orders").alias("real_orders"),
        pl.col("mean_stock_value").alias("real_inventory_value"), (pl.col("holding_cost") + pl.col("ordering_cost")).alias("_real_cost"),
    )  # fmt: skip
    theirs = rows.filter(pl.col("policy") == "incumbent").select(
        "item_id", "location_id", pl.col("total_cost").alias("incumbent_cost")
    )
    wide = wide.join(real, on=["item_id", "location_id"], how="left").join(
        theirs, on=["item_id", "location_id"], how="left"
    )
    saving = pl.coalesce(
        pl.col("incumbent_cost") - pl.col("simulated_cost"), pl.col("_real_cost") - pl.col("_seen_cost"), 0.0
    )
    return wide.with_columns(saving.alias("benefit")).drop("_seen_cost", "_real_cost").sort(
        ["benefit", "location_id", "item_id"], descending=[True, False, False]
    )  # fmt: skip


def extrapolated(rows: pl.DataFrame, confidence: float) -> dict[str, Any]:
    """What a stratified sample says of the whole catalogue: totals with their interval."""
    ours = rows.filter(pl.col("policy") == "candidate")
    found = {
        name: catalogue_total(ours, name, confidence)
        for name in ("mean_stock_value", "total_cost", "stockout_days", "orders")
    }
    theirs = rows.filter(pl.col("policy") == "incumbent").select(*_KEY, pl.col("total_cost").alias("theirs"))
    paired = ours.join(theirs, on=_KEY, how="left").with_columns(
        (pl.col("theirs") - pl.col("total_cost")).fill_null(0.0).alias("saving")
    )
    if theirs.height:
        found["saving_against_incumbent"] = catalogue_total(paired, "saving", confidence)
    return {"confidence": confidence, "catalogue_items": round(float(ours["weight"].sum())), **found}


def document(head: dict[str, Any], rows: pl.DataFrame, sample: dict[str, Any], confidence: float) -> dict[str, Any]:
    """The whole document; ``daily_comparison`` stays null until it is asked for.

    Args:
        head: simulation_id, status, start_date, end_date, total_items, total_days.
        rows: plan.study_items.
        sample: kind, items, catalogue size and label.
        confidence: of the extrapolation.

    Returns:
        The document, ready for JSON.
    """
    return {
        **head, "sample": sample, "global_metrics": compared(rows),
        "catalogue_estimate": extrapolated(rows, confidence) if sample["kind"] == "stratified" else None,
        "category_breakdown": breakdown(rows, "category"), "supplier_breakdown": breakdown(rows, "supplier_id"),
        "item_level_summary": item_rows(rows).head(TOP).to_dicts(), "daily_comparison": None,
    }  # fmt: skip
