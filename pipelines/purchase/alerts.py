"""Open lines that come too late to help: reschedule them before ordering again. And lines of SKUs that no longer sell."""

from datetime import date

import numpy as np
import polars as pl

from pipelines.briefing.notices import UNSOLD, UNSOLD_DAYS
from pipelines.core.inventory import Floats
from pipelines.purchase.reasons import amount

NONE, EXPEDITE_LATE, GIVEN_UP, PULL_IN, RUNS_OUT_BEFORE = (
    "",
    "EXPEDITE_LATE_LINE",
    "LATE_LINE_NOT_COUNTED",
    "PULL_IN_OPEN_LINE",
    "RUNS_OUT_BEFORE_NEXT_LINE",
)


def alerts(rows: pl.DataFrame, short: np.ndarray, demand_per_day: Floats, as_of: date) -> pl.DataFrame:
    """What to tell a supplier about lines already ordered, and a planner about SKUs that are ordered though they have not sold for long.

    Whether to buy at all comes before when: a SKU that no longer sells gets that alert alone, and none about its lines.

    Args:
        rows: ``on_hand``; units ``overdue, dropped, beyond``; ``late_po, beyond_po, oldest_on, next_on``,
            see ``pipelines.briefing.queries.positions``;
            ``last_demand_on, created_on``.
        short: SKUs ordered, or that would be without the lines in question.
        demand_per_day: units.
        as_of: the run's date.

    Returns:
        ``alert_code, alert``, empty where there is nothing to tell.
    """
    of_lines = _of_open_lines(rows, short, demand_per_day, as_of)
    if "last_demand_on" not in rows.columns:
        return of_lines
    last = pl.col("last_demand_on")
    since = (pl.lit(as_of) - pl.coalesce(last, "created_on")).dt.total_days()
    # What never sold and has no day on which it went on sale may be of any age.
    unsold = pl.Series(short) & rows.select((since >= UNSOLD_DAYS).fill_null(last.is_null())).to_series()
    words = rows.select(
        pl.when(last.is_null())
        .then(pl.lit("Ordered without a sale: it never sold"))
        .otherwise(pl.format("Ordered without a sale: the last was {} days ago, on {}", since, last))
    ).to_series()
    return of_lines.with_columns(
        pl.when(unsold).then(pl.lit(UNSOLD)).otherwise("alert_code").alias("alert_code"),
        pl.when(unsold).then(words).otherwise("alert").alias("alert"),
    )


def _of_open_lines(rows: pl.DataFrame, short: np.ndarray, demand_per_day: Floats, as_of: date) -> pl.DataFrame:
    if "late_po" not in rows.columns:
        empty = pl.Series([""]).new_from_index(0, rows.height)
        return pl.DataFrame({"alert_code": empty, "alert": empty})
    safe = np.where(demand_per_day > 0, demand_per_day, np.nan)
    cover = np.nan_to_num(np.maximum(rows["on_hand"].cast(pl.Float64).fill_null(0.0).to_numpy(), 0.0) / safe, nan=1e6)
    frame = rows.select("overdue", "dropped", "beyond", "late_po", "beyond_po", "oldest_on", "next_on").with_columns(
        pl.Series("short", short),
        pl.Series("cover", np.minimum(cover, 1e6)),
        late=pl.lit(as_of) - pl.col("oldest_on"),
        wait=(pl.col("next_on") - pl.lit(as_of)).dt.total_days(),
    )
    late = (pl.lit(as_of) - pl.col("oldest_on")).dt.total_days()
    code = (
        pl.when(pl.col("dropped") > 0)
        .then(pl.lit(GIVEN_UP))
        .when(pl.col("overdue") > 0)
        .then(pl.lit(EXPEDITE_LATE))
        .when((pl.col("beyond") > 0) & pl.col("short"))
        .then(pl.lit(PULL_IN))
        .when((pl.col("wait") > pl.col("cover") + 1) & (pl.col("cover") < 1e6))
        .then(pl.lit(RUNS_OUT_BEFORE))
        .otherwise(pl.lit(NONE))
    )
    coded = frame.with_row_index("line").with_columns(code.alias("alert_code"))
    some = coded.filter(pl.col("alert_code") != NONE).with_columns(_words(late).alias("alert"))
    return (
        coded.select("line", "alert_code")
        .join(some.select("line", "alert"), on="line", how="left", maintain_order="left")
        .select("alert_code", pl.col("alert").fill_null(""))
    )


def _one(number: pl.Expr, one: str, many: str) -> pl.Expr:
    return pl.when(number == 1).then(pl.lit(one)).otherwise(pl.lit(many))


def _words(late: pl.Expr) -> pl.Expr:
    def units(name: str) -> pl.Expr:
        number = amount(pl.col(name)).cast(pl.String).str.replace(r"\.0$", "")
        return pl.format("{} {}", number, _one(pl.col(name).round(2), "unit", "units"))

    def verb(name: str) -> pl.Expr:
        return _one(pl.col(name).round(2), "is", "are")

    def since(name: str) -> pl.Expr:
        return pl.format("{} {} {}", verb(name), late, _one(late, "day", "days"))

    order = pl.when(pl.col("late_po") != "").then(pl.format(" of order {}", "late_po")).otherwise(pl.lit(""))
    far = pl.when(pl.col("beyond_po") != "").then(pl.format(" of order {}", "beyond_po")).otherwise(pl.lit(""))
    cover = pl.col("cover").floor().cast(pl.Int64)
    about = pl.format("about {} {}", cover, _one(cover, "day", "days"))
    lasts = pl.when(cover > 0).then(about).otherwise(pl.lit("less than a day"))
    return (
        pl.when(pl.col("alert_code") == GIVEN_UP)
        .then(pl.format("Cancel or reschedule: {}{} {} late and no longer counted", units("dropped"), order, since("dropped")))
        .when(pl.col("alert_code") == EXPEDITE_LATE)
        .then(pl.format("Reschedule: {}{} {} late and still counted", units("overdue"), order, since("overdue")))
        .when(pl.col("alert_code") == PULL_IN)
        .then(pl.format("Pull in: {}{} {} due only after the protection interval", units("beyond"), far, verb("beyond")))
        .otherwise(
            pl.format("Expedite: stock covers {}, the next line is due in {} {}", lasts, "wait", _one(pl.col("wait"), "day", "days"))
        )
    )  # fmt: skip
