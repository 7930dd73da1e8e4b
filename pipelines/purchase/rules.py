"""Business rules applied: where the conditions hold, lines are frozen, capped, sent to a person, or lose a supplier."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipelines.core.business_rules import DYNAMIC, BusinessRule, Condition
from pipelines.core.inventory import Floats
from pipelines.purchase import codes as c
from pipelines.purchase import lots
from pipelines.purchase.lines import Draft, Flags, Lines
from pipelines.purchase.quantity import affordable, rounded_down, worth

_TEXTS = (
    "item_id",
    "location_id",
    "category",
    "abc_class",
    "demand_class",
    "item_priority",
    "supplier_id",
    "level",
    "policy",
    "reason_code",
)


CEILING = "maximum_is_ceiling"
"""Stands among the names of rules where the ERP's own maximum limits a line."""


class Applied:
    """Names of the rules applied to each line, and which lines a person must see."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.names: dict[int, list[str]] = {}
        self.review: Flags = np.zeros(count, dtype=bool)

    def add(self, rule: BusinessRule | str, hits: Flags) -> None:
        """Note a rule, or the name of one that is no rule of the configuration, on the lines it hit."""
        name = rule if isinstance(rule, str) else rule.name
        for n in np.flatnonzero(hits).tolist():
            found = self.names.setdefault(n, [])
            if name not in found:
                found.append(name)

    def joined(self) -> pl.Series:
        """Names on each line, in the order of the configuration."""
        names = pl.Series([""]).new_from_index(0, self.count)
        if self.names:
            lines = sorted(self.names)
            names = names.scatter(lines, [", ".join(self.names[n]) for n in lines])
        return names.alias("rules")


def matches(rule: BusinessRule, fields: pl.DataFrame) -> Flags:
    """Rows for which all of a rule's conditions hold; a missing value meets none.

    Args:
        rule: conditions by field.
        fields: the fields as columns.

    Returns:
        Shape (N,).
    """
    hit = pl.lit(value=True)
    for name, condition in rule.when.items():
        hit &= _holds(pl.col(name), condition, text=name in _TEXTS)
    return np.asarray(
        fields.select(pl.when(hit).then(1).otherwise(0).alias("hit"))["hit"].to_numpy() * np.ones(fields.height),
        dtype=bool,
    )


def _holds(value: pl.Expr, condition: Condition, *, text: bool) -> pl.Expr:
    kind = pl.String if text else pl.Float64
    value = value.cast(kind)
    tests = [value.is_not_null()]
    if condition.any_of is not None:
        tests.append(value.is_in(pl.Series([_as(text, one) for one in condition.any_of], dtype=kind)))
    if condition.none_of is not None:
        tests.append(~value.is_in(pl.Series([_as(text, one) for one in condition.none_of], dtype=kind)))
    for limit, test in (
        (condition.above, value.__gt__),
        (condition.below, value.__lt__),
        (condition.at_least, value.__ge__),
        (condition.at_most, value.__le__),
    ):
        if limit is not None:
            tests.append(test(limit))
    return pl.all_horizontal(tests)


def _as(text: bool, value: str | float | bool) -> str | float:
    return str(value) if text else float(value)


def with_line(fields: pl.DataFrame, draft: Draft, lines: Lines, risk: np.ndarray) -> pl.DataFrame:
    """The fields of the SKUs and of their lines as they are now."""
    demand = np.where(lines.demand_per_day > 0, lines.demand_per_day, np.nan)
    return fields.drop(DYNAMIC, strict=False).with_columns(
        pl.Series("quantity", draft.quantity),
        pl.Series("unit_price", draft.price).fill_nan(None),
        pl.Series("order_value", draft.quantity * np.nan_to_num(draft.price)),
        pl.Series("risk", risk),
        c.named(draft.code),
        pl.Series("inventory_position", lines.position),
        pl.Series("days_of_cover", lines.position / demand).fill_nan(None),
    )


def limit(
    draft: Draft,
    lines: Lines,
    rules: Sequence[BusinessRule],
    fields: pl.DataFrame,
    applied: Applied,
    prices: lots.Prices,
) -> None:
    """Freeze and cap lines. In place; the strictest cap holds.

    Args:
        draft: lines each SKU orders by itself, priced.
        lines: the SKUs.
        rules: the company's rules.
        fields: see :func:`with_line`.
        applied: takes the names.
        prices: a line cut below a price break costs more a unit, and its value is capped all the same.
    """
    before = draft.quantity.copy()
    cap = np.full(before.size, np.inf)
    frozen = np.zeros(before.size, dtype=bool)
    applied.add(CEILING, lines.ceiling < np.where(draft.ordered, lines.position + draft.quantity, -np.inf) - 1e-9)
    for rule in rules:
        effect = rule.then
        caps = (effect.cap_quantity, effect.cap_days)
        others = (effect.cap_value, effect.cap_stock)
        if not (effect.freeze or any(one is not None for one in (*caps, *others))):
            continue
        hits = matches(rule, fields)
        frozen |= hits & effect.freeze
        units = np.full(cap.size, np.inf)
        for one, units_each in zip(caps, (np.ones(cap.size), lines.demand_per_day), strict=True):
            if one is not None:
                units = np.fmin(units, one * units_each)
        units = rounded_down(np.where(np.isfinite(units), units, 1e18), lines.pack)
        shapes = units < draft.quantity - 1e-9
        if effect.cap_value is not None:
            draft.money = np.where(hits, np.minimum(draft.money, effect.cap_value), draft.money)
            shapes |= effect.cap_value < draft.quantity * np.nan_to_num(draft.price) - 1e-9
        if effect.cap_stock is not None:
            draft.shelf = np.where(hits, np.minimum(draft.shelf, effect.cap_stock), draft.shelf)
            shapes |= effect.cap_stock < np.maximum(lines.position + draft.quantity, lines.order_up_to) - 1e-9
        applied.add(rule, hits & (shapes | effect.freeze))
        cap = np.where(hits, np.minimum(cap, units), cap)
    draft.most = worth(np.minimum(draft.most, cap), draft.money, lines.pack, prices)
    _cut(draft, lines, before, prices)
    draft.code[frozen & draft.allowed], draft.quantity[frozen] = c.FROZEN, 0.0
    draft.allowed &= ~(frozen | (draft.most < draft.least))
    draft.changes.before_rule, draft.changes.affordable = before, affordable(draft, prices)


def _cut(draft: Draft, lines: Lines, before: Floats, prices: lots.Prices) -> None:
    """Lines down to their caps and to what the shelf still holds; none where that is less than the smallest line."""
    fits = np.where(lines.position <= draft.reach, rounded_down(draft.fits(lines.position), lines.pack), 0.0)
    most = np.minimum(np.minimum(draft.most, fits), draft.quantity)
    most = worth(most, draft.money, lines.pack, prices)
    small = draft.ordered & (most < np.minimum(draft.least, before) - 1e-9)
    capped = draft.ordered & ~small & (draft.quantity > most + 1e-9)
    draft.quantity = np.where(capped, most, np.where(small, 0.0, draft.quantity))
    draft.code[capped], draft.code[small] = c.BY_RULE, c.CAPPED_BELOW
    draft.threshold = np.minimum(draft.threshold, draft.reach)


def send_to_review(rules: Sequence[BusinessRule], fields: pl.DataFrame, ordered: Flags, applied: Applied) -> None:
    """Mark ordered lines that a person must see.

    Args:
        rules: the company's rules.
        fields: see :func:`with_line`, the line as it is at the end.
        ordered: lines with a quantity.
        applied: takes names and marks.
    """
    for rule in rules:
        if rule.then.review:
            hits = matches(rule, fields) & ordered
            applied.review |= hits
            applied.add(rule, hits)


def blocked_suppliers(rules: Sequence[BusinessRule], fields: pl.DataFrame) -> list[tuple[BusinessRule, Flags]]:
    """Rules that bar suppliers, each with the SKUs it applies to."""
    return [(rule, matches(rule, fields)) for rule in rules if rule.then.block_supplier]
