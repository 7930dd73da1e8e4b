"""Whose quantity a line carries in the rollout: where our policy has not taken over, the ERP's own minimum and maximum decide. Pure."""

from datetime import date

import polars as pl

from pipelines.ordering.rules import MIN_MAX
from pipelines.purchase.fallback import REORDER_POINT

KEY = ["item_id", "location_id"]

OURS, INCUMBENT = "ours", "incumbent"

_WHY = {
    "control": "drawn to stay with the incumbent",
    "outside": "its class is not part of the stage",
    "ours": "the ERP has no minimum and maximum for it",
}


def carried(rows: pl.DataFrame, assigned: pl.DataFrame, first_stage: str) -> pl.DataFrame:
    """Who decides each SKU.

    Args:
        rows: SKUs with the ERP's ``erp_reorder_point, erp_order_up_to`` (null: none).
        assigned: ``item_id, location_id, stage, arm`` of plan.rollout_assignments; a SKU without one is in the first stage.
        first_stage: its name.

    Returns:
        ``item_id, location_id, stage, arm, carried_by``, in the order of the rows.
    """
    found = rows.select(*KEY, "erp_reorder_point", "erp_order_up_to").join(
        assigned, on=KEY, how="left", maintain_order="left"
    )
    has_rule = pl.col("erp_reorder_point").is_not_null() & pl.col("erp_order_up_to").is_not_null()
    arm = pl.col("arm").fill_null("outside")
    return found.with_columns(
        pl.col("stage").fill_null(first_stage),
        arm,
        pl.when(has_rule & (arm != "ours")).then(pl.lit(INCUMBENT)).otherwise(pl.lit(OURS)).alias("carried_by"),
    ).select(*KEY, "stage", "arm", "carried_by")


def with_incumbent(rows: pl.DataFrame, who: pl.DataFrame) -> pl.DataFrame:
    """The rows, with the ERP's own levels where the incumbent carries the line; in the order of :func:`carried`."""
    theirs = who["carried_by"] == INCUMBENT
    levels = {
        "level": pl.lit(REORDER_POINT),
        "policy": pl.lit(MIN_MAX),
        "reorder_point": pl.col("erp_reorder_point"),
        "order_up_to": pl.col("erp_order_up_to"),
    }
    return rows.with_columns(
        pl.when(theirs).then(value).otherwise(pl.col(name)).alias(name) for name, value in levels.items()
    )


def lines(table: pl.DataFrame, ours: pl.DataFrame, who: pl.DataFrame, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Say on each line whose quantity it carries.

    Args:
        table: rows of plan.decisions as the rollout decides them.
        ours: the same as our policy alone decides them, same order.
        who: from :func:`carried`.
        as_of: the run's date.

    Returns:
        Rows of plan.decisions with their reasons completed, and rows of plan.rollout_lines.
    """
    kept = who.select(
        pl.lit(as_of).alias("as_of"),
        *KEY,
        "stage",
        "arm",
        "carried_by",
        quantity=table["quantity"],
        our_quantity=ours["quantity"],
    )
    amount = pl.col("our_quantity").round(2).cast(pl.String).str.replace(r"\.0$", "")
    theirs = pl.format(
        "; rollout stage {}: the ERP's own minimum and maximum carry this line ({}), ours would order {}",
        "stage", pl.col("arm").replace_strict(_WHY), amount,
    )  # fmt: skip
    own = pl.format("; rollout stage {}: our policy carries this line", "stage")
    without = pl.format(
        "; rollout stage {}: our policy carries this line, because the ERP has no minimum and maximum for it", "stage"
    )
    words = kept.select(
        pl.when(pl.col("carried_by") == INCUMBENT)
        .then(theirs)
        .when(pl.col("arm") == OURS)
        .then(own)
        .otherwise(without)
        .alias("w")
    )
    return table.with_columns(reason=pl.concat_str(table["reason"], words["w"])), kept
