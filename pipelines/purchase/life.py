"""The end of an item: levels that cover no more than it still sells, and no order that would arrive after it. Pure."""

from datetime import date

import polars as pl

from pipelines.core.calendar import DAYS_IN
from pipelines.core.supplier_days import Calendars
from pipelines.settings import Settings


def until_the_end(rows: pl.DataFrame, as_of: date, config: Settings, calendars: Calendars) -> pl.DataFrame:
    """Levels of items whose end is announced.

    Args:
        rows: SKUs with ``discontinued_on``, levels, forecast, ``lead_time_days, measured_days`` of the chosen offer and ``whole``.
        as_of: the run's date.
        config: default lead time, bucket.
        calendars: working weeks and closing days of the suppliers.

    Returns:
        The rows; ``ends_first``: an order would arrive on the day of the end or later; ``arrives_on``: when; ``still_sells``: units
        expected until the end where they are fewer than the order-up-to level, which then is these; else null.
    """
    agreed = pl.col("lead_time_days").fill_null(config.planning.default_lead_time_days)
    asked = rows.select(
        "item_id",
        "supplier_id",
        days=pl.coalesce("measured_days", agreed),
        measured=pl.col("measured_days").is_not_null(),
    )
    days = calendars.taken(asked, as_of).ceil().cast(pl.Int64)
    past = pl.col("mean_demand").fill_null(0.0) / DAYS_IN[config.planning.grain]
    a_day = pl.coalesce(pl.col("forecast_mean") / pl.col("protection_days").clip(lower_bound=1), past)
    # The day of the end has no sale any more.
    sells = a_day * ((pl.col("discontinued_on") - pl.lit(as_of)).dt.total_days() - 1)
    sells = pl.when("whole").then((sells - 1e-6).ceil()).otherwise(sells).clip(lower_bound=0.0)
    ends = (pl.col("discontinued_on") > as_of).fill_null(value=False)
    rows = rows.with_columns(arrives_on=pl.lit(as_of) + pl.duration(days=pl.lit(days + 1)))
    late = (ends & (pl.col("arrives_on") >= pl.col("discontinued_on"))).fill_null(value=False)
    fewer = ends & ~late & (sells < pl.col("order_up_to"))
    rows = rows.with_columns(ends_first=late, still_sells=pl.when(fewer).then(sells))
    levels = {name: pl.min_horizontal(name, "still_sells") for name in ("reorder_point", "order_up_to")}
    return rows.with_columns(**levels)
