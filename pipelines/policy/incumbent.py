"""Where the replay did not prove a saving, or there is no past to replay, the ERP's minimum and maximum stay."""

import polars as pl

from pipelines.ordering.rules import MIN_MAX
from pipelines.policy.levels import REORDER_POINT

KEY = ["item_id", "location_id"]

UNKNOWN = "it never sold and was never counted: nothing speaks against the ERP's own minimum and maximum"
"""Why the ERP's rule stays for a SKU without any past."""


def kept(policies: pl.DataFrame, choices: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Put the ERP's rule in the place of ours for the SKUs whose guard kept it.

    Args:
        policies: rows of plan.policies as the forecast gives them.
        choices: rows of plan.choices of the date, ``choice`` and ``reason``; a SKU without one keeps our policy.
        rows: SKUs with the ERP's ``reorder_point`` and ``order_up_to``, ``forecast_mean``, ``is_unknown`` (it never sold, was never
            counted and has no day of creation, so it may be as new as the day) and, where planners adjusted its forecast, ``adjusted_by``
            in units: the ERP's levels know nothing of that and move with it.

    Returns:
        The policies, same rows and columns.
    """
    by = pl.col("adjusted_by") if "adjusted_by" in rows.columns else pl.lit(0.0)
    rule = rows.select(
        *KEY,
        (pl.col("reorder_point") + by).clip(lower_bound=0.0).alias("minimum"),
        (pl.col("order_up_to") + by).clip(lower_bound=0.0).alias("maximum"),
        pl.col("forecast_mean").alias("expected"),
    )
    incumbents = choices.filter(pl.col("choice") == "incumbent").select(*KEY, pl.col("reason").alias("because"))
    unknown = rows.filter("is_unknown").select(*KEY, pl.lit(UNKNOWN).alias("because"))
    incumbents = pl.concat([incumbents, unknown.join(incumbents, on=KEY, how="anti")])
    joined = policies.join(rule, on=KEY, how="left", maintain_order="left")
    joined = joined.join(incumbents, on=KEY, how="left", maintain_order="left")
    stays = pl.col("because").is_not_null() & pl.col("minimum").is_not_null() & pl.col("maximum").is_not_null()
    safety = pl.col("minimum") - pl.coalesce("expected", pl.col("minimum") - pl.col("safety_stock"))
    theirs = {
        "policy": pl.lit(MIN_MAX),
        "level": pl.lit(REORDER_POINT),
        "reorder_point": pl.col("minimum"),
        "order_up_to": pl.col("maximum"),
        "safety_stock": safety,
        "reason": pl.col("because"),
    }
    replaced = [pl.when(stays).then(value).otherwise(pl.col(name)).alias(name) for name, value in theirs.items()]
    return joined.with_columns(replaced).select(policies.columns)
