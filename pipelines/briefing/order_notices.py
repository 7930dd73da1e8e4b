"""Sentences on orders that want a hand, whatever their date, and on what the ERP did to those it holds. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from pipelines.core.text import count, verb

NAMED: Final = 5
"""Orders named in a sentence; of more, the number is listed."""


def unsent(numbers: Sequence[str]) -> str:
    """Signed orders of earlier dates that no release has sent.

    >>> unsent(["SP-1", "SP-2"])
    '2 orders of earlier dates are signed and not released, and their goods count as on their way (SP-1, SP-2): stockproof run release.'
    """
    return (
        f"{_of_earlier(numbers)} {verb(len(numbers), 'is', 'are')} signed and not released, and "
        f"{verb(len(numbers), 'its', 'their')} goods count as on their way ({named(numbers)}): stockproof run release."
    )


def unsigned(numbers: Sequence[str]) -> str:
    """Unsigned orders of earlier dates that stand because the run decided other items alone.

    >>> unsigned(["SP-1"])
    '1 order of an earlier date still waits for a signature, as this run decided other items alone: SP-1.'
    """
    waits = verb(len(numbers), "still waits", "still wait")
    return f"{_of_earlier(numbers)} {waits} for a signature, as this run decided other items alone: {named(numbers)}."


def lost_overrides(numbers: Sequence[str]) -> str:
    """Overridden orders that nobody signed before the run proposed again.

    >>> lost_overrides(["SP-1"])
    '1 order of an earlier date was overridden and never signed; this run proposes again what is needed: SP-1.'
    """
    was = verb(len(numbers), "was", "were")
    return f"{_of_earlier(numbers)} {was} overridden and never signed; this run proposes again what is needed: {named(numbers)}."


def refused(numbers: Sequence[str]) -> str:
    """Orders that the ERP did not take.

    >>> refused(["SP-1"])
    'The ERP refused 1 order, which is not on its way: override, approve or reject SP-1.'
    """
    are = verb(len(numbers), "which is not on its way", "which are not on their way")
    return f"The ERP refused {count(len(numbers), 'order')}, {are}: override, approve or reject {named(numbers)}."


def not_keyed_in(numbers: Sequence[str]) -> str:
    """Orders released to files that the ERP does not show.

    >>> not_keyed_in(["SP-1"])
    '1 order was released to a file and is not in the ERP, and its goods count as on their way: key it in, or stockproof orders close SP-1.'
    """
    were = verb(len(numbers), "was released to a file and is", "were released to files and are")
    it = verb(len(numbers), "it", "them")
    return (
        f"{count(len(numbers), 'order')} {were} not in the ERP, and {verb(len(numbers), 'its', 'their')} goods count as on their way: "
        f"key {it} in, or stockproof orders close {named(numbers)}."
    )


def doubtful(doubts: Mapping[str, str]) -> str:
    """Signed orders that a release holds back until they are approved once more.

    >>> doubtful({"SP-1": "supplier S1 takes no more orders"})
    'Signed order SP-1 is held back: supplier S1 takes no more orders. Approve it once more by its number, or reject it.'
    """
    listed = "; ".join(f"{number}: {words}" for number, words in list(doubts.items())[:NAMED])
    if len(doubts) == 1:
        (number, words), *_ = doubts.items()
        return f"Signed order {number} is held back: {words}. Approve it once more by its number, or reject it."
    more = f" and {len(doubts) - NAMED:,} more" if len(doubts) > NAMED else ""
    return f"{len(doubts):,} signed orders are held back ({listed}{more}). Approve them once more by number, or reject them."


def gone(lines: Sequence[tuple[str, float]]) -> str:
    """Open purchase orders that the ERP no longer holds, with the units that were due.

    >>> gone([("PO-7", 100.0)])
    'Gone from the ERP since the last run: purchase order PO-7 with 100 units due. They no longer count.'
    """
    listed = ", ".join(f"{po_id} with {units:,.10g} units due" for po_id, units in lines[:NAMED])
    more = f" and {len(lines) - NAMED:,} more" if len(lines) > NAMED else ""
    return f"Gone from the ERP since the last run: purchase {verb(len(lines), 'order', 'orders')} {listed}{more}. They no longer count."


def changed(orders: Sequence[tuple[str, str, float, float]]) -> str:
    """Released orders that the ERP holds with other quantities than were signed.

    Args:
        orders: our number, the ERP's, units signed, units there.

    >>> changed([("SP-1", "SP-1", 5000.0, 3000.0)])
    'Changed in the ERP after the release: SP-1 from 5,000 units to 3,000.'
    """
    listed = ", ".join(
        f"{number}{'' if po_id == number else f' ({po_id})'} from {ours:,.10g} units to {theirs:,.10g}"
        for number, po_id, ours, theirs in orders[:NAMED]
    )
    more = f" and {len(orders) - NAMED:,} more" if len(orders) > NAMED else ""
    return f"Changed in the ERP after the release: {listed}{more}."


def dated_ahead(lines: Sequence[tuple[str, str, float]]) -> str:
    """Open purchase orders that are dated after the run.

    Args:
        lines: purchase order, its day, units.

    >>> dated_ahead([("PO-9", "2026-07-06", 100.0)])
    'Dated ahead and counted as due: purchase order PO-9 of 2026-07-06 with 100 units.'
    """
    listed = ", ".join(f"{po_id} of {day} with {units:,.10g} units" for po_id, day, units in lines[:NAMED])
    more = f" and {len(lines) - NAMED:,} more" if len(lines) > NAMED else ""
    return f"Dated ahead and counted as due: purchase {verb(len(lines), 'order', 'orders')} {listed}{more}."


def left_out(states: Mapping[str, int]) -> str:
    """Orders of the date whose lines are not listed, by state.

    >>> left_out({"rejected": 1, "superseded": 2})
    'Not in the lines and sums: 1 rejected and 2 superseded orders.'
    """
    listed = [f"{number:,} {state}" for state, number in states.items()]
    orders = verb(sum(states.values()), "order", "orders")
    return f"Not in the lines and sums: {', '.join(listed[:-1])}{' and ' if listed[:-1] else ''}{listed[-1]} {orders}."


def some_items(decided: int, skus: int) -> str:
    """A run of some items alone.

    >>> some_items(1, 60)
    'This run decided 1 of 60 SKUs (--items); of the others nothing is proposed for this date.'
    """
    return f"This run decided {decided:,} of {count(skus, 'SKU')} (--items); of the others nothing is proposed for this date."


def named(numbers: Sequence[str]) -> str:
    """The first numbers, and how many more there are.

    >>> named(["A", "B"])
    'A, B'
    """
    more = len(numbers) - NAMED
    return ", ".join(numbers[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _of_earlier(numbers: Sequence[str]) -> str:
    return f"{count(len(numbers), 'order')} of {verb(len(numbers), 'an earlier date', 'earlier dates')}"
