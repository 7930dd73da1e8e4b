"""Why a SKU is ordered or not, one sentence a planner understands, with the numbers."""

from typing import Final

import polars as pl

from pipelines.core.inventory import AT_RISK
from pipelines.ordering.rules import MIN_MAX

_POSITION = "on hand {} + due within {} days {} = position {}"

_COLUMNS = ("on_hand", "days", "coming", "position")

SENTENCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "ORDER_BELOW_REORDER_POINT": (
        f"Order {{}}: {_POSITION}, at or below the reorder point {{}}; up to {{}}{{}}",
        ("quantity", *_COLUMNS, "reorder_point", "order_up_to", "in_packs"),
    ),
    "ORDER_RAISED_TO_MINIMUM": (
        f"Order {{}}, the supplier's minimum, though {{}} would do: {_POSITION}, at or below the reorder point {{}}",
        ("quantity", "gap", *_COLUMNS, "reorder_point"),
    ),
    "ORDER_CAPPED_AT_MAXIMUM": (
        f"Order {{}}, the most one line may hold, of {{}} needed: {_POSITION}, at or below the reorder point {{}}",
        ("quantity", "gap", *_COLUMNS, "reorder_point"),
    ),
    "ORDER_CAPPED_BY_RULE": (
        f"Order {{}} instead of {{}}, capped by rule {{}}: {_POSITION}, at or below the reorder point {{}}",
        ("quantity", "before_rule", "rules", *_COLUMNS, "reorder_point"),
    ),
    "ORDER_RAISED_TO_PRICE_BREAK": (
        f"Order {{}} at {{}} a unit instead of {{}} at {{}}, which costs less in all: {_POSITION}, at or below the reorder point {{}}",
        ("quantity", "unit_price", "own_quantity", "list_price", *_COLUMNS, "reorder_point"),
    ),
    "ORDER_JOINS_VENDOR_ORDER": (
        f"Order {{}} with what supplier {{}} is ordered anyway: {_POSITION}, above the reorder point {{}}, not above {{}}, where "
        "joining saves; up to {}",
        ("quantity", "supplier_id", *_COLUMNS, "reorder_point", "threshold", "order_up_to"),
    ),
    "ORDER_FILLS_VENDOR_MINIMUM": (
        f"Order {{}}, of these {{}} to reach the order minimum of supplier {{}}: {_POSITION}, reorder point {{}}",
        ("quantity", "filled", "supplier_id", *_COLUMNS, "reorder_point"),
    ),
    "ORDER_FILLS_CONTAINER": (
        f"Order {{}}, of these {{}} to fill the container of supplier {{}}: {_POSITION}, reorder point {{}}",
        ("quantity", "filled", "supplier_id", *_COLUMNS, "reorder_point"),
    ),
    "ORDER_CUT_BY_BUDGET": (
        f"Order {{}} of {{}}, all the budget leaves: {_POSITION}, reorder point {{}}",
        ("quantity", "before_cut", *_COLUMNS, "reorder_point"),
    ),
    "ORDER_CUT_BY_STORAGE": (
        f"Order {{}} of {{}}, all the space of location {{}} leaves: {_POSITION}, reorder point {{}}",
        ("quantity", "before_storage", "location_id", *_COLUMNS, "reorder_point"),
    ),
    "NO_ORDER_POSITION_SUFFICIENT": (
        f"No order: {_POSITION}, {{}}",
        (*_COLUMNS, "enough"),
    ),
    "NO_ORDER_NO_DEMAND": ("No order: no demand is expected; on hand {}", ("on_hand",)),
    "NO_ORDER_NO_SUPPLIER": (
        "No order: {}; on hand {}, reorder point {}",
        ("without_offer", "on_hand", "reorder_point"),
    ),
    "NO_ORDER_SUPPLIER_BLOCKED": (
        "No order: rule {} bars supplier {} and nobody else offers the item; on hand {}, reorder point {}",
        ("rules", "supplier_id", "on_hand", "reorder_point"),
    ),
    "NO_ORDER_DISCONTINUED": ("No order: {}; on hand {}", ("ended", "on_hand")),
    "NO_ORDER_NOT_YET_ON_SALE": ("No order: on sale only from {}", ("created_on",)),
    "NO_ORDER_KIT": ("No order: a kit, put together when it is sold; its sales are demand of {}", ("kit_parts",)),
    "NO_ORDER_PRICE_MISSING": (
        f"No order: supplier {{}} has no price above zero, or its currency no rate: enter it in the ERP; {_POSITION}, at or below the "
        "reorder point {}",
        ("supplier_id", *_COLUMNS, "reorder_point"),
    ),
    "NO_ORDER_PACK_ABOVE_MAXIMUM": (
        f"No order: the pack of {{}} is more than one line may hold ({{}}); {_POSITION}, at or below the reorder point {{}}",
        ("pack", "maximum", *_COLUMNS, "reorder_point"),
    ),
    "NO_ORDER_MINIMUM_ABOVE_MAXIMUM": (
        f"No order: the supplier's minimum of {{}} is more than one line may hold ({{}}); {_POSITION}, at or below the reorder point {{}}",
        ("minimum", "maximum", *_COLUMNS, "reorder_point"),
    ),
    "NO_ORDER_FROZEN_BY_RULE": (
        f"No order: frozen by rule {{}}; {_POSITION}, reorder point {{}}",
        ("rules", *_COLUMNS, "reorder_point"),
    ),
    "NO_ORDER_CAPPED_BELOW_MINIMUM": (
        f"No order: rule {{}} leaves less than the smallest line of {{}}; {_POSITION}, at or below the reorder point {{}}",
        ("rules", "least", *_COLUMNS, "reorder_point"),
    ),
    "NO_ORDER_BELOW_VENDOR_MINIMUM": (
        f"No order: supplier {{}} asks at least {{}} an order, and {{}} are missing; {_POSITION}, reorder point {{}}",
        ("supplier_id", "vendor_minimum", "vendor_missing", *_COLUMNS, "reorder_point"),
    ),
    "NO_ORDER_BUDGET_SPENT": (
        f"No order: the budget is spent on units that save more, {{}} were wanted; {_POSITION}, reorder point {{}}",
        ("before_cut", *_COLUMNS, "reorder_point"),
    ),
    "NO_ORDER_STORAGE_FULL": (
        f"No order: the space of location {{}} is taken by units that save more, {{}} were wanted; {_POSITION}, reorder point {{}}",
        ("location_id", "before_storage", *_COLUMNS, "reorder_point"),
    ),
}
"""Sentence and the columns that fill it, by reason code."""

