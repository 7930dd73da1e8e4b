"""What ``stockproof erp check`` says of the parts of the contract that few ERPs keep: which are held, and which the books seem to need."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from difflib import SequenceMatcher
from itertools import islice
from typing import Final

import polars as pl

from pipelines.core.text import count
from pipelines.extract.profiles import Profile
from pipelines.onboarding.findings import Finding, items_of, named, rows

TABLES: Final = {
    "supplier_closures": "closing days of suppliers",
    "item_predecessors": "successors of items",
    "kit_components": "kits",
    "stock_batches": "batches of stock",
    "unordered_receipts": "receipts without an order line",
    "currency_rates": "rates of currencies",
}
COLUMNS: Final = {
    ("suppliers", "working_days", "is not null and {0} <> ''"): "working weeks of suppliers",
    ("item_suppliers", "price_per", "> 1"): "prices per several units",
    ("item_suppliers", "purchase_unit_factor", "> 1"): "units of purchase",
    ("item_suppliers", "currency", "is not null and {0} <> ''"): "prices in other currencies",
    ("item_suppliers", "valid_to", "is not null"): "offers for a time",
    ("item_policies", "maximum_is_ceiling", "= 1"): "maximums that are ceilings",
}
"""Table, column and condition → what the books then hold."""

ROUND: Final = (10.0, 12.0, 20.0, 24.0, 25.0, 50.0, 100.0, 144.0, 200.0, 250.0, 500.0, 1000.0)
"""Factors by which a price per several units, or of a unit of purchase, differs from the cost of one."""

NEAR: Final = 0.3
"""How far a price over such a factor may lie from the cost: a margin, a list price of last year."""

HANDOVER_DAYS: Final = 60
"""A successor starts so near to the last sale of what it replaces."""

STILL_SOLD_DAYS: Final = 14
"""An item that sold so lately has not ended."""

ALIKE: Final = 0.75
"""Similarity of two names from which on they may be one article in two versions (Ratcliff and Obershelp 1988)."""

PAIRS: Final = 20_000
"""Pairs of names that are compared at most."""


def findings(profile: Profile, sold: pl.DataFrame) -> list[Finding]:
    """What the books hold beyond the least, and what they seem to need.

    Args:
        profile: the inspected source profile.
        sold: SKUs with ``item_id``, oldest and newest day of sale (``first, last``, ISO).

    Returns:
        One finding of what is held, and one for each kind of need.
    """
    return [_held(profile), *_kits(profile, sold), *_prices(profile), *_successors(profile, sold), *_twice(profile)]


def _held(profile: Profile) -> Finding:
    held = [words for table, words in TABLES.items() if _any(profile, table, "1 = 1")]
    for (table, column, condition), words in COLUMNS.items():
        source = profile.sources[table]
        if source is not None and column in source.columns:
            test = condition.format(column) if "{0}" in condition else condition
            held += [words] if _any(profile, table, f"{column} {test}") else []
    sentence = f"the books hold {', '.join(held)}" if held else "the books hold none of: " + ", ".join(TABLES.values())
    without = "" if held else "; every supplier counts as always at work, and each item stands for itself"
    return Finding("beyond", "usable", sentence + without)


def _any(profile: Profile, table: str, condition: str) -> bool:
    source = profile.sources[table]
    return (
        source is not None and rows(f"select 1 as one from (\n{source.query}\n) t where {condition} limit 1").height > 0
    )


def _kits(profile: Profile, sold: pl.DataFrame) -> list[Finding]:
    """Items that are sold, though nobody offers them and none was ever counted or received: they may be put together when sold."""
    traded = set(sold["item_id"].drop_nulls().to_list()) & items_of(profile, "items")
    known = (items_of(profile, name) for name in ("item_suppliers", "stock_levels", "purchase_order_lines"))
    lacking = traded.difference(*known, items_of(profile, "kit_components", column="kit_id"))
    if not lacking or len(lacking) == len(traded):
        return []
    sentence = (
        f"{count(len(lacking), 'item')} with sales are neither offered, nor counted, nor received ({named(sorted(lacking))}): if they "
        "are kits, name their parts in kit_components; without them the parts are bought as if no kit were sold"
    )
    return [Finding("kits", "usable without", sentence)]


def _prices(profile: Profile) -> list[Finding]:
    """Offers whose price lies a round factor from the item's cost, though they are said to be of one unit."""
    offers, items = profile.sources["item_suppliers"], profile.sources["items"]
    if offers is None or items is None:
        return []
    single = [f"coalesce(o.{name}, 1) = 1" for name in ("price_per", "purchase_unit_factor") if name in offers.columns]
    foreign = ["coalesce(o.currency, '') = ''"] if "currency" in offers.columns else []
    found = rows(
        f"select o.item_id, o.supplier_id, o.unit_price, i.unit_cost from (\n{offers.query}\n) o "
        f"inner join (\n{items.query}\n) i on i.item_id = o.item_id "
        f"where {' and '.join(['o.unit_price > 0', 'i.unit_cost > 0', *single, *foreign])}"
    )
    if not found.height:
        return []
    found = found.with_columns(pl.col("unit_price", "unit_cost").cast(pl.Float64))
    apart = found.with_columns(factor=pl.col("unit_price") / pl.col("unit_cost"))
    off = [row for row in apart.iter_rows(named=True) if _round(row["factor"]) is not None]
    if not off:
        return []
    off.sort(key=lambda row: (row["item_id"], row["supplier_id"]))
    one = off[0]
    sentence = (
        f"the price of {count(len(off), 'offer')} lies a round factor from the item's cost, e.g. of {one['item_id']} at "
        f"{one['supplier_id']}: {one['unit_price']:g} and {one['unit_cost']:g}, about {_round(one['factor']):g}; if it is for "
        "several units say so in price_per, if for a unit of purchase in purchase_unit_factor; else every order of it is worth that much "
        "too much or too little"
    )
    return [Finding("units of prices", "usable without", sentence)]


