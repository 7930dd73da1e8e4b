"""The choice of a policy for each SKU: by replayed cost on earlier days, let through by the guard, reported on later ones.

The cheapest of a dozen candidates on one SKU's own days is mostly the luckiest: taken everywhere it cost more later than any one
candidate kept throughout. So the default stays unless the paired interval of another's saving excludes zero, as with the ERP's rule.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats
from pipelines.engine.engine import Levels, ReplayOutcome
from pipelines.engine.kernel import Ints
from pipelines.replay.candidates import DEFAULT, Candidate, Known, of
from pipelines.replay.guard import saving_interval, switches
from pipelines.replay.measures import Rates

PROVEN, NOT_PROVEN, BOOKS, NO_INCUMBENT, NOT_REPLAYED = "proven", "not_proven", "books", "no_incumbent", "not_replayed"
"""Why a policy is what it is: the guard let ours through; it did not; the books do not add up, so nothing can be proven; the ERP
has no rule to keep; the SKU could not be replayed."""


@dataclass(frozen=True)
class Phases:
    """Days of the simulated window: [0, guard) selects, [guard, judged) guards, [judged, total) reports.

    Attributes:
        guard: first day of the guard.
        judged: first day that is reported.
        total: days in all.
    """

    guard: int
    judged: int
    total: int


@dataclass(frozen=True)
class Selected:
    """The candidate of each SKU.

    Attributes:
        candidates: K of them, as they were offered.
        number: its place among them, shape (N,).
        levels: its levels.
        service: quantile its newest reorder level stands for, NaN where it names none, shape (N,).
        costs: money of each candidate in the three phases, NaN where it was not offered, shape (K, 3, N).
        picked: it was picked for what it saved, shape (N,).
    """

    candidates: tuple[Candidate, ...]
    number: Ints
    levels: Levels
    service: Floats
    costs: Floats
    picked: npt.NDArray[np.bool_]

    @property
    def forecasters(self) -> npt.NDArray[np.str_]:
        """Of each SKU's candidate, shape (N,)."""
        return np.array([candidate.forecaster for candidate in self.candidates])[self.number]

    def instead(
        self, which: npt.NDArray[np.bool_], candidate: Candidate, levels: Levels, service: Floats, costs: Floats
    ) -> "Selected":
        """The selection with another candidate for some SKUs, whatever the others cost.

        Args:
            which: those SKUs, shape (N,).
            candidate: theirs.
            levels: its levels, of all SKUs.
            service: quantile it stands for, shape (N,).
            costs: money in the three phases, shape (3, N).
        """
        old, row = self.levels, which[:, None]
        return Selected(
            (*self.candidates, candidate),
            np.where(which, len(self.candidates), self.number),
            replace(
                old,
                reorder=np.where(row, levels.reorder, old.reorder),
                order_up_to=np.where(row, levels.order_up_to, old.order_up_to),
                batches=old.batches & ~which,
            ),
            np.where(which, service, self.service),
            np.concatenate([self.costs, np.where(which, costs, np.nan)[None]]),
            self.picked & ~which,
        )


@dataclass(frozen=True)
class Certainty:
    """How sure a choice must be.

    Attributes:
        confidence: of the intervals.
        seed: of their bootstrap.
    """

    confidence: float
    seed: int


@dataclass(frozen=True)
class Choice:
    """Whether ours replaces the ERP's rule.

    Attributes:
        basis: why, shape (N,).
        kept: the ERP's rule stays, shape (N,).
        saving: mean of the guard's days, money a day, NaN without an incumbent; likewise the ends of its interval, low and high.
        days: days the guard saw, shape (N,).
    """

    basis: npt.NDArray[np.str_]
    kept: npt.NDArray[np.bool_]
    saving: Floats
    low: Floats
    high: Floats
    days: Ints


def daily_cost(outcome: ReplayOutcome, rates: Rates) -> Floats:
    """Holding, shortage and ordering cost by day, money, shape (N, T)."""
    stock, _, short, ordered = outcome.trace
    holding = np.maximum(stock, 0.0) * np.nan_to_num(rates.holding_cost_per_day)[:, None]
    shortage = short * np.nan_to_num(rates.shortage_cost)[:, None]
    cost: Floats = holding + shortage + (ordered > 0) * np.nan_to_num(rates.ordering_cost)[:, None]
    return cost


