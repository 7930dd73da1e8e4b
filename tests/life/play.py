"""Days in the life of some companies, one after another, with all that may go wrong; every violation is collected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from pipelines.core.errors import StockproofError
from tests.life import invariants, money, product
from tests.life.company import Company
from tests.life.ledger import Ledger
from tests.life.planner import Planner, orders
from tests.life.truth import Truth, look
from tests.life.ways import Ways

START = date(2026, 5, 4)
REPORTS_EVERY = 5
MOST_STEPS = 12
"""Of a release; killed beyond its last one, it is not killed."""


@dataclass
class Play:
    """The state of a play.

    Attributes:
        companies: those that share the ERP.
        ledger: its tables.
        planner: signs for all of them.
        ways: into the ERP.
        chance: draws kills, reruns and releases.
        seen: orders of ours that the ERP has shown.
        violations: what did not hold, a line each.
    """

    companies: list[Company]
    ledger: Ledger
    planner: Planner
    ways: Ways
    chance: np.random.Generator
    seen: set[str] = field(default_factory=set)
    happened: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def days(self, count: int, adapters: Sequence[str]) -> None:
        """Play days until something does not hold; the way of released orders changes on the way."""
        for number in range(count):
            self.ways.take(adapters[number * len(adapters) // count])
            try:
                self.day(number)
            except StockproofError as fault:
                self.violations.append(f"day {number} stopped: {fault.message}")
            if self.violations:
                return

    def day(self, number: int) -> None:
        """One day: trade, books, run, planner, release; runs are repeated, steps killed."""
        day = START + timedelta(days=number)
        self.ledger.read()
        self.ways.key_in(day)
        for company in self.companies:
            company.trade(day)
            company.change(day)
            company.close(day)
        self.ledger.flush()
        self._run(day, report=number % REPORTS_EVERY == 0, kill=self.chance.random() < 0.2)
        self._check(day, "the run", invariants.position(self._truth(day)))
        if self.chance.random() < 0.2:
            self._unchanged_by_a_rerun(day)
        self.planner.work(day)
        if self.chance.random() < 0.25:
            self._run(day, report=False, kill=False)
            self._check(day, "the run after the planner's work")
        if self.chance.random() < 0.85:
            self._release(day)
            if self.chance.random() < 0.2:
                self._run(day, report=False, kill=False)
                self._check(day, "the run after the release")

    def _run(self, day: date, *, report: bool, kill: bool) -> None:
        killed = str(self.chance.choice(list(product.STEPS))) if kill else ""
        self.happened.append(f"{day} daily run{f', killed in {killed}' if killed else ''}")
        product.daily(day, report=report, killed=killed, after=float(self.chance.uniform(1.0, 8.0)))

    def _unchanged_by_a_rerun(self, day: date) -> None:
        before = orders()
        self._run(day, report=False, kill=False)
        if orders() != before:
            self.violations.append(f"{day}: a run repeated with nothing changed made other orders")

    def _release(self, day: date) -> None:
        self.ways.before_release()
        kill_at = int(self.chance.integers(1, MOST_STEPS)) if self.chance.random() < 0.25 else 0
        self.happened.append(
            f"{day} release by {self.ways.adapter}{f', two at once, one killed at {kill_at}' if kill_at else ''}"
        )
        product.release(day, kill_at)
        truth = self._truth(day)
        self._note(day, "the release", invariants.released(truth, day))
        self._note(day, "the release", [*money.equal(truth, day), *self._always(truth)])

    def _check(self, day: date, when: str, more: Iterable[str] = ()) -> None:
        """What holds after every run."""
        truth = self._truth(day)
        found = [
            *more,
            *invariants.bought_once(truth),
            *invariants.not_forgotten(truth),
            *invariants.may_be_bought(truth),
        ]
        self._note(day, when, [*found, *invariants.ends(truth), *money.equal(truth, day), *self._always(truth)])

    def _always(self, truth: Truth) -> list[str]:
        signed = self.planner.signed
        return [
            *invariants.states(truth),
            *invariants.sent_as_signed(signed, truth),
            *invariants.once(signed, truth, self.ways, self.seen),
        ]

    def _truth(self, day: date) -> Truth:
        return look(day, self.seen)

    def _note(self, day: date, when: str, found: Iterable[str]) -> None:
        self.violations += [f"{day} after {when}: {line}" for line in found]

    def story(self) -> str:
        """What happened, in the order of the days, and what did not hold."""
        acts = [
            *self.happened,
            *self.planner.happened,
            *(line for company in self.companies for line in company.happened),
        ]
        return "\n".join(["", *sorted(acts, key=lambda line: line[:10]), "", *self.violations])