_EXPOSED: Final = (
    ", which is the ERP's own minimum and was kept; all the same the SKU runs out with a risk of {} %: raise the minimum in the ERP "
    "if demand has grown"
)

_WAITS: Final = "; the shelf runs out before the goods of {} arrive with a risk of {} %"

_RARE: Final = {"expiring": pl.Float64, "adjustment": pl.String}
"""Columns of decisions that may be absent."""

_PRICES = ("unit_price", "list_price")

_TEXTS = ("discontinued_on", "created_on", "supplier_id", "location_id", "rules", "kit_parts")


def price(value: pl.Expr) -> pl.Expr:
    """Money a unit, to two decimals, or three figures of what costs less than 1: screws at 0.025 and at 0.028 are not the same."""
    return pl.when(value.abs() < 1).then(value.round_sig_figs(3)).otherwise(value.round(2))


def amount(value: pl.Expr) -> pl.Expr:
    """Units, to two decimals, or two figures of what is less than a tenth: 4 kg booked in tonnes are not nothing."""
    return pl.when((value.abs() < 0.1) & (value.abs() > 1e-9)).then(value.round_sig_figs(2)).otherwise(value.round(2))


def reasons(decisions: pl.DataFrame) -> pl.Series:
    """One sentence a SKU.

    Args:
        decisions: ``reason_code`` and the columns that the :data:`SENTENCES` of the codes present name; ``gap`` is order-up-to minus
            position, ``coming`` what is due and proposed; ``proposed``, ``level_reason`` and ``forecast_note`` are added where they are
            not empty.

    Returns:
        The column ``reason``.
    """
    lines = decisions.with_row_index("line")
    parts = []
    for code in lines["reason_code"].unique().sort().to_list():
        sentence, names = SENTENCES[code]
        some = lines.filter(pl.col("reason_code") == code)
        parts.append(some.select("line", pl.format(sentence, *map(_text, names)).alias("reason")))
    if not parts:
        return pl.Series("reason", [], dtype=pl.String)
    sentences = pl.concat(parts).sort("line")["reason"]
    return _with_notes(sentences, decisions)