def select(  # noqa: PLR0913, PLR0917 a selection is over all of these
    known: Known,
    column: Ints,
    erp: tuple[Floats, Floats],
    simulated: Callable[[Levels], ReplayOutcome],
    rates: Rates,
    start: Ints,
    phases: Phases,
    sure: Certainty,
    offered: tuple[Candidate, ...] = (),
) -> Selected:
    """Replay every candidate; a SKU leaves the default for the one that surely saved most on the days that select.

    Args:
        known: what was known; its column 0 is the day before the window.
        column: day → review, −1 without, shape (T,).
        erp: minimum and maximum, which stand in until demand was seen, shape (N,) each.
        simulated: replays levels over the window, with its trace.
        rates: cost rates.
        start: first day of each SKU, shape (N,).
        phases: which days select.
        sure: confidence and seed.
        offered: candidates, the default first; empty: all that what was known allows.

    Returns:
        The selection.
    """
    offered = offered or of(known)
    skus, reviews = known.variance.shape[0], known.variance.shape[1] - 1
    number, best = np.full(skus, DEFAULT), np.zeros(skus)
    reorder, upper, default = np.empty((skus, reviews)), np.empty((skus, reviews)), np.empty(0)
    batches, service, costs = np.zeros(skus, dtype=bool), np.full(skus, np.nan), np.zeros((len(offered), 3, skus))
    for k, candidate in enumerate(offered):
        rule = candidate.levels(known)
        low, high = erp[0], np.maximum(erp[1] - erp[0], 1.0) if rule.batches else erp[1]
        levels = Levels(column, _or(rule.reorder[:, 1:], low), _or(rule.order_up_to[:, 1:], high), rule.batches)
        cost = daily_cost(simulated(levels), rates)
        costs[k] = by_phase(cost, start, phases)
        if k == DEFAULT:
            better, default = np.ones(skus, dtype=bool), cost
        else:
            saving, first = (default - cost)[:, : phases.guard], np.minimum(start, phases.guard)
            better = _surely(saving, first, best, sure, len(offered) - 1)
        number[better] = k
        reorder[better], upper[better], batches[better] = (
            levels.reorder[better],
            levels.order_up_to[better],
            rule.batches,
        )
        service[better] = rule.level[better, -1]
    return Selected(offered, number, Levels(column, reorder, upper, batches), service, costs, number != DEFAULT)


def _surely(saving: Floats, first: Ints, best: Floats, sure: Certainty, others: int) -> npt.NDArray[np.bool_]:
    """SKUs for which a candidate saves more than the best so far, and surely something; raises ``best`` there."""
    total = np.where(np.arange(saving.shape[1]) >= first[:, None], saving, 0.0).sum(axis=1)
    rows = np.flatnonzero(total > best)
    # One of so many candidates seems to save by chance, so the interval of each is wider (Bonferroni).
    confidence = 1.0 - (1.0 - sure.confidence) / others
    _, low, _ = saving_interval(saving[rows], confidence, sure.seed, first=first[rows])
    better = np.zeros(first.size, dtype=bool)
    better[rows[switches(low)]] = True
    best[better] = total[better]
    return better


def by_phase(cost: Floats, start: Ints, phases: Phases) -> Floats:
    """Money of the days that select, guard and report, shape (3, N)."""
    counts = np.arange(phases.total) >= start[:, None]
    ends = ((0, phases.guard), (phases.guard, phases.judged), (phases.judged, phases.total))
    return np.stack([np.where(counts, cost, 0.0)[:, low:high].sum(axis=1) for low, high in ends])


def _or(levels: Floats, fallback: Floats) -> Floats:
    """Until demand was seen, the ERP's own rule stands."""
    return np.where(np.isnan(levels), fallback[:, None], levels)


def guarded(
    saving: Floats,
    start: Ints,
    phases: Phases,
    present: dict[str, npt.NDArray[np.bool_]],
    books: npt.NDArray[np.bool_],
    picked: npt.NDArray[np.bool_],
    sure: Certainty,
) -> Choice:
    """Keep the ERP's rule where the days before those that report do not prove a saving.

    A candidate that was picked is judged on the guard's days alone; one that nothing picked on those before as well.

    Args:
        saving: cost of the incumbent minus that of the selected candidate by day, shape (N, T).
        start: first day of each SKU, shape (N,).
        phases: which days guard.
        present: which SKUs were replayed under ``incumbent`` and ``candidate``.
        books: the SKU's books add up, shape (N,).
        picked: the days that select picked the candidate; else it is the one a SKU starts with, shape (N,).
        sure: confidence and seed.

    Returns:
        The choice.
    """
    since = np.minimum(np.where(picked, np.maximum(start, phases.guard), start), phases.judged)
    mean, low, high = saving_interval(saving[:, : phases.judged], sure.confidence, sure.seed, first=since)
    compared = present["incumbent"] & present["candidate"]
    basis = np.select(
        [~present["candidate"], ~present["incumbent"], ~books, switches(low)],
        [NOT_REPLAYED, NO_INCUMBENT, BOOKS, PROVEN],
        NOT_PROVEN,
    )
    kept = np.isin(basis, (BOOKS, NOT_PROVEN))
    nothing = np.where(compared, 0.0, np.nan)
    days = np.where(compared, phases.judged - since, 0).astype(np.int64)
    return Choice(basis, kept, mean + nothing, low + nothing, high + nothing, days)
