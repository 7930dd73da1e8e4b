"""Numbers within sentences. Pure."""


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
