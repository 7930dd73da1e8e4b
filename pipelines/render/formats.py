"""How numbers read to a planner: separators, units, an en dash for what is not known."""

import math

from pipelines.core.text import units

UNKNOWN = "–"


def _absent(value: float | None) -> bool:
    return value is None or not math.isfinite(value)


def _plain(text: str) -> str:
    """Minus sign instead of a hyphen; nothing that rounds to zero is negative."""
    if text.startswith("-") and not any(digit in text for digit in "123456789"):
        text = text[1:]
    return text.replace("-", "\N{MINUS SIGN}")


def money(value: float | None, digits: int = 0) -> str:
    """An amount in the ERP's currency, which the contract does not name.

    >>> money(1234567.8), money(2.5, 2), money(None)
    ('1,234,568', '2.50', '–')
    """
    return UNKNOWN if value is None or _absent(value) else _plain(f"{value:,.{digits}f}")


def quantity(value: float | None) -> str:
    """Units, with decimals only where they are there.

    >>> quantity(1200.0), quantity(0.125), quantity(0.003), quantity(-3.0)
    ('1,200', '0.12', '0.003', '−3')
    """
    if value is None or _absent(value):
        return UNKNOWN
    return _plain(units(value))


def lasting(days: float) -> str:
    """How long stock lasts; beyond ten years a number of days would tell nothing.

    >>> lasting(1445.2), lasting(2_552_521.0)
    ('1,445 days', 'over 10 years')
    """
    return f"{days:,.0f} days" if days <= 3650 else "over 10 years"


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage.

    >>> percent(0.9512), percent(None)
    ('95.1%', '–')
    """
    return UNKNOWN if share is None or _absent(share) else _plain(f"{share * 100:.{digits}f}") + "%"


def signed_percent(share: float | None, digits: int = 1) -> str:
    """A change with its sign.

    >>> signed_percent(0.031), signed_percent(-0.2, 0)
    ('+3.1%', '−20%')
    """
    text = percent(share, digits)
    return (
        f"+{text}"
        if share is not None and not _absent(share) and text[0] != "\N{MINUS SIGN}" and float(share) > 0
        else text
    )


def points(difference: float | None, digits: int = 1) -> str:
    """A difference of two shares, in percentage points.

    >>> points(0.021), points(-0.004)
    ('+2.1 pts', '−0.4 pts')
    """
    return UNKNOWN if difference is None or _absent(difference) else f"{_plain(f'{difference * 100:+.{digits}f}')} pts"


def compact(value: float) -> str:
    """A short number for an axis.

    >>> compact(1_250_000), compact(40_000), compact(950), compact(0.5)
    ('1.25M', '40k', '950', '0.5')
    >>> compact(999_700), compact(999.7)
    ('1M', '1k')
    """
    value = float(f"{value:.3g}")  # first, as it may round up to the next letter
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return _plain(f"{value / size:.3g}") + letter
    return _plain(f"{value:.3g}")
