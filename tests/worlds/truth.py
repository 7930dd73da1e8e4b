"""A company's true demand: what was asked for, what was sold, and what will be asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final

import numpy as np

from pipelines.core.seeds import generator
from tests.worlds.company import Array, Calendar, Company, Line, Situation

AHEAD: Final = 400
"""Days of true means after the as-of date: a lead time of a year and a review period."""

PATHS: Final = 400
"""Futures drawn of each SKU."""

DISPERSION: Final = 0.5
VARIATION: Final = 0.3


@dataclass(frozen=True)
class Sku:
    """One line of one replica."""

    item: str
    place: str
    category: str
    line: Line
    situation: Situation
    replica: int

    @property
    def key(self) -> tuple[str, str]:
        """(location, item)."""
        return self.place, self.item


@dataclass(frozen=True)
class Truth:
    """A company drawn.

    Attributes:
        company: what it was drawn from.
        skus: n SKUs, ordered by place, then item.
        mean: [n, books + AHEAD] expected demand of each day; 0 where the place or the item did not exist.
        demand: [n, books] what was asked for, the newest day last.
        empty: [n, books] the shelf was empty.
    """

    company: Company
    skus: tuple[Sku, ...]
    mean: Array
    demand: Array
    empty: Array

    @cached_property
    def sales(self) -> Array:
        """[n, books] what the books hold: half of what was asked for on the day that the shelf empties, nothing until it is filled."""
        booked = np.array([sku.situation.shelf.demand_booked for sku in self.skus])[:, None]
        sold = np.where(self.empty, 0.0, np.where(self.runs_out, np.floor(self.demand / 2), self.demand))
        return np.where(booked, self.demand, sold)

    @cached_property
    def runs_out(self) -> Array:
        """[n, books] the shelf closes empty, and was not before."""
        return np.asarray(~self.empty & np.pad(self.empty, ((0, 0), (0, 1)))[:, 1:])

    @cached_property
    def opened(self) -> Array:
        """[n] position of the first day of each place's books."""
        return np.array([_opened(self.company, sku.situation) for sku in self.skus])

    @property
    def days(self) -> list[date]:
        """The days of the books, oldest first."""
        first = self.company.as_of - timedelta(days=self.company.books - 1)
        return [first + timedelta(days=n) for n in range(self.company.books)]

    @cached_property
    def future(self) -> Array:
        """[n, AHEAD] expected demand of each coming day."""
        return self.mean[:, self.company.books :]

    def expected(self, first: int, last: int) -> Array:
        """[n] expected demand of days ``first`` … ``last`` from tomorrow (1), both included."""
        return np.asarray(self.future[:, first - 1 : last].sum(axis=1))

    def paths(self, rows: Array, days: int) -> Array:
        """[m, PATHS, days] futures of some SKUs, the same at each call."""
        out = np.empty((rows.size, PATHS, days))
        for at, row in enumerate(rows.tolist()):
            sku = self.skus[row]
            random = generator(7, "worlds", self.company.name, *sku.key, "future")
            out[at] = drawn(random, np.broadcast_to(self.future[row, :days], (PATHS, days)), sku.line)
        return out

    def of(self, situation: Situation) -> Array:
        """Positions of the judged SKUs of a situation."""
        judged = [n for n, sku in enumerate(self.skus) if sku.situation.name == situation.name and sku.line.judged]
        return np.array(judged, dtype=np.int64)


def draw(company: Company) -> Truth:
    """The company, the same at each call."""
    skus = tuple(sorted(_skus(company), key=lambda sku: sku.key))
    calendar = calendar_of(company)
    mean = np.empty((len(skus), company.books + AHEAD))
    demand, empty = np.empty((len(skus), company.books)), np.zeros((len(skus), company.books), dtype=bool)
    for row, sku in enumerate(skus):
        random = generator(7, "worlds", company.name, *sku.key)
        mean[row] = sku.line.rate * sku.line.curve(calendar)
        begins = _opened(company, sku.situation)
        if sku.line.born is not None:
            begins = max(begins, company.books - sku.line.born)
        mean[row, : max(begins, 0)] = 0.0
        demand[row] = drawn(random, mean[row, : company.books], sku.line)
        empty[row] = _empty(random, company.books, sku.situation)
    return Truth(company, skus, mean, demand, empty)


def calendar_of(company: Company) -> Calendar:
    """The days of a company's books and of its future."""
    offsets = np.arange(1 - company.books, AHEAD + 1)
    dates = [company.as_of + timedelta(days=int(n)) for n in offsets]
    of_year = np.array([day.timetuple().tm_yday for day in dates])
    return Calendar(offsets, of_year, np.array([day.weekday() for day in dates]))


def drawn(random: np.random.Generator, mean: Array, line: Line) -> Array:
    """Demand of a line around its mean, of the same shape."""
    if line.noise == "steady":
        return np.round(mean)
    if line.noise == "overdispersed":
        return random.poisson(mean * random.gamma(1 / DISPERSION, DISPERSION, mean.shape)).astype(float)
    if line.noise == "sparse":
        asked = random.random(mean.shape) < np.minimum(mean / line.size, 1.0)
        return np.asarray(asked * (1.0 + random.poisson(line.size - 1.0, mean.shape)))
    if line.noise == "weighed":
        return np.round(mean * random.gamma(VARIATION**-2, VARIATION**2, mean.shape))
    return random.poisson(mean).astype(float)


def _skus(company: Company) -> Iterator[Sku]:
    for number, situation in enumerate(company.situations):
        for replica in range(situation.replicas):
            place, item = f"S{number:02d}-{replica:02d}", 0
            for line in situation.lines:
                for _ in range(line.copies):
                    yield Sku(f"{place}-{item:04d}", place, f"{place}-{line.category}", line, situation, replica)
                    item += 1


def _opened(company: Company, situation: Situation) -> int:
    return 0 if situation.opened is None else max(company.books - situation.opened, 0)


def _empty(random: np.random.Generator, days: int, situation: Situation) -> Array:
    """[days] spells of an empty shelf: a Markov chain of the share and mean length asked for, never empty at the end."""
    shelf = situation.shelf
    out = np.zeros(days, dtype=bool)
    if shelf.empty <= 0:
        return out
    ends, starts = 1 / shelf.spell, shelf.empty / (1 - shelf.empty) / shelf.spell
    chance, now = random.random(days), False
    for day in range(days):
        now = chance[day] >= ends if now else chance[day] < starts
        out[day] = now
    out[-1] = False
    return out
