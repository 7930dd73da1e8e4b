"""What a planner must know beside a day's orders: what waits for a hand, what no longer sells, what nobody plans. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from pipelines.core.text import count, verb

NAMED: Final = 5
"""Items named in a sentence; of more, the number is given."""

STALE_DAYS: Final = 3
"""Sales and counts that end so many days before a run make a notice: a weekend does not, a broken interface does."""

UNSOLD: Final = "ORDERED_WITHOUT_SALE"
"""``alert_code`` of a line whose SKU has not sold for long."""

UNSOLD_DAYS: Final = 182
"""Days without a sale after which a line says so: half a year, as long as a lot may last."""


def stale(as_of: date, sold: date | None, counted: date | None) -> str:
    """Sales or stock counts that end days before the date; empty where they do not.

    Args:
        as_of: the run's date.
        sold: day of the newest sale.
        counted: day of the newest count; None where nothing was ever counted.

    >>> stale(date(2026, 6, 28), date(2026, 6, 24), date(2026, 6, 28))
    'The newest sale on record is of 2026-06-24: the 4 days since count as days without demand. If the ERP was not yet up to date, run the \
date again once it is.'
    >>> stale(date(2026, 6, 28), date(2026, 6, 27), date(2026, 6, 27))
    ''
    """
    found = []
    if sold and (as_of - sold).days >= STALE_DAYS:
        found.append(f"sale on record is of {sold}: the {(as_of - sold).days} days since count as days without demand")
    if counted and (as_of - counted).days >= STALE_DAYS:
        since = "sales and receipts since then are in the stock on hand, other movements are not"
        found.append(f"stock count is of {counted}: {since}")
    if not found:
        return ""
    return (
        f"The newest {', the newest '.join(found)}. If the ERP was not yet up to date, run the date again once it is."
    )


def _named(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def silenced(items: Sequence[str]) -> str:
    """Items that are needed and not ordered because of a limit or an offer without a price; empty where there is none.

    >>> silenced(["PACK"])
    '1 SKU is needed and not ordered, however low its stock falls (PACK): a pack or minimum above the most a line may hold, or an offer \
without a price. Its reason says which.'
    """
    if not items:
        return ""
    return (
        f"{count(len(items), 'SKU')} {verb(len(items), 'is', 'are')} needed and not ordered, however low "
        f"{verb(len(items), 'its', 'their')} stock falls ({_named(items)}): "
        f"a pack or minimum above the most a line may hold, or an offer without a price. "
        f"{verb(len(items), 'Its reason says', 'Their reasons say')} which."
    )


def unsupplied(items: Sequence[str]) -> str:
    """Items that sell and that no active supplier offers; empty where there is none.

    >>> unsupplied(["KIT"])
    '1 SKU sells and has no active supplier (KIT): a kit, something made here, or an offer that is missing?'
    """
    if not items:
        return ""
    sold = f"{count(len(items), 'SKU')} {verb(len(items), 'sells and has', 'sell and have')} no active supplier ({_named(items)})"
    return f"{sold}: a kit, something made here, or an offer that is missing?"


def unsold(lines: int, value: float) -> str:
    """Lines of SKUs that have not sold for long; empty where there is none.

    >>> unsold(1, 12.5)
    '1 line orders a SKU without a sale in 182 days, worth 12.50: its alert says since when.'
    """
    if not lines:
        return ""
    return (
        f"{count(lines, 'line')} {verb(lines, 'orders a SKU', 'order SKUs')} without a sale in {UNSOLD_DAYS} days, worth {value:,.2f}: "
        f"{verb(lines, 'its alert says', 'their alerts say')} since when."
    )


def unplanned(items: int, skus: int) -> str:
    """What nothing is ordered of because nothing was ever sold; empty where there is none.

    Args:
        items: items on sale without a sale, a count of stock or a minimum at any location: no SKU is made of them.
        skus: SKUs that never sold, hold no stock and are not ordered.

    >>> unplanned(3, 1)
    'Left out: 3 items on sale have no sale, stock count or minimum on record, and 1 SKU without stock never sold. Nothing is ordered of \
them until they sell or the ERP names a minimum.'
    """
    parts = []
    if items:
        parts.append(
            f"{count(items, 'item')} on sale {verb(items, 'has', 'have')} no sale, stock count or minimum on record"
        )
    if skus:
        parts.append(f"{count(skus, 'SKU')} without stock never sold")
    if not parts:
        return ""
    left = verb(items + skus, "it until it sells", "them until they sell")
    return f"Left out: {', and '.join(parts)}. Nothing is ordered of {left} or the ERP names a minimum."


def hidden(skus: int, of: int) -> str:
    """SKUs of which the books cannot tell when their shelf was empty; empty where there is none.

    Args:
        skus: SKUs that sell, are counted on fewer than one day in five and have no receipt on record.
        of: SKUs that sell.

    >>> hidden(0, 9), hidden(2, 9).partition(":")[0]
    ('', '2 of 9 SKUs that sell are counted on fewer than one day in five and have no receipt on record')
    """
    if not skus:
        return ""
    return (
        f"{skus:,} of {count(of, 'SKU')} that sell are counted on fewer than one day in five and have no receipt on record: what was asked "
        "for while their shelf was empty is unknown and not in the forecast. A shelf empty on a tenth of the days hides up to 11% of what "
        "was sold, on a quarter up to 33%."
    )


def why(reason: str | None, alert: str | None) -> str:
    """The reason of a line, and what to see to beside it.

    >>> why("Below its reorder point", "Ordered without a sale: it never sold"), why("Below its reorder point", None)
    ('Below its reorder point. Ordered without a sale: it never sold', 'Below its reorder point')
    """
    return ". ".join(part for part in (reason, alert) if part)
