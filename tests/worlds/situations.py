"""The companies that are played: every reported fault is a named situation, beside those that have always been right."""

from datetime import date
from typing import Final

from tests.worlds import curves as c
from tests.worlds.company import Company, Line, Situation

LENGTHS: Final = (90, 120, 180, 270, 365, 450, 540, 640)
OPENED: Final = (60, 90, 120, 180, 270, 365, 450, 540, 640, 730)


def _at(name: str, *lines: Line, **others: object) -> Situation:
    return Situation(name, lines, **others)  # type: ignore[arg-type]


_SHORT: Final = tuple(
    Company(f"books of {days} days", (_at(f"flat, books of {days} days", Line(), fault=1),), books=days)
    for days in LENGTHS
)

_OPENINGS: Final = Company(
    "openings",
    tuple(_at(f"flat, opened {days} days ago", Line(), opened=days, fault=1, mean_within=0.05) for days in OPENED),
)

_GROWTH: Final = Company(
    "growth",
    (
        _at("flat beside growth", Line()),
        _at("doubling each year", Line(curve=c.growing(2.0)), fault=2),
        _at("halving each year", Line(curve=c.growing(0.5)), fault=2),
        _at("level doubled 90 days ago", Line(curve=c.shifted(90, 0.5)), fault=2),
        _at("level doubled 365 days ago", Line(curve=c.shifted(365, 0.5)), fault=2),
        _at("level halved 90 days ago", Line(curve=c.shifted(90, 2.0)), fault=2),
        _at("catalogue doubled 60 days ago", Line(copies=2), Line(born=60, copies=2), fault=2),
        _at(
            "launched 100 days ago, most of its category", Line(rate=40.0, born=100), Line(rate=2.0, copies=3), fault=2
        ),
        _at("closed 60 days a year ago", Line(curve=c.closed(395, 336)), fault=2),
    ),
)

_ALL_DOUBLING: Final = Company(
    "all of it doubles each year", (_at("all doubling each year", Line(curve=c.growing(2.0)), fault=2),)
)
_ALL_SHIFTED: Final = Company(
    "all of it doubled 90 days ago", (_at("all doubled 90 days ago", Line(curve=c.shifted(90, 0.5)), fault=2),)
)
_CLOSED: Final = Company(
    "a company that closed", (_at("all closed 60 days a year ago", Line(curve=c.closed(395, 336)), fault=2),)
)
_SECOND: Final = Company(
    "a second store",
    (
        _at("first store", Line(copies=15), replicas=2, fault=2),
        _at("second store, opened 60 days ago", Line(copies=15), replicas=2, opened=60, fault=2),
    ),
)

_GRAMS: Final = Company(
    "grams beside pieces",
    (
        _at(
            "20,000 grams a day, July fourfold",
            Line(rate=20_000, noise="weighed", curve=c.month(7, 4.0)),
            fault=3,
            replicas=1,
        ),
        _at("slow pieces beside grams", Line(rate=0.3, copies=3), fault=3),
        _at("fast pieces beside grams", Line(rate=10.0), fault=3),
    ),
)

_DIVERGING: Final = (
    Company(
        "half of the catalogue dead",
        (
            _at("alive beside the dead", Line(rate=3.0, copies=4), fault=4),
            _at("dead for a year", Line(rate=3.0, curve=c.dead(365), copies=4, judged=False)),
        ),
    ),
    Company(
        "20 of 360 without noise",
        (
            _at("alive beside the steady", Line(rate=3.0, copies=11), fault=4),
            _at("perfectly steady", Line(rate=4.0, noise="steady", copies=2), fault=4, replicas=10),
        ),
    ),
)

_WEEKS: Final = tuple(
    Company(
        f"newest week times {factor:g}",
        (_at(f"newest week of all times {factor:g}", Line(rate=5.0, curve=c.newest_week(factor), copies=4), fault=5),),
    )
    for factor in (0.02, 0.5, 1.5, 3.0)
)

_FADING: Final = Company(
    "fading and dead items",
    (
        _at("alive beside fading", Line(rate=5.0)),
        _at("dead for 30 days", Line(rate=5.0, curve=c.dead(30)), fault=6),
        _at("dead for 100 days", Line(rate=5.0, curve=c.dead(100)), fault=6),
        _at("dead for 150 days", Line(rate=5.0, curve=c.dead(150)), fault=6),
        _at("store closed 45 days ago", Line(rate=5.0, curve=c.dead(45), copies=3), fault=6),
        _at("fading by half in 60 days", Line(rate=10.0, curve=c.fading(180, 60.0)), fault=6, mean_within=0.2),
    ),
)