def _round(factor: float) -> float | None:
    """The round factor that a ratio of price and cost stands for, None where it stands for none.

    >>> _round(100.0), _round(0.0105), _round(1.4), _round(11.9)
    (100.0, 0.01, None, 12.0)
    """
    up = factor if factor >= 1 else 1 / factor
    nearest = min(ROUND, key=lambda one: abs(up / one - 1))
    if abs(up / nearest - 1) > NEAR or up < ROUND[0] * (1 - NEAR):
        return None
    return nearest if factor >= 1 else 1 / nearest


def _successors(profile: Profile, sold: pl.DataFrame) -> list[Finding]:
    """Items that began to sell when another of a like name ended, and are not said to follow it."""
    source = profile.sources["items"]
    if source is None or not sold.height:
        return []
    known = items_of(profile, "item_predecessors") | items_of(profile, "item_predecessors", column="predecessor_id")
    names = dict(rows(f"select item_id, name from (\n{source.query}\n) t").rows())
    spans = sold.group_by("item_id").agg(pl.col("first").min(), pl.col("last").max()).drop_nulls().sort("item_id")
    pairs = ((old, new) for old, new in _handovers(spans.rows()) if not {old, new} & known)
    alike = [(old, new) for old, new in islice(pairs, PAIRS) if _alike(names.get(old), names.get(new))]
    if not alike:
        return []
    pairs_named = named([f"{new} after {old}" for old, new in alike])
    sentence = (
        f"{count(len(alike), 'item')} may follow another whose sales ended then and whose name is alike ({pairs_named}): if so, name both "
        "in item_predecessors; without it the new one is planned as if it had no past"
    )
    return [Finding("successors", "usable without", sentence)]


def _handovers(spans: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    """Pairs (ended, begun) of items whose last and first sale lie near to each other, inside the span of all sales."""
    day = {
        item: (date.fromisoformat(str(first)[:10]), date.fromisoformat(str(last)[:10])) for item, first, last in spans
    }
    opening, closing = min(first for first, _ in day.values()), max(last for _, last in day.values())
    near = timedelta(days=HANDOVER_DAYS)
    begun = sorted((first, item) for item, (first, _) in day.items() if first > opening + near)
    for old, (_, last) in day.items():
        if last >= closing - timedelta(days=STILL_SOLD_DAYS):
            continue
        low, high = bisect_left(begun, (last - near, "")), bisect_left(begun, (last + near + timedelta(days=1), ""))
        yield from ((old, new) for _, new in begun[low:high] if new != old)


def _alike(old: str | None, new: str | None) -> bool:
    """Two names may be of one article in two versions.

    >>> _alike("Kettle 1.7 l steel", "Kettle 1.7 l steel v2"), _alike("Kettle 1.7 l steel", "Tea cup")
    (True, False)
    """
    if not old or not new:
        return False
    return SequenceMatcher(None, old.casefold(), new.casefold()).ratio() >= ALIKE


def _twice(profile: Profile) -> list[Finding]:
    """Lines of purchase orders that occur more than once, each with a receipt of its own."""
    source = profile.sources["purchase_order_lines"]
    if source is None or "received_on" not in source.columns:
        return []
    found = rows(
        f"select min(po_id) as po_id, min(line_no) as line_no from (\n{source.query}\n) t where received_on is not null "
        "group by po_id, line_no having count(distinct received_on) > 1"
    )
    if not found.height:
        return []
    lines = named([f"{po_id} line {line}" for po_id, line in sorted(found.rows())])
    sentence = (
        f"{count(found.height, 'line')} of purchase orders have two receipts or more ({lines}): of rows with one key all but the first go "
        "to quarantine, and what came with them is missing from the books; give each part a line_no of its own"
    )
    return [Finding("parts of deliveries", "usable without", sentence)]
