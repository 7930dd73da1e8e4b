"""What a planner must see on a line before anybody buys: prices of another unit, needs that are cut, stock next door. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from pipelines.briefing.notices import UNSOLD_DAYS
from pipelines.purchase import codes as c
from pipelines.purchase.lines import Draft, Flags, Lines
from pipelines.purchase.lots import Prices
from pipelines.purchase.prices import dearer
from pipelines.purchase.reasons import amount, price

FAR: Final = 3.0
"""A price so many times the item's cost, or so small a part of it, is of another unit: of a box, of a hundred, in another currency."""

NEXT_DOOR: Final = 0.5
"""Share of a line that another location must have to spare before the line says so."""

(
    PRICE_FAR_FROM_COST, PRICE_BREAK_DEARER, CAPPED, NOT_ORDERED, NO_SUPPLIER, PRIMARY_ASIDE, STOCK_ELSEWHERE, SALE_LEFT_OUT,
    SHELF_UNTOUCHED,
) = (
    "PRICE_FAR_FROM_COST", "PRICE_BREAK_DEARER", "NEED_ABOVE_MAXIMUM", "NEEDED_AND_NOT_ORDERED", "SELLS_WITHOUT_SUPPLIER",
    "PRIMARY_OFFER_SET_ASIDE", "STOCK_AT_ANOTHER_LOCATION", "SALE_LEFT_OUT", "SALES_DO_NOT_TOUCH_THE_SHELF",
)  # fmt: skip

_SILENCED: Final = (c.PACK_ABOVE, c.MINIMUM_ABOVE, c.CAPPED_BELOW, c.NO_PRICE)
"""Codes of SKUs that need goods, and a limit or a fault of their offer leaves them without."""


@dataclass(frozen=True)
class Doubt:
    """An alert for some lines.

    Attributes:
        code: alert code.
        where: SKUs concerned, shape (N,).
        words: a sentence for each of the rows, of which those ``where`` holds are read.
        review: a person must see the line before it is approved.
    """

    code: str
    where: Flags
    words: pl.Series
    review: bool = False


def doubts(rows: pl.DataFrame, lines: Lines, draft: Draft, prices: Prices, as_of: date) -> list[Doubt]:
    """Everything doubtful about a date's lines, the gravest first.

    Args:
        rows: SKUs with ``item_id, location_id, unit_cost, last_demand_on``; ``left_out_units, left_out_on`` of a sale that is in quarantine
            as absurd, ``untouched_units`` sold while the count of stock stood still, ``without_offer`` why no supplier
            offers it, ``primary_aside`` why its primary supplier does not; null: none.
        lines: the SKUs as arrays.
        draft: their lines as they are at the end.
        prices: list prices and steps.
        as_of: the run's date.

    Returns:
        Doubts that concern any line.
    """
    steps = dearer(prices)
    frame = rows.with_columns(
        pl.Series("quantity", draft.quantity),
        pl.Series("paid", draft.price).fill_nan(None),
        pl.Series("pack", lines.pack),
        pl.Series("gap", np.maximum(lines.order_up_to - lines.position, 0.0)),
        pl.Series("step", steps[0]),
        pl.Series("step_price", steps[1]),
    )
    found = [
        _far(frame, draft),
        _dearer(frame, draft),
        _capped(frame, draft),
        _silenced(draft),
        _without_supplier(frame, draft, as_of),
        _primary_aside(frame, draft),
        _elsewhere(frame, lines, draft),
        _left_out(frame, lines),
        _untouched(frame),
    ]
    return [doubt for doubt in found if doubt.where.any()]


def added(alerts: pl.DataFrame, found: list[Doubt]) -> pl.DataFrame:
    """Alerts with the doubts after them; the code is that of the first.

    Args:
        alerts: ``alert_code, alert``, empty where there is none.
        found: see :func:`doubts`.

    Returns:
        The same columns.
    """
    for doubt in found:
        here, words = pl.Series(doubt.where), pl.lit(doubt.words)
        joined = pl.when(pl.col("alert") == "").then(words).otherwise(pl.concat_str("alert", pl.lit(". "), words))
        alerts = alerts.with_columns(
            pl.when(here & (pl.col("alert_code") == ""))
            .then(pl.lit(doubt.code))
            .otherwise("alert_code")
            .alias("alert_code"),
            pl.when(here).then(joined).otherwise("alert").alias("alert"),
        )
    return alerts


def _far(frame: pl.DataFrame, draft: Draft) -> Doubt:
    ratio = pl.col("paid") / pl.col("unit_cost")
    far = ((pl.col("unit_cost") > 0) & ((ratio >= FAR) | (ratio <= 1 / FAR))).fill_null(value=False)
    words = pl.format(
        "The price of {} is {} times the unit_cost {}: is it of another unit, or in another currency?",
        _plain(price(pl.col("paid"))),
        _plain(ratio.round_sig_figs(2)),
        _plain(price(pl.col("unit_cost"))),
    )
    where = frame.select(far).to_series().to_numpy() & draft.ordered
    return Doubt(PRICE_FAR_FROM_COST, where, _words(frame, words), review=True)