_AMONG: Final = Company("what moves among much that does not", (
    _at("flat among what moves", Line(), Line(rate=5.0), Line(rate=1.0), Line(rate=3.0), Line(rate=20.0), Line(noise="overdispersed")),
    _at("fading among the flat", Line(curve=c.fading(180, 60.0)), fault=6, mean_within=0.3),
    _at("doubling each year among the flat", Line(curve=c.growing(2.0)), fault=2),
    _at("seasonal item among the flat", Line(curve=c.month(7, 3.0)), Line(rate=20.0, copies=4, judged=False), fault=9),
), books=1095)  # fmt: skip
"""Trees learn least of a few SKUs among many others: what they have of their own must come from their own periods."""

_SPREAD: Final = tuple(Line(rate=rate, judged=False, noise="sparse") for rate in (0.05, 0.1, 0.2, 0.5))

_YOUNG: Final = Company("young items", (
    _at("0.1 a day, 10 days old", Line(rate=0.1, noise="sparse", born=10, copies=2), *_SPREAD, fault=7, mean_within=0.5),
    _at("0.1 a day, 25 days old", Line(rate=0.1, noise="sparse", born=25, copies=2), *_SPREAD, fault=7, mean_within=0.3),
    _at("5 a day, 3 days old", Line(rate=5.0, born=3), *(Line(rate=r, judged=False) for r in (3.0, 5.0, 8.0)), fault=7, mean_within=0.2),
    _at("5 a day, 10 days old", Line(rate=5.0, born=10), *(Line(rate=r, judged=False) for r in (3.0, 5.0, 8.0)), fault=7),
    _at("one order of 2 in 120 days", Line(rate=2 / 120, noise="sparse", size=2.0, born=120, copies=4), *_SPREAD, fault=7, mean_within=0.3),
))  # fmt: skip

_YOUNG_WEEKS: Final = Company(
    "young items by the week",
    (
        _at(
            "0.1 a day, 60 days old, by the week",
            Line(rate=0.1, noise="sparse", born=60, copies=2),
            *_SPREAD,
            fault=7,
            mean_within=0.3,
        ),
    ),
    bucket="week",
)


def _july(name: str, as_of: date, books: int = 1095) -> Company:
    return Company(
        name,
        (
            _at(f"July fivefold, {name}", Line(curve=c.month(7, 5.0)), fault=8),
            _at(f"flat beside July, {name}", Line(), fault=8),
        ),
        as_of=as_of,
        books=books,
    )


_JULY: Final = (
    _july("as of 28 June", date(2026, 6, 28)),
    _july("as of 19 July", date(2026, 7, 19)),
    _july("as of 6 September", date(2026, 9, 6)),
)

_SEASONS: Final = Company("sharp and far seasons", (
    _at("flat beside seasons", Line(copies=2)),
    _at("wave of the year", Line(curve=c.wave(0.6, 230)), fault=9),
    _at("wave, lead time of 120 days", Line(curve=c.wave(0.6, 300)), lead_time=120, fault=9),
    _at("wave, lead time of 365 days", Line(curve=c.wave(0.6, 230)), lead_time=365, fault=9),
    _at("seasonal item in a flat category", Line(curve=c.month(7, 3.0)), Line(rate=20.0, copies=4, judged=False), fault=9),
    _at("a week fivefold, just ahead", Line(curve=c.peak(185, 191, 5.0)), fault=9),
    _at("flat, lead time of 365 days", Line(), lead_time=365),
), books=1095)  # fmt: skip

_PLAIN: Final = Company(
    "plain",
    (
        _at("10 a day", Line()),
        _at("20,000 grams a day", Line(rate=20_000, noise="weighed")),
        _at("overdispersed", Line(noise="overdispersed")),
        _at("one piece every ten days", Line(rate=0.1, noise="sparse", copies=3), mean_within=0.12),
        _at("orders of 8, every tenth day", Line(rate=0.8, noise="sparse", size=8.0, copies=3), mean_within=0.12),
        _at("closed on Sundays", Line(curve=c.weekly(1, 1, 1, 1, 1.5, 2, 0))),
        _at("steady", Line(noise="steady")),
    ),
)

FAST: Final = (
    _PLAIN, *_SHORT, _OPENINGS, _GROWTH, _ALL_DOUBLING, _ALL_SHIFTED, _CLOSED, _SECOND, _GRAMS, *_DIVERGING, *_WEEKS, _FADING, _AMONG,
    _YOUNG, _YOUNG_WEEKS, *_JULY, _SEASONS,
)  # fmt: skip
"""Companies whose forecasts are judged from panels, without servers."""
