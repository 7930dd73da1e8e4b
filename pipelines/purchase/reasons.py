"""Why a SKU is ordered or not, one sentence a planner understands, with the numbers."""

import polars as pl

from pipelines.purchase import quantity as q

_POSITION = "on hand {} + due within {} days {} = position {}"

_COLUMNS = ("on_hand", "days", "due", "position")

SENTENCES: dict[str, tuple[str, tuple[str, ...]]] = {
    q.ORDER_BELOW_REORDER_POINT: (
        f"Order {{}}: {_POSITION}, at or below the reorder point {{}}; up to {{}}, in packs of {{}}",
        ("quantity", *_COLUMNS, "reorder_point", "order_up_to", "pack"),
    ),
    q.ORDER_RAISED_TO_MINIMUM: (
        f"Order {{}}, the supplier's minimum, though {{}} would do: {_POSITION}, at or below the reorder point {{}}",
        ("quantity", "gap", *_COLUMNS, "reorder_point"),
    ),
    q.ORDER_CAPPED_AT_MAXIMUM: (
        f"Order {{}}, the most one line may hold, of {{}} needed: {_POSITION}, at or below the reorder point {{}}",
        ("quantity", "gap", *_COLUMNS, "reorder_point"),
    ),
    q.NO_ORDER_POSITION_SUFFICIENT: (
        f"No order: {_POSITION}, above the reorder point {{}}",
        (*_COLUMNS, "reorder_point"),
    ),
    q.NO_ORDER_NO_DEMAND: ("No order: no demand is expected; on hand {}", ("on_hand",)),
    q.NO_ORDER_NO_SUPPLIER: (
        "No order: no active supplier offers the item; on hand {}, reorder point {}",
        ("on_hand", "reorder_point"),
    ),
    q.NO_ORDER_DISCONTINUED: ("No order: discontinued on {}; on hand {}", ("discontinued_on", "on_hand")),
    q.NO_ORDER_NOT_YET_ON_SALE: ("No order: on sale only from {}", ("created_on",)),
    q.NO_ORDER_PACK_ABOVE_MAXIMUM: (
        f"No order: the pack of {{}} is more than one line may hold ({{}}); {_POSITION}, at or below the reorder point {{}}",
        ("pack", "maximum", *_COLUMNS, "reorder_point"),
    ),
    q.NO_ORDER_MINIMUM_ABOVE_MAXIMUM: (
        f"No order: the supplier's minimum of {{}} is more than one line may hold ({{}}); {_POSITION}, at or below the reorder point {{}}",
        ("minimum", "maximum", *_COLUMNS, "reorder_point"),
    ),
}
"""Sentence and the columns that fill it, by reason code."""

_TEXTS = ("discontinued_on", "created_on")


def reasons(decisions: pl.DataFrame) -> pl.Series:
    """One sentence a SKU.

    Args:
        decisions: ``reason_code`` and the columns that :data:`SENTENCES` names; ``gap`` is order-up-to minus position.

    Returns:
        The column ``reason``.
    """
    texts = decisions.select(
        "reason_code", *(_text(name) for name in sorted({n for _, names in SENTENCES.values() for n in names}))
    )
    chain = pl.lit(None, dtype=pl.String)
    for code, (sentence, names) in SENTENCES.items():
        chain = pl.when(pl.col("reason_code") == code).then(pl.format(sentence, *names)).otherwise(chain)
    return texts.select(chain.alias("reason"))["reason"]


def _text(name: str) -> pl.Expr:
    """Numbers as a person writes them, 12 and not 12.0; a day may be missing."""
    if name in _TEXTS:
        return pl.col(name).cast(pl.String).fill_null("an unknown day")
    return pl.col(name).cast(pl.Float64).round(2).cast(pl.String).str.replace(r"\.0$", "").fill_null("none").alias(name)