def _with_notes(sentences: pl.Series, decisions: pl.DataFrame) -> pl.Series:
    """Say what is not plain: orders of ours among what is due, a level that had to step in, a forecast without a trained model."""
    own, ending, stepped_in, noted, exposed, waits = (
        decisions["proposed"] > 0,
        decisions["still_sells"].is_not_null(),
        decisions["level_reason"] != "",
        decisions["forecast_note"].is_not_null(),
        _exposed(decisions),
        _waits(decisions),
    )
    known = decisions.select(
        "proposed", "level_reason", "forecast_note", "risk", "still_sells", "discontinued_on", "risk_before", "waits_for",
        *(pl.col(name) if name in decisions.columns else pl.lit(None, kind).alias(name) for name, kind in _RARE.items()),
    )  # fmt: skip
    rare = (known["expiring"].fill_null(0.0) > 0).any() or known["adjustment"].is_not_null().any() or waits.any()
    if not (own.any() or ending.any() or stepped_in.any() or noted.any() or exposed.any() or rare):
        return sentences
    frame = known.with_columns(sentences.alias("reason"), exposed.alias("exposed"), waits.alias("waits"))
    proposed = pl.format("; of what is due, {} are orders of ours the ERP does not show yet", _text("proposed"))
    expired = pl.format("; {} more are on hand and expire before they are sold", _text("expiring"))
    return frame.select(
        pl.concat_str(
            "reason",
            pl.when(pl.col("proposed") > 0).then(proposed).otherwise(pl.lit("")),
            pl.when(pl.col("expiring") > 0).then(expired).otherwise(pl.lit("")),
            pl.when(pl.col("adjustment").is_not_null())
            .then(pl.format("; forecast adjusted: {}", "adjustment"))
            .otherwise(pl.lit("")),
            pl.when(pl.col("still_sells").is_not_null())
            .then(
                pl.format(
                    "; the item ends on {} and still sells {}, which caps its levels",
                    "discontinued_on",
                    _text("still_sells"),
                )
            )
            .otherwise(pl.lit("")),
            pl.when("exposed")
            .then(pl.format(_EXPOSED, (pl.col("risk") * 100).round(0).cast(pl.Int64)))
            .when("waits")
            .then(pl.format(_WAITS, "waits_for", (pl.col("risk_before") * 100).round(0).cast(pl.Int64)))
            .otherwise(pl.lit("")),
            pl.when(pl.col("level_reason") != "")
            .then(pl.format("; {}", "level_reason"))
            .when(pl.col("forecast_note").is_not_null())
            .then(pl.format("; forecast by simple statistics: {}", "forecast_note"))
            .otherwise(pl.lit("")),
        ).alias("reason")
    )["reason"]


def _exposed(decisions: pl.DataFrame) -> pl.Series:
    """SKUs that the ERP's own minimum leaves without an order though they run out more likely than not."""
    idle = (pl.col("reason_code") == "NO_ORDER_POSITION_SUFFICIENT") & (pl.col("level_reason") == "")
    exposed = (
        idle
        & (pl.col("policy") == MIN_MAX)
        & (pl.col("risk") >= AT_RISK)
        & ~(pl.col("risk_before") >= AT_RISK).fill_null(value=False)
    )
    return decisions.select(exposed.fill_null(value=False)).to_series()


def _waits(decisions: pl.DataFrame) -> pl.Series:
    """SKUs that run out more likely than not before a line arrives: more on order would not help in time."""
    return decisions.select((pl.col("risk_before") >= AT_RISK).fill_null(value=False)).to_series()


def _text(name: str) -> pl.Expr:
    """Numbers as a person writes them, 12 and not 12.0; a day or a name may be missing; packs are named where they matter."""
    if name == "in_packs":
        return pl.when(pl.col("pack") != 1.0).then(pl.format(", in packs of {}", _text("pack"))).otherwise(pl.lit(""))
    if name == "enough":  # a minimum that is the maximum: at it, but nothing is missing
        return (
            pl.when(pl.col("position") > pl.col("reorder_point"))
            .then(pl.format("above the reorder point {}", _text("reorder_point")))
            .otherwise(pl.format("nothing is missing to the order-up-to level {}", _text("order_up_to")))
        )
    if name == "without_offer":
        return pl.col(name).fill_null("no active supplier offers the item")
    if name == "ended":
        before = pl.format(
            "the item ends on {}, and an order would arrive on {}",
            "discontinued_on",
            pl.col("arrives_on").cast(pl.String),
        )
        return pl.when("ends_first").then(before).otherwise(pl.format("discontinued on {}", _text("discontinued_on")))
    if name in _TEXTS:
        return pl.col(name).cast(pl.String).fill_null("an unknown day" if name.endswith("_on") else "none")
    value = pl.col(name).cast(pl.Float64)
    words = price(value) if name in _PRICES else amount(value)
    return words.cast(pl.String).str.replace(r"\.0$", "").fill_null("none").alias(name)