def _dearer(frame: pl.DataFrame, draft: Draft) -> Doubt:
    words = pl.format(
        "From {} units on a unit costs {}, more than of a smaller order: is it the price of the lot?",
        _plain(amount(pl.col("step"))),
        _plain(price(pl.col("step_price"))),
    )
    near = draft.quantity >= 0.9 * np.nan_to_num(frame["step"].to_numpy(), nan=np.inf)
    return Doubt(PRICE_BREAK_DEARER, near & draft.ordered, _words(frame, words), review=True)


def _capped(frame: pl.DataFrame, draft: Draft) -> Doubt:
    limit = (
        pl.when(pl.Series(draft.code == c.AT_MAXIMUM))
        .then(pl.lit("one line may hold"))
        .otherwise(pl.lit("a rule leaves"))
    )
    words = pl.format(
        "{} are needed, and {} {}", _plain(amount(pl.col("gap"))), limit, _plain(amount(pl.col("quantity")))
    )
    return Doubt(CAPPED, np.isin(draft.code, (c.AT_MAXIMUM, c.BY_RULE)), _words(frame, words))


def _silenced(draft: Draft) -> Doubt:
    words = pl.Series(["Needed and not ordered, however low its stock falls"]).new_from_index(0, draft.code.size)
    return Doubt(NOT_ORDERED, np.isin(draft.code, _SILENCED), words)


def _without_supplier(frame: pl.DataFrame, draft: Draft, as_of: date) -> Doubt:
    last = pl.col("last_demand_on") if "last_demand_on" in frame.columns else pl.lit(None, pl.Date)
    sells = ((pl.lit(as_of) - last).dt.total_days() < UNSOLD_DAYS).fill_null(value=False)
    sold = frame.with_columns(sells.alias("sells"))["sells"].to_numpy()
    words = pl.coalesce(
        pl.format("It sells, and {}", "without_offer"),
        pl.lit("It sells and no active supplier offers it: a kit, something made here, or an offer that is missing?"),
    )
    return Doubt(NO_SUPPLIER, (draft.code == c.NO_SUPPLIER) & sold, _words(frame, words))


def _primary_aside(frame: pl.DataFrame, draft: Draft) -> Doubt:
    words = pl.format("The primary offer was set aside and another supplier is asked: {}", "primary_aside")
    where = frame["primary_aside"].is_not_null().to_numpy() & draft.ordered
    return Doubt(PRIMARY_ASIDE, where, _words(frame, words))


def _elsewhere(frame: pl.DataFrame, lines: Lines, draft: Draft) -> Doubt:
    """What the other location with most to spare holds beyond its own order-up-to level."""
    spare = np.maximum(lines.on_hand - np.maximum(np.nan_to_num(lines.order_up_to), 0.0), 0.0)
    held = frame.select("item_id", "location_id").with_row_index("line").with_columns(pl.Series("spare", spare))
    most = held.filter(pl.col("spare") > 0).sort("spare", "location_id", descending=[True, False])
    most = most.group_by("item_id", maintain_order=True).first().select("item_id", "spare", there="location_id")
    at = held.drop("spare").join(most, on="item_id", how="left", maintain_order="left")
    has = (at["there"] != at["location_id"]).fill_null(value=False).to_numpy()
    enough = np.nan_to_num(at["spare"].fill_null(0.0).to_numpy()) >= NEXT_DOOR * np.maximum(draft.quantity, 1e-9)
    words = pl.format(
        "Location {} has {} to spare: move them before you buy?", "there", _plain(amount(pl.col("spare")))
    )
    return Doubt(STOCK_ELSEWHERE, draft.ordered & has & enough, _words(at, words))


def _left_out(frame: pl.DataFrame, lines: Lines) -> Doubt:
    words = pl.format(
        "A sale of {} on {} is left out of demand as one of a kind: correct it in the ERP, or raise quality.spike_quarantine_sigmas if it "
        "will come again",
        _plain(amount(pl.col("left_out_units"))),
        pl.col("left_out_on").cast(pl.String),
    )
    where = frame["left_out_units"].is_not_null().to_numpy() & ~lines.discontinued
    return Doubt(SALE_LEFT_OUT, where, _words(frame, words))


def _untouched(frame: pl.DataFrame) -> Doubt:
    words = pl.format(
        "{} were sold while the count of its shelf stood still: does the supplier deliver to the customer, or is the stock not booked?",
        _plain(amount(pl.col("untouched_units"))),
    )
    return Doubt(SHELF_UNTOUCHED, frame["untouched_units"].is_not_null().to_numpy(), _words(frame, words))


def _words(frame: pl.DataFrame, words: pl.Expr) -> pl.Series:
    return frame.select(words.alias("words")).to_series().fill_null("")


def _plain(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Float64).cast(pl.String).str.replace(r"\.0$", "")
