"""The smallest change of one input that would turn a decision around, in numbers and in words."""

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.purchase import codes as c
from pipelines.purchase.lines import TOLERANCE, Draft, Ints, Lines

BEYOND = 0.05 * TOLERANCE
"""Units past a threshold: the change flips the decision, nine tenths of it do not."""

_SLACK = 1e-6
"""Share of the last figure shown by which arithmetic may be off."""

ON_HAND, LEVELS, MAXIMUM, VENDOR_MINIMUM, BUDGET, STORAGE = (
    "on_hand",
    "levels",
    "max_quantity",
    "vendor_minimum",
    "budget",
    "storage",
)

INPUTS = ("", ON_HAND, LEVELS, MAXIMUM, VENDOR_MINIMUM, BUDGET, STORAGE)
"""Names of the inputs; arrays hold their positions."""


def named(inputs: Ints) -> pl.Series:
    """Column ``flip_input`` of positions in :data:`INPUTS`."""
    return pl.Series("flip_input", INPUTS).gather(inputs)


def flips(draft: Draft, lines: Lines, budget: float | None) -> tuple[Ints, Floats]:
    """Input and change that flip each decision.

    ``on_hand``: units more or less on the shelf. ``levels``: units by which reorder point and order-up-to level would have to be higher,
    where even an empty shelf would not do. ``max_quantity``: units a line may hold. ``vendor_minimum``: money the supplier asks of an
    order. ``budget``: money. ``storage``: volume that the location holds. An empty input: no single number does it; another fact stands
    in the way, which the reason names.

    Args:
        draft: the final lines.
        lines: the SKUs.
        budget: money, None: no limit.

    Returns:
        Inputs as positions in :data:`INPUTS`, and signed changes (NaN where there is none), shape (N,).
    """
    changed = draft.changes
    gap = draft.threshold - lines.position
    less = gap - BEYOND  # unordered: this much less on the shelf
    by_stock = lines.on_hand + less >= 0
    entered, slack = changed.entered, changed.slack
    # Space decides about neither the SKU nor who is ordered with it, and no cap lets a greater line pass where it bars a smaller one.
    clear = changed.unhindered & changed.affordable
    space = changed.space_entered
    in_space = np.isfinite(space) & (budget is None)
    in_own_right = np.isin(draft.code, (c.REORDER, c.TO_MINIMUM, c.AT_MAXIMUM, c.BY_RULE, c.TO_BREAK, c.JOINS, c.CUT))
    stocked = draft.ordered & in_own_right & clear & (draft.quantity * np.nan_to_num(draft.price) <= slack)
    # What a budget would leave for a line that is not asked for yet is not known.
    free = np.isin(draft.code, (c.SUFFICIENT, c.CAPPED_BELOW)) & draft.allowed & clear & (budget is None) & (slack >= 0)
    fits = clear & (lines.position <= draft.reach)  # else the shelf is too full, whatever the levels
    sound = (lines.list_price > 0) & (draft.least <= draft.most) & (draft.most > 0) & (budget is None) & (slack >= 0)
    ranked = np.isfinite(entered)
    cases = [
        ranked & draft.ordered, ranked & (draft.code == c.BUDGET_SPENT), in_space & draft.ordered,
        in_space & (draft.code == c.STORAGE_FULL), stocked & (gap >= 0), free & by_stock, free & fits,
        (draft.code == c.NO_DEMAND) & sound & fits, np.isin(draft.code, (c.PACK_ABOVE, c.MINIMUM_ABOVE)) & fits,
        clear & (draft.code == c.BELOW_VENDOR_MINIMUM),
    ]  # fmt: skip
    money = budget if budget is not None else 0.0
    higher = BEYOND - gap  # levels so much higher reach the position
    changes = [
        entered - money - 1.05e-6, entered - money,
        space - changed.space_left - 1.05 * changed.space_tolerance,
        space - changed.space_left, gap + BEYOND, less, higher,
        np.maximum(higher, TOLERANCE - lines.order_up_to), draft.least - lines.maximum,
        -changed.vendor_missing - 1e-9,
    ]  # fmt: skip
    names = [
        INPUTS.index(one)
        for one in (BUDGET, BUDGET, STORAGE, STORAGE, ON_HAND, ON_HAND, LEVELS, LEVELS, MAXIMUM, VENDOR_MINIMUM)
    ]
    return np.select(cases, names, 0).astype(np.int64), np.select(cases, changes, np.nan)


def sentences(inputs: Ints, changes: Floats, ordered: np.ndarray, whole: np.ndarray) -> pl.Series:
    """The flip in words.

    Args:
        inputs: positions in :data:`INPUTS`.
        changes: signed.
        ordered: lines with a quantity.
        whole: stock comes in whole units: a change of 4.000001 is five.

    Returns:
        The column ``flip``, empty where there is no number.
    """
    size = np.abs(changes)
    units = np.where(
        whole,
        np.where(ordered, np.floor(size - BEYOND / 2 - TOLERANCE * 0.99 + 1e-9) + 1.0, np.ceil(size - TOLERANCE * 2)),
        size,
    )
    frame = pl.DataFrame(
        {"input": named(inputs), "size": np.where(inputs == 1, units, size), "more": changes > 0, "ordered": ordered}
    )
    # Of a budget less than a cent is nothing, of stock booked in tonnes less than a hundredth is something.
    least = pl.when(pl.col("input").is_in([BUDGET, VENDOR_MINIMUM])).then(0.01).otherwise(20 * TOLERANCE)
    shown = (
        pl.when(pl.col("size") < least).then(pl.lit("anything at all")).otherwise(_shown(_at_least(pl.col("size"), 2)))
    )
    space = _shown(_figures(pl.col("size"), 3))
    many = pl.when(pl.col("more")).then(pl.lit("more")).otherwise(pl.lit("less"))
    else_ = pl.when(pl.col("ordered")).then(pl.lit("nothing would be ordered")).otherwise(pl.lit("it would be ordered"))
    return frame.select(
        pl.when(pl.col("input") == ON_HAND).then(pl.format("With {} {} on hand {}", shown, many, else_))
        .when(pl.col("input") == LEVELS).then(pl.format("With reorder point and order-up-to level {} higher it would be ordered", shown))
        .when(pl.col("input") == MAXIMUM).then(pl.format("With {} more allowed in a line it would be ordered", shown))
        .when(pl.col("input") == VENDOR_MINIMUM).then(pl.format("With an order minimum {} lower it would be ordered", shown))
        .when(pl.col("input") == STORAGE).then(pl.format("With {} {} space at the location {}", space, many, else_))
        .when(pl.col("input") == BUDGET).then(pl.format("With a budget {} {} {}", shown, pl.when(pl.col("more")).then(pl.lit("higher"))
                                                        .otherwise(pl.lit("lower")), else_))
        .otherwise(pl.lit("")).alias("flip")
    ).to_series()  # fmt: skip


def _at_least(size: pl.Expr, figures: int) -> pl.Expr:
    """A change to two decimals, or to so many figures of what is less than a tenth, never less than it takes: 28.0636 is 28.07."""
    cents = ((size * 100.0 - _SLACK).ceil() / 100.0).round(2)
    return pl.when(size < 0.1).then(_figures(size, figures)).otherwise(cents)


def _figures(size: pl.Expr, figures: int) -> pl.Expr:
    """So many figures of a number, never less than it: a volume may be a thousandth."""
    last = pl.lit(10.0).pow(size.log10().floor() - (figures - 1))
    return ((size / last - _SLACK).ceil() * last).round_sig_figs(figures)


def _shown(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.String).str.replace(r"\.0$", "")
