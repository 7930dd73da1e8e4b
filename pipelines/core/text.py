"""Numbers within sentences. Pure."""

import math


def units(value: float) -> str:
    """A quantity: decimals where there are any, of less than one unit two figures, for 4 kg booked in tonnes are not nothing.

    >>> units(1200.0), units(12.5), units(0.68264), units(0.0042), units(-3.0), units(0.0)
    ('1,200', '12.5', '0.68', '0.0042', '-3', '0')
    """
    size = abs(value)
    digits = 2 if size >= 0.1 or size < 1e-9 else 1 - math.floor(math.log10(size))
    shown = f"{value:,.{digits}f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def count(number: int, noun: str, plural: str = "") -> str:
    """A counted noun.

    >>> count(1, "line"), count(1200, "SKU"), count(0, "day"), count(2, "delivery", "deliveries")
    ('1 line', '1,200 SKUs', '0 days', '2 deliveries')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def verb(number: float, one: str, many: str) -> str:
    """The form of a verb, or another word, that goes with a number.

    >>> verb(1, "is", "are"), verb(0, "is", "are"), verb(1.5, "unit", "units")
    ('is', 'are', 'units')
    """
    return one if number == 1 else many
