"""Categories of the sample's catalogue, the shape of their weeks and years, and the calendar of events."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.contract import BY_NAME
from pipelines.io import erp_tables
from pipelines.sample.config import SampleConfig

Floats = npt.NDArray[np.float64]

_TRADE: Final = (1.15, 1.2, 1.15, 1.1, 1.15, 0.75, 0.5)  # Monday to Sunday
_RETAIL: Final = (0.8, 0.8, 0.9, 0.95, 1.15, 1.5, 0.9)
_EVEN: Final = (1.0, 1.05, 1.0, 1.0, 1.05, 1.0, 0.9)


@dataclass(frozen=True)
class Category:
    """A category of the catalogue.

    Attributes:
        name: as the ERP spells it.
        nouns: what its items are called.
        week: demand factor of Monday to Sunday.
        amplitude: of the yearly wave, a share of the mean.
        peak: day of the year of the wave's crest.
        retail: how strongly sales events move it, 0 to 1.
        decimals: digits of a quantity; metres are sold with one.
    """

    name: str
    nouns: tuple[str, ...]
    week: tuple[float, ...]
    amplitude: float
    peak: int
    retail: float
    decimals: int = 0


CATEGORIES: Final[tuple[Category, ...]] = (
    Category(
        "Fasteners", ("Wood screw", "Hex bolt", "Wall plug", "Washer set", "Drywall screw"), _TRADE, 0.10, 150, 0.1
    ),
    Category("Cable and hose", ("Power cable", "Garden hose", "Data cable", "Steel chain"), _TRADE, 0.12, 160, 0.1, 1),
    Category("Paint", ("Wall paint", "Wood varnish", "Primer", "Spray paint"), _RETAIL, 0.30, 130, 0.5),
    Category("Power tools", ("Cordless drill", "Angle grinder", "Jigsaw", "Sander"), _RETAIL, 0.15, 340, 1.0),
    Category("Hand tools", ("Claw hammer", "Screwdriver set", "Pliers", "Tape measure"), _EVEN, 0.12, 340, 0.6),
    Category("Garden", ("Secateurs", "Plant pot", "Lawn feed", "Rake", "Watering can"), _RETAIL, 0.45, 145, 0.5),
    Category("Lighting", ("LED bulb", "Ceiling lamp", "Work light", "Spotlight"), _EVEN, 0.28, 350, 0.6),
    Category("Plumbing", ("Pipe fitting", "Tap", "Siphon", "Seal kit"), _TRADE, 0.08, 20, 0.1),
    Category("Workwear", ("Safety gloves", "Safety shoes", "Hard hat", "Overall"), _TRADE, 0.10, 290, 0.2),
    Category("Adhesives", ("Epoxy glue", "Silicone", "Mounting tape", "Wood glue"), _EVEN, 0.12, 120, 0.2),
    Category("Heating", ("Radiator valve", "Fan heater", "Thermostat", "Firelighter"), _EVEN, 0.40, 5, 0.3),
    Category("Spare parts", ("Gasket", "Bearing", "Drive belt", "Filter element", "Fuse"), _TRADE, 0.05, 60, 0.0),
)


def day_factors(config: SampleConfig) -> Floats:
    """Demand factor of each category and simulated day: week × year × events.

    Args:
        config: gives the days.

    Returns:
        Shape (categories, total_days), mean about 1.
    """
    days = [config.day(i) for i in range(config.total_days)]
    weekday = np.array([day.weekday() for day in days])
    year_day = np.array([day.timetuple().tm_yday for day in days])
    closed, lift = _event_effects(days)
    factors = np.empty((len(CATEGORIES), len(days)))
    for row, category in enumerate(CATEGORIES):
        week = np.array(category.week) / np.mean(category.week)
        year = 1 + category.amplitude * np.cos(2 * np.pi * (year_day - category.peak) / 365.25)
        factors[row] = week[weekday] * year * (1 + category.retail * (lift - 1)) * closed
    return factors


def _event_effects(days: list[date]) -> tuple[Floats, Floats]:
    """Per day: share of demand left on public holidays, and lift of sales events at full retail strength."""
    index = {day: i for i, day in enumerate(days)}
    closed, lift = np.ones(len(days)), np.ones(len(days))
    for year in range(days[0].year, days[-1].year + 1):
        for on, name in events_of(year):
            for offset, factor in _EFFECTS[name]:
                at = index.get(on + timedelta(days=offset))
                if at is not None and factor < 1:
                    closed[at] = factor
                elif at is not None:
                    lift[at] = factor
    return closed, lift


_HOLIDAY: Final = ((0, 0.35),)
_EFFECTS: Final[dict[str, tuple[tuple[int, float], ...]]] = {
    "New Year": _HOLIDAY,
    "Labour Day": _HOLIDAY,
    "Easter Monday": _HOLIDAY,
    "Christmas Day": _HOLIDAY,
    "Boxing Day": _HOLIDAY,
    "Black Friday": tuple((offset, 1.9) for offset in range(-2, 4)),
    "Summer sale": tuple((offset, 1.4) for offset in range(7)),
    "Christmas business": tuple((offset, 1.35) for offset in range(18)),
}


def events_of(year: int) -> list[tuple[date, str]]:
    """Events of a year in calendar order."""
    november = date(year, 11, 1)
    black_friday = november + timedelta(days=(3 - november.weekday()) % 7 + 22)  # the day after the fourth Thursday
    easter = _easter(year)
    return sorted(
        [
            (date(year, 1, 1), "New Year"),
            (easter + timedelta(days=1), "Easter Monday"),
            (date(year, 5, 1), "Labour Day"),
            (date(year, 7, 6), "Summer sale"),
            (black_friday, "Black Friday"),
            (date(year, 12, 5), "Christmas business"),
            (date(year, 12, 25), "Christmas Day"),
            (date(year, 12, 26), "Boxing Day"),
        ]
    )


def _easter(year: int) -> date:
    """Easter Sunday (anonymous Gregorian algorithm, Meeus, Astronomical Algorithms, 1991)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    month, day = divmod(d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114, 31)
    return date(year, month, day + 1)


def calendar_events(config: SampleConfig) -> pl.DataFrame:
    """The contract's calendar_events: from the first recorded day to half a year after the last, as a calendar is known ahead.

    Args:
        config: gives the days.

    Returns:
        Columns event_on, name, location_id (null: everywhere).
    """
    first, last = config.day(config.opening_day), config.until + timedelta(days=183)
    rows = [row for year in range(first.year, last.year + 1) for row in events_of(year) if first <= row[0] <= last]
    schema = erp_tables.schema(BY_NAME["calendar_events"])
    return pl.DataFrame(
        {"event_on": [on for on, _ in rows], "name": [name for _, name in rows], "location_id": [None] * len(rows)},
        schema=schema,
    )
