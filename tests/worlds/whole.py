"""Companies that are played through the whole product: those of the fast part, and what only books, costs and clocks bring about."""

from dataclasses import replace
from typing import Final

from tests.worlds import curves as c
from tests.worlds.company import Company, Line, Shelf, Situation
from tests.worlds.situations import FAST

_QUARTER: Final = Shelf(empty=0.25, spell=5.0)


def _shelf(name: str, shelf: Shelf, fault: int = 0, line: Line = Line(rate=5.0), **others: object) -> Situation:  # noqa: B008
    return Situation(name, (line,), shelf=shelf, fault=fault, **others)  # type: ignore[arg-type]


_SHELVES: Final = Company("shelves", (
    _shelf("never empty, counted daily", Shelf(counted="daily")),
    _shelf("empty a quarter, counted daily", replace(_QUARTER, counted="daily")),
    _shelf("empty a quarter, counted monthly", replace(_QUARTER, counted="monthly"), fault=12),
    _shelf("empty a quarter, counted never", replace(_QUARTER, counted="never"), fault=12),
    _shelf("empty a tenth, nothing counted but zeros", Shelf(empty=0.1, spell=1.0, counted="zeros"), fault=10),
    _shelf("slow, empty a tenth, nothing counted but zeros", Shelf(empty=0.1, spell=1.0, counted="zeros"), 10, Line(rate=0.3, copies=3)),
    _shelf("dead for 100 days, nothing counted but zeros", Shelf(empty=0.03, spell=1.0, counted="zeros"), 10,
           Line(rate=5.0, curve=c.dead(100))),
))  # fmt: skip

_ASKED: Final = Company("books of demand", (
    _shelf("demand booked, empty a quarter, counted daily", replace(_QUARTER, counted="daily", demand_booked=True), fault=10),
    _shelf("slow demand booked, empty a quarter", replace(_QUARTER, counted="daily", demand_booked=True), 10, Line(rate=0.3, copies=3)),
))  # fmt: skip


def _clock(name: str, **others: object) -> Company:
    lines = (Line(), Line(rate=0.3, noise="sparse"), Line(noise="overdispersed"))
    kinds = ("10 a day", "three in ten days", "overdispersed")
    found = tuple(Situation(f"{kind}, {name}", (line,)) for kind, line in zip(kinds, lines, strict=True))
    return Company(name, found, **others)  # type: ignore[arg-type]


_CLOCKS: Final = (
    _clock("review each day", review=1),
    _clock("review each month", review=30),
    _clock("service target 0.8", target=0.8),
    _clock("service target 0.99", target=0.99),
    _clock("backorders", unmet="backorder"),
    _clock("orders that cost 50", ordering_cost=50.0),
    Company("one SKU", (Situation("one SKU alone", replicas=1),)),
    Company("ten thousand SKUs", (Situation("one of ten thousand", (Line(rate=1.0, copies=333),)),), books=400),
)


_BY_NAME: Final = {company.name: company for company in FAST}

_MIXED: Final = (
    "plain",
    "openings",
    "growth",
    "grams beside pieces",
    "fading and dead items",
    "young items",
    "sharp and far seasons",
)

_MANY: Final = Company(
    "many situations",
    (*(one for name in _MIXED for one in _BY_NAME[name].situations), *_SHELVES.situations),
    books=1095,
)
"""One load of what does not have to have a company of its own."""

_TRAINED: Final = replace(
    _MANY,
    name="many situations, trained",
    trained=True,
    situations=tuple(replace(one, name=f"{one.name}, trained") for one in _MANY.situations),
)

_PANELS_ALONE: Final = (
    "books of 120 days",
    "books of 270 days",
    "books of 450 days",
    "books of 640 days",
    "newest week times 0.5",
    "newest week times 1.5",
    "all of it doubled 90 days ago",
    "as of 28 June",
    "what moves among much that does not",
)
"""Companies that say nothing more through the product than by their panels: a load costs a minute."""

_OWN: Final = tuple(one for one in FAST if one.name not in (*_MIXED, *_PANELS_ALONE))

WHOLE: Final = (_MANY, *_OWN, _ASKED, *_CLOCKS, _TRAINED)
"""Every company that is loaded."""
