"""Findings of ``stockproof erp check`` on data that are whole and yet mislead: recorded too late, or lots that nobody meant."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

import polars as pl

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.core.inventory import LONGEST_COVER_DAYS
from pipelines.core.text import count
from pipelines.extract import reader
from pipelines.extract.profiles import Profile
from pipelines.extract.windows import BEGINNING, ExtractWindow
from pipelines.io import erp
from pipelines.onboarding.findings import Finding, day_of, items_of, named, rows

_MASTER: Final = ("items", "suppliers", "item_suppliers")

SLIP_DAYS: Final = 90
"""A newest sale so many days after the one before it is pointed out; no trade pauses so long and then sells on one day alone."""

LONG_WEEKS: Final = LONGEST_COVER_DAYS / 7
"""An economic lot of the median item that would last longer, were it not cut there, is pointed out."""


def recorded(profile: Profile, newest_sale: date) -> list[Finding]:
    """Whether the master data count as known on the days of the sales.

    An export of today bears today's ``updated_at``, and a run reads nothing recorded after its date.

    Args:
        profile: the inspected source profile.
        newest_sale: day of the newest sale.

    Returns:
        One finding where a table's oldest row was recorded after the newest sale; else none.
    """
    since: dict[str, date] = {}
    for name in _MASTER:
        source = profile.sources[name]
        oldest = (
            rows(f"select min({day_of('updated_at')}) as oldest from (\n{source.query}\n) t")["oldest"][0]
            if source
            else None
        )
        if oldest is not None:
            since[name] = date.fromisoformat(str(oldest)[:10])
    late = {name: day for name, day in since.items() if day > newest_sale}
    if not late:
        return []
    first = max(late.values())
    until = newest_sale + timedelta(days=settings.load().erp.max_staleness_days)
    sentence = (
        f"every row of {', '.join(late)} was recorded (updated_at) on {first} or later, after the newest sale ({newest_sale}): a run of an "
        "earlier day reads none of them and stops. Let updated_at say since when a row has been true, or leave the column out of the files "
        "and load again"
    )
    if first <= until:
        return [Finding("recording", "usable without", sentence)]
    stale = (
        f"{sentence}; from {first} on the sales are older than erp.max_staleness_days allows, so no day can be planned"
    )
    return [Finding("recording", "not usable", stale)]


def unrecorded(profile: Profile) -> list[Finding]:
    """Whether every row says when it was recorded: a run stops at one that does not.

    Args:
        profile: the inspected source profile.

    Returns:
        One finding for each table with rows that do not.
    """
    found = []
    for source in profile.sources.values():
        if source is not None and source.table.is_versioned:
            try:
                reader.total(source, ExtractWindow(BEGINNING, BEGINNING))
            except StockproofError as fault:
                found.append(Finding("recording", "not usable", f"{fault.message}: {fault.remedy}"))
    return found


def offered(profile: Profile, active: set[str], condition: str = "1 = 1") -> set[str]:
    """Items that an active supplier offers: whom the daily run can buy from, primary or not.

    Args:
        profile: the inspected source profile.
        active: ids of active suppliers.
        condition: what an offer must meet, SQL.

    Returns:
        Their ids.
    """
    source = profile.sources["item_suppliers"]
    if source is None:
        return set()
    found = rows(
        f"select min(item_id), min(supplier_id) from (\n{source.query}\n) t where {condition} "
        f"group by {erp.exactly('item_id')}, {erp.exactly('supplier_id')}"
    )
    return {item for item, supplier in found.iter_rows() if item is not None and supplier in active}


def slip(days: Iterable[date]) -> tuple[date, date] | None:
    """A newest day so far after all others that it is a slip of the keys rather than trade.

    Args:
        days: days with sales.

    Returns:
        The newest day and the one before it, where :data:`SLIP_DAYS` or more lie between; else None.

    >>> slip([date(2026, 1, 1), date(2026, 1, 2), date(2062, 1, 2)])
    (datetime.date(2062, 1, 2), datetime.date(2026, 1, 2))
    >>> slip([date(2026, 1, 1), date(2026, 1, 9)])
    """
    newest = sorted(set(days))[-2:]
    return (newest[1], newest[0]) if len(newest) == 2 and (newest[1] - newest[0]).days >= SLIP_DAYS else None


def dated(profile: Profile) -> list[Finding]:
    """Whether the newest sale stands alone, long after the others.

    Args:
        profile: the inspected source profile.

    Returns:
        One finding where it does; else none.
    """
    source = profile.sources["sales"]
    if source is None:
        return []
    found = rows(f"select distinct {day_of('sold_on')} as day from (\n{source.query}\n) t").to_series()
    alone = slip(date.fromisoformat(str(day)[:10]) for day in found.drop_nulls())
    return [Finding("dates", "usable without", slipped(*alone))] if alone else []


def slipped(newest: date, before: date) -> str:
    """What a newest sale that stands alone means."""
    return (
        f"the newest sale is of {newest}, {(newest - before).days:,} days after the one before it ({before}): a slip of the keys? A run "
        f"without --as-of is of the latter; correct the sale, or name the day with --as-of"
    )


def below_zero(profile: Profile) -> list[Finding]:
    """SKUs whose newest count is below zero.

    Args:
        profile: the inspected source profile.

    Returns:
        One finding where there are any; else none.
    """
    source = profile.sources["stock_levels"]
    if source is None:
        return []
    counts = f"select item_id, location_id, counted_on, on_hand from (\n{source.query}\n) t"
    # One scan and no join: of a long history only the newest counts are listed.
    sku = f"{erp.exactly('item_id')}, {erp.exactly('location_id')}"
    newest = rows(
        "select item_id, location_id, on_hand from (select c.*, row_number() over "
        f"(partition by {sku} order by counted_on desc) as place from (\n{counts}\n) c) n where place = 1 and on_hand < 0"
    )
    if not newest.height:
        return []
    skus = named([f"{item} at {location}" for item, location, _ in newest.iter_rows()])
    waits = settings.load().planning.unmet_demand == "backorder"
    meant = "what is missing is owed to customers" if waits else "their shelves count as empty"
    sentence = f"the newest count of {count(newest.height, 'SKU')} is below zero ({skus}): {meant}"
    return [Finding("counts", "usable without", sentence)]


def services(profile: Profile, sold: set[str]) -> list[Finding]:
    """Items that are sold and look like none: fees, freight, services.

    Args:
        profile: the inspected source profile.
        sold: items with sales.

    Returns:
        One finding where most items sold were counted or ordered at some time and a few never were; else none.
    """
    counted, ordered = items_of(profile, "stock_levels"), items_of(profile, "purchase_order_lines")
    odd = (sold & items_of(profile, "items")) - counted - ordered
    if not counted or not odd or 2 * len(odd) > len(sold):
        return []
    supplied = len(odd & items_of(profile, "item_suppliers"))
    sentence = (
        f"{len(odd)} of {len(sold)} items with sales were never counted and never ordered ({named(sorted(odd))}): services, fees, freight? "
        "They are planned as goods of which none is there, and orders are proposed for those that have a supplier "
        f"({supplied}). Leave what is no stock out of items"
    )
    return [Finding("services", "usable without", sentence)]


def lots(profile: Profile, days: int) -> list[Finding]:
    """How long an economic lot lasts where the ERP names no ordering cost and the configured one counts.

    Args:
        profile: the inspected source profile.
        days: days that the sales span.

    Returns:
        One finding where the configured ordering cost makes the median lot last longer than :data:`LONG_WEEKS`; else none.
    """
    offers, items, sales = (profile.sources[name] for name in ("item_suppliers", "items", "sales"))
    if not offers or not items or not sales:
        return []
    named = "ordering_cost is null" if "ordering_cost" in offers.columns else "1 = 1"
    lacking = items_of(profile, "item_suppliers", f"is_primary and {named}")
    cost = rows(f"select item_id, unit_cost from (\n{items.query}\n) t where unit_cost > 0")
    sold = rows(
        f"select min(item_id) as item_id, sum(quantity) as units from (\n{sales.query}\n) t group by {erp.exactly('item_id')}"
    )
    if not lacking or not cost.height or not sold.height:
        return []
    numbers = sold.join(cost, on="item_id").filter(pl.col("item_id").is_in(list(lacking)))
    value = numbers.select(pl.col("units").cast(pl.Float64) * pl.col("unit_cost").cast(pl.Float64)).to_series()
    value = value.filter(value > 0) * (365 / days)
    weeks = _lot_weeks(value)
    if weeks is None or weeks <= LONG_WEEKS:
        return []
    each = settings.load().costs.ordering_cost
    return [
        Finding(
            "lots",
            "usable without",
            f"{len(lacking)} items name no ordering_cost, so costs.ordering_cost ({each:g}) counts for each of them: the economic lot of "
            f"the median item lasts {weeks:.0f} weeks. Where an order has many lines, set it to what a line costs{_line_cost(profile)}",
        )
    ]


def _line_cost(profile: Profile) -> str:
    """What a line costs where lines share the cost of the orders that the ERP holds: K (s + (1 - s) / L), s a further line's share."""
    lines = profile.sources["purchase_order_lines"]
    if not lines:
        return ""
    counted = rows(f"select count(*) as line_count, count(distinct po_id) as order_count from (\n{lines.query}\n) t")
    line_count, orders = counted.row(0)
    if not orders or line_count <= orders:
        return ""
    config = settings.load()
    further = config.purchase.line_cost_share
    line = config.costs.ordering_cost * (further + (1 - further) * orders / line_count)
    lines_each = line_count / orders
    return f": orders here have {lines_each:.1f} lines, and a further one costs {further:.0%} of an order, so about {line:.2g} each"


def _lot_weeks(value_a_year: pl.Series) -> float | None:
    """Weeks that the economic lot of the median item lasts: 52 √(2K / (r·c·D)), Harris 1913; None without any item."""
    costs = settings.load().costs
    middle = value_a_year.median()
    if not isinstance(middle, float) or middle <= 0 or costs.holding_cost_rate <= 0:
        return None
    return float(52 * (2 * costs.ordering_cost / (costs.holding_cost_rate * middle)) ** 0.5)
