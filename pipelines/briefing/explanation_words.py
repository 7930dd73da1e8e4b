"""An explanation in words: what a passport proves, what stood in the way, what would reverse the decision. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from pipelines.briefing.degraded import LEVELS
from pipelines.briefing.explanation import Flip, Obstacle, Passport, Side
from pipelines.core.text import count, units, verb

DECIDED_BY: Final = {"policy": "the policy in force", **LEVELS}
"""Level → who decided, in words."""

SIDES: Final = {"": "ours", "incumbent": "the ERP's rule", "recorded": "the books"}
"""Prefix of the columns of a passport → whose figures they are."""

IN_THE_WAY: Final = {
    "NO_ORDER_NO_SUPPLIER": ("supplier", "No active supplier offers the item."),
    "NO_ORDER_SUPPLIER_BLOCKED": ("supplier", "A rule bars the only supplier of the item."),
    "NO_ORDER_PRICE_MISSING": ("price", "The supplier has no price above zero."),
    "NO_ORDER_PACK_ABOVE_MAXIMUM": ("pack", "One pack is more than a line may hold (purchase.max_quantity)."),
    "NO_ORDER_MINIMUM_ABOVE_MAXIMUM": (
        "minimum",
        "The supplier's minimum is more than a line may hold (purchase.max_quantity).",
    ),
    "NO_ORDER_FROZEN_BY_RULE": ("rule", "A rule freezes the SKU."),
    "NO_ORDER_CAPPED_BELOW_MINIMUM": ("rule", "A rule leaves less than the smallest line the supplier takes."),
    "NO_ORDER_BELOW_VENDOR_MINIMUM": ("minimum", "The vendor's order does not reach its order minimum."),
    "NO_ORDER_BUDGET_SPENT": ("budget", "The budget is spent on units that save more."),
    "NO_ORDER_STORAGE_FULL": ("space", "The space of the location is taken by units that save more."),
    "NO_ORDER_DISCONTINUED": ("item", "The item has ended, or ends before an order could arrive."),
    "NO_ORDER_NOT_YET_ON_SALE": ("item", "The item is not on sale yet."),
    "NO_ORDER_KIT": ("item", "The item is a kit: its parts are bought."),
    "ORDER_RAISED_TO_MINIMUM": ("minimum", "The quantity was raised to the supplier's minimum."),
    "ORDER_CAPPED_AT_MAXIMUM": ("minimum", "The quantity was cut to the most a line may hold (purchase.max_quantity)."),
    "ORDER_CAPPED_BY_RULE": ("rule", "A rule caps the quantity."),
    "ORDER_CUT_BY_BUDGET": ("budget", "The budget does not cover all that was wanted."),
    "ORDER_CUT_BY_STORAGE": ("space", "The location has no space for all that was wanted."),
}
"""Reason code → kind and sentence of what stood in the way."""


def flip(row: Mapping[str, Any]) -> Flip:
    """The smallest change that reverses a decision, or why no single number does."""
    if row["flip"]:
        return Flip(input=row["flip_input"], change=row["flip_change"], sentence=f"{row['flip']}.")
    code, beside = row["reason_code"], "a fact, not a number, stands in the way"
    if code in IN_THE_WAY and not code.startswith("ORDER"):
        sentence = f"No change of a single number reverses it; {beside}: {IN_THE_WAY[code][1]}"
    elif row["quantity"] > 0:
        sentence = "No change of a single number reverses it: the line is on the order for the sake of others, or a limit decides."
    else:
        sentence = "No change of a single number reverses it: a limit, or what is ordered with it, decides too."
    return Flip(input="", change=None, sentence=sentence)


def obstacles(row: Mapping[str, Any], set_aside: str, degraded: str) -> list[Obstacle]:
    """What stood in the way of an order, cut it, or must be known beside it.

    Args:
        row: of ``plan.decisions``.
        set_aside: data rules that set the forecast aside; empty: none.
        degraded: sentence on a run that steps are missing of; empty: none.

    Returns:
        The obstacles, the deciding one first.
    """
    found = []
    if row["reason_code"] in IN_THE_WAY:
        kind, sentence = IN_THE_WAY[row["reason_code"]]
        found.append((kind, sentence))
    if row["rules"]:
        found.append(("rule", f"Rules of purchase.rules applied: {row['rules']}."))
    if set_aside:
        found.append(("forecast", f"The forecast was set aside: {set_aside}."))
    if row["alert"]:
        found.append(("alert", f"{row['alert'].rstrip('.')}."))
    if row["needs_review"]:
        found.append(("review", "A person must look at the line before it is signed."))
    if degraded:
        found.append(("run", degraded))
    return [Obstacle(kind=kind, sentence=sentence) for kind, sentence in found]


def sides(row: Mapping[str, Any]) -> list[Side]:
    """Figures of each policy that could be replayed, from a row of ``plan.passports``."""
    found = []
    for prefix, name in SIDES.items():
        figures = {
            figure: row[f"{prefix}_{figure}" if prefix else figure] for figure in Side.model_fields if figure != "name"
        }
        if figures["total_cost"] is not None:
            found.append(Side(name=name, **figures))
    return found


def passport(row: Mapping[str, Any], confidence: float) -> Passport:
    """A row of ``plan.passports`` with its sentences.

    Args:
        row: of ``plan.passports``.
        confidence: of the interval of the saving.

    Returns:
        The passport.
    """
    key = {name: row[name] for name in row if name.endswith("_hash") or name == "code_version"}
    plain = {name: row[name] for name in Passport.model_fields if name not in ("sides", "sentences", "key")}
    held = sides(row)
    return Passport(**plain, sides=held, sentences=_sentences(row, held, confidence), key=key)


def _sentences(row: Mapping[str, Any], held: list[Side], confidence: float) -> list[str]:
    by_name = {side.name: side for side in held}
    ours, theirs, books = (by_name.get(name) for name in SIDES.values())
    said = [_ours(row, ours)] if ours is not None else []
    if theirs is None:
        said.append("The ERP holds no rule of its own to compare with.")
    elif row["choice"] != "incumbent":
        said.append(
            f"The ERP's rule on the same days: {_share(theirs.fill_rate)} filled, in stock on {_share(theirs.in_stock_rate)} of the "
            f"days, {_money(theirs.mean_stock_value)} in stock, {_money(theirs.total_cost)} of cost. {_saving(row, confidence)}"
        )
    if books is not None:
        stock = _money(books.mean_stock_value)
        said.append(
            f"In the books the SKU was in stock on {_share(books.in_stock_rate)} of the days and tied up {stock}."
        )
    if not row["calibrated"]:
        said.append(
            "Receipts and sales do not explain its stock counts, so the replay proves nothing: the ERP's rule is kept."
        )
    if row["censored_days"]:
        low, high = units(row["lost_units_low"]), units(row["lost_units_high"])
        lost = f"{low} and {high} {verb(row['lost_units_high'], 'unit', 'units')}"
        days = count(row["censored_days"], "day")
        said.append(f"On {days} the shelf was empty and demand was not seen: between {lost} would have been lost.")
    return said


def _ours(row: Mapping[str, Any], ours: Side) -> str:
    kept = row["choice"] == "incumbent"
    rule = "The ERP's own rule, which is in force," if kept else f"The policy in force ({row['policy']})"
    return (
        f"{rule} was replayed on the SKU's own {count(row['days'], 'day')} from {row['judged_from']} to {row['judged_until']}: it fills "
        f"{_share(ours.fill_rate)} of the units asked for, is in stock on {_share(ours.in_stock_rate)} of the days, ties up "
        f"{_money(ours.mean_stock_value)} in stock and costs {_money(ours.total_cost)}."
    )


def _saving(row: Mapping[str, Any], confidence: float) -> str:
    if row["saving"] is None:
        return "The two cannot be compared."
    kind = "saves" if row["saving"] >= 0 else "costs"
    if row["saving_low"] is None or row["saving_high"] is None:
        return f"Ours {kind} {_money(abs(row['saving']))}; the days are too few for an interval."
    interval = f"{confidence:.0%} interval {_money(row['saving_low'])} to {_money(row['saving_high'])}"
    proof = (
        "which excludes zero"
        if row["saving_low"] > 0 or row["saving_high"] < 0
        else "which includes zero: these days prove no saving"
    )
    return f"Ours {kind} {_money(abs(row['saving']))} ({interval}, {proof})."


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _money(value: float) -> str:
    return f"{value:,.2f}"
