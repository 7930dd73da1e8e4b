"""What the panel is given beside its own: needed wherever a model is asked, in the daily run and behind MLflow's own predict."""

from dataclasses import replace

import numpy as np
import polars as pl

from pipelines.core.calendar import DAYS_IN
from pipelines.core.panel import Panel


def discounted(panel: Panel, promotions: pl.DataFrame) -> Panel:
    """The panel with how deep its promotions cut the price, a covariate known ahead like the promotion itself.

    Args:
        panel: with the covariate ``promotion`` [n, T + F].
        promotions: item_id, location_id, day, discount_share (null: no price named).

    Returns:
        The panel with ``discount`` [n, T + F]: mean share off the list price over the bucket's days, 0 without a promotion.
    """
    width, days = panel.local["promotion"].shape[1], DAYS_IN[panel.bucket]
    out = np.zeros((panel.skus, width), dtype=np.float32)
    keys = pl.DataFrame({"item_id": panel.item_ids.astype(str), "location_id": panel.location_ids.astype(str)})
    placed = (
        promotions.filter(pl.col("discount_share") > 0)
        .unique(["item_id", "location_id", "day"], keep="any", maintain_order=True)
        .join(keys.with_row_index("row"), on=["item_id", "location_id"])
        .with_columns(at=(pl.col("day") - panel.starts()[0]).dt.total_days() // days)
        .filter(pl.col("at").is_between(0, width - 1))
    )
    depth = np.clip(placed["discount_share"].to_numpy().astype(np.float32), 0.0, 1.0) / days
    np.add.at(out, (placed["row"].to_numpy(), placed["at"].to_numpy()), depth)
    return replace(panel, local={**panel.local, "discount": out})
