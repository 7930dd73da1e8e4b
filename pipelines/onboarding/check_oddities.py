"""Findings of ``stockproof erp check`` on rows that are sound one by one and cannot both be meant: prices, ids, shelves."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import polars as pl

from pipelines.core.text import count
from pipelines.extract.profiles import Profile, Source
from pipelines.io import erp
from pipelines.onboarding.findings import Finding, day_of, items_of, named, rows

FAR: Final = 3.0
"""A purchase price so many times the item's cost, or so small a part of it, is pointed out; orders say so too."""

LEAST_COUNTS: Final = 5
"""Counts, and days with sales, from which on a stock that never moves is pointed out."""

IDS: Final = (("items", "item_id"), ("suppliers", "supplier_id"), ("locations", "location_id"))
"""Tables whose ids a spreadsheet may have stripped of zeros."""


def findings(profile: Profile) -> list[Finding]:
    """What cannot be meant as it stands.

    Args:
        profile: the inspected source profile.

    Returns:
        A finding for each kind there is.
    """
    return [*_far(profile), *_dearer(profile), *_zeros(profile), *_untouched(profile)]


def _far(profile: Profile) -> list[Finding]:
    offers, items = profile.sources["item_suppliers"], profile.sources["items"]
    if not offers or not items:
        return []
    asked = rows(
        f"select item_id, supplier_id, {_price_of_a_unit(offers)} as unit_price from (\n{offers.query}\n) t where unit_price > 0"
        + (" and coalesce(currency, '') = ''" if "currency" in offers.columns else "")
    )
    costs = rows(f"select item_id, unit_cost from (\n{items.query}\n) t where unit_cost > 0")
    if not asked.height or not costs.height:
        return []
    both = asked.join(costs, on="item_id").cast({"unit_price": pl.Float64, "unit_cost": pl.Float64})
    ratio = pl.col("unit_price") / pl.col("unit_cost")
    far = both.filter((ratio >= FAR) | (ratio <= 1 / FAR)).sort("item_id", "supplier_id")
    if not far.height:
        return []
    shown = named([f"{item} from {who}: {price:g} against {cost:g}" for item, who, price, cost in far.iter_rows()])
    sentence = (
        f"the price of {count(far.height, 'offer')} is {FAR:g} times the item's unit_cost or more, or a third or less ({shown}): "
        "of a box or a hundred, or in another currency? Orders are valued by them, and their lines ask for a review"
    )
    return [Finding("prices", "usable without", sentence)]


def _price_of_a_unit(offers: Source) -> str:
    """SQL of the price by the unit of stock."""
    parts = (name for name in ("price_per", "purchase_unit_factor") if name in offers.columns)
    return " / ".join(["unit_price * 1.0", *(f"coalesce(nullif({name}, 0), 1)" for name in parts)])


def _dearer(profile: Profile) -> list[Finding]:
    breaks, offers = profile.sources["price_breaks"], profile.sources["item_suppliers"]
    if not breaks or not offers:
        return []
    steps = rows(f"select item_id, supplier_id, min_qty, unit_price from (\n{breaks.query}\n) t where unit_price > 0")
    base = rows(
        f"select item_id, supplier_id, 0 as min_qty, unit_price from (\n{offers.query}\n) t where unit_price > 0"
    )
    if not steps.height or not base.height:
        return []
    kinds = pl.Schema({"min_qty": pl.Float64, "unit_price": pl.Float64})
    key = ["item_id", "supplier_id"]
    prices = pl.concat([base.cast(kinds), steps.cast(kinds)]).sort(*key, "min_qty")
    prices = prices.with_columns(below=pl.col("unit_price").shift(1).over(key))
    dear = prices.filter(pl.col("unit_price") > pl.col("below") * (1 + 1e-9))
    if not dear.height:
        return []
    shown = named(
        [
            f"{item} from {who}: {price:g} a unit from {least:g} on, {below:g} below it"
            for item, who, least, price, below in dear.iter_rows()
        ]
    )
    sentence = f"{count(dear.height, 'price break')} asks more a unit than a smaller order ({shown}): the price of the whole lot?"
    return [Finding("prices", "usable without", sentence)]


def _zeros(profile: Profile) -> list[Finding]:
    found = []
    for table, column in IDS:
        ids = items_of(profile, table, column=column)
        used = set().union(*(items_of(profile, name, column=column) for name in _naming(profile, table, column)))
        if alike := differ_by_zeros(ids | used):
            shown = named([" and ".join(group) for group in alike])
            found.append(Finding(
                "ids", "usable without",
                f"{count(len(alike), column)} differ by leading zeros alone ({shown}): they are different ones here. If a spreadsheet has "
                "stripped them, export the column as text",
            ))  # fmt: skip
    return found


def differ_by_zeros(ids: Iterable[str]) -> list[list[str]]:
    """Ids that are the same but for zeros before their digits.

    >>> differ_by_zeros(["00123", "123", "0", "00", "A01", "A1", "7"])
    [['0', '00'], ['00123', '123']]
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for one in ids:
        if one.isdigit():
            groups[one.lstrip("0")].append(one)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def _naming(profile: Profile, table: str, column: str) -> list[str]:
    """Other tables that name the column, those that are there."""
    sources = ((name, source) for name, source in profile.sources.items() if name != table)
    return [name for name, source in sources if source is not None and column in source.columns]


def _untouched(profile: Profile) -> list[Finding]:
    """SKUs that sell while their count stands still and nothing comes in."""
    stock, sales, lines = (profile.sources[name] for name in ("stock_levels", "sales", "purchase_order_lines"))
    if not stock or not sales:
        return []
    sku = f"{erp.exactly('item_id')}, {erp.exactly('location_id')}"
    still = rows(
        f"select min(item_id) as item_id, min(location_id) as location_id, min({day_of('counted_on')}) as first_on, "
        f"max({day_of('counted_on')}) as last_on from (\n{stock.query}\n) t group by {sku} "
        f"having count(*) >= {LEAST_COUNTS} and min(on_hand) = max(on_hand) and max(on_hand) > 0"
    )
    if not still.height:
        return []
    sold = rows(
        f"select min(item_id) as item_id, min(location_id) as location_id, {day_of('sold_on')} as sold_on, sum(quantity) as units "
        f"from (\n{sales.query}\n) t group by {sku}, {day_of('sold_on')}"
    )
    received = items_of(profile, "purchase_order_lines", "quantity_received > 0") if lines else set()
    days = dict.fromkeys(("first_on", "last_on"), pl.String)
    between = sold.with_columns(pl.col("sold_on").cast(pl.String)).join(still.cast(days), on=["item_id", "location_id"])  # type: ignore[arg-type]
    between = between.filter(
        (pl.col("sold_on") > pl.col("first_on")) & (pl.col("sold_on") <= pl.col("last_on")) & (pl.col("units") > 0)
    )
    odd = (
        between.group_by("item_id", "location_id")
        .agg(pl.len(), pl.col("units").cast(pl.Float64).sum())
        .sort("item_id", "location_id")
    )
    odd = odd.filter((pl.col("len") >= LEAST_COUNTS) & ~pl.col("item_id").is_in(list(received)))
    if not odd.height:
        return []
    shown = named([f"{item} at {location}: {units:g} sold" for item, location, _, units in odd.iter_rows()])
    sentence = (
        f"the sales of {count(odd.height, 'SKU')} never touch the shelf: the count stands still all the time ({shown}). Delivered by the "
        "supplier, or stock that nobody books? What is never on the shelf is no demand for it: leave such sales out"
    )
    return [Finding("shelves", "usable without", sentence)]
