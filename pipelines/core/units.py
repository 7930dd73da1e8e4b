"""The smallest step of a quantity: pieces or fractions, and what arithmetic leaves behind. Pure."""

from typing import Final

import polars as pl

DUST: Final = 1e-4
"""Units: a quantity this near to a whole number is that number, where a unit or more is meant."""

NOTHING: Final = 1e-6
"""Units: less is nothing."""

FRACTIONAL_SHARE: Final = 0.02
"""Share of an item's quantities that must be fractions before it is planned in fractions: one in a hundred is a slip of the keys."""

BORDER: Final = 0.01
"""Share of a piece by which a need may pass a whole number of pieces or packs without asking for one more."""


def is_whole(quantity: str) -> str:
    """SQL: whether a quantity is a whole number of units, but for what arithmetic left behind.

    Args:
        quantity: a column of double precision, units.

    >>> is_whole("q")
    '(abs(q - round(q)) <= 0.0001 and (abs(q) >= 0.5 or abs(q) <= 1e-06))'
    """
    return (
        f"(abs({quantity} - round({quantity})) <= {DUST} and (abs({quantity}) >= 0.5 or abs({quantity}) <= {NOTHING}))"
    )


def mostly_fractions(quantity: str) -> str:
    """SQL, an aggregate: whether more than :data:`FRACTIONAL_SHARE` of some quantities are fractions of a unit."""
    return f"count(*) filter (where not {is_whole(quantity)}) > {FRACTIONAL_SHARE} * count(*)"


def fractional(rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """The same over a frame's column ``quantity``: keys of what comes in fractions.

    Args:
        rows: the key's columns and ``quantity``, units.
        key: columns that name a unit of planning.

    >>> frame = pl.DataFrame({"item": ["A"] * 60 + ["B"] * 2, "quantity": [2.0] * 59 + [12.000048, 1.5, 2.0]})
    >>> fractional(frame, ["item"])["item"].to_list()
    ['B']
    """
    quantity = pl.col("quantity")
    meant = (quantity.abs() >= 0.5) | (quantity.abs() <= NOTHING)
    whole = ((quantity - quantity.round()).abs() <= DUST) & meant
    some = rows.filter(quantity != 0).group_by(key, maintain_order=True).agg(share=(~whole).mean())
    return some.filter(pl.col("share") > FRACTIONAL_SHARE).select(key)


def step(quantity: str) -> str:
    """SQL, an aggregate: the smallest step of quantities that come in fractions, a tenth to a millionth of a unit.

    The coarsest decimal step that all but :data:`FRACTIONAL_SHARE` of the quantities are multiples of.

    Args:
        quantity: a column of double precision, units.
    """
    odd = "count(*) filter (where abs({q} * 1e{k} - round({q} * 1e{k})) > 1e-3) <= {share} * count(*)"
    cases = " ".join(f"when {odd.format(q=quantity, k=k, share=FRACTIONAL_SHARE)} then 1e-{k}" for k in range(1, 6))
    return f"case {cases} else 1e-6 end"
