"""Play the recorded, the incumbent and our policy on the recorded window of some SKUs, and choose between the last two."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property, partial
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.inventory import Floats, largest_line, least_order
from pipelines.engine.engine import Arrivals, Levels, ReplayOutcome, Span, problem, simulate
from pipelines.engine.kernel import Ints
from pipelines.ordering.rules import EXPECTED_COST
from pipelines.replay import expected_cost_replay
from pipelines.replay.audit import Service, service
from pipelines.replay.candidates import DEFAULT, Candidate, Known, of
from pipelines.replay.censored import imputed
from pipelines.replay.choose import Certainty, Choice, Phases, Selected, by_phase, daily_cost, guarded, select
from pipelines.replay.measures import Days, Rates, recorded
from pipelines.replay.policies import PolicyTerms, incumbent_levels, known, review_columns
from pipelines.replay.tables import Recorded
from pipelines.replay.window import ReplayWindow, pipeline_at_start, positions, window, with_calendars
from pipelines.settings import Settings

POLICIES: Final = ("recorded", "incumbent", "candidate")

LEAST_DAYS: Final = 28
"""Stock counts that cover fewer days are no history: the replay then starts full instead of from the books."""

BURN_IN: Final = 120
"""Days of history before the first simulated one: two half-lives of the forecasters."""


@dataclass(frozen=True)
class Timetable:
    """Which days of the history do what.

    Attributes:
        shown: last so many days are the replay that is drawn.
        phases: days that select, guard and report, counted from the first simulated one.
        run_up: days of history before it.
        guards: the guard decides; else ours is reported, whatever it costs.
    """

    shown: int
    phases: Phases
    run_up: int
    guards: bool = True


@dataclass(frozen=True)
class Played:
    """The replays of N SKUs.

    Attributes:
        window: what was recorded.
        timetable: which days did what.
        days: which days the totals count: those that report.
        rates: cost rates.
        outcomes: by policy, all N SKUs each; ``candidate`` is what the run applies: ours, or the ERP's where the guard kept it.
        bounds: the simulated ones again, on imputed demand.
        present: by policy, the SKUs it could be played for, shape (N,).
        selected: our candidate, and what each would have cost.
        guard, auditor: compute :attr:`choice` and :attr:`audit`, at the first use: a study has neither.
    """

    window: ReplayWindow
    timetable: Timetable
    days: Days
    rates: Rates
    outcomes: dict[str, ReplayOutcome]
    bounds: dict[str, ReplayOutcome]
    present: dict[str, npt.NDArray[np.bool_]]
    selected: Selected
    guard: Callable[[], Choice]
    auditor: Callable[[], Service]

    @cached_property
    def choice(self) -> Choice:
        """Whether our candidate replaces the ERP's rule."""
        return self.guard()

    @cached_property
    def audit(self) -> Service:
        """Achieved service."""
        return self.auditor()


def timetable(config: Settings) -> Timetable:
    """Days of the daily run: the last ``judged_days`` report, the rest of the replay guards, what lies before selects."""
    shown = config.replay.days
    before = max(config.planning.history_days - shown - BURN_IN, 0)
    total = before + shown
    judged = total - min(config.replay.judged_days, shown)
    judged = max(judged, min(before + config.replay.warmup_days, total - 1))
    return Timetable(shown, Phases(before, judged, total), max(config.planning.history_days - total, 1))


def play(
    rows: Recorded,
    as_of: date,
    config: Settings,
    days: Timetable,
    books: npt.NDArray[np.bool_] | None = None,
    boosted: Floats | None = None,
    *,
    policy: str | None = None,
    late: Ints | None = None,
) -> Played:
    """Replay the policies on the same demand, from the same stock, with the same lead times; choose; audit.

    Args:
        rows: the marts' rows of the SKUs.
        as_of: last day.
        config: review period, service target, limits, confidence, seed.
        days: see :func:`timetable`.
        books: the SKU's books add up, shape (N,); default: all.
        boosted: forecasts of trees retrained on the way, shape (N, P, H); None: classical forecasters alone.
        policy: ``candidate`` follows this rule alone; None: the one selected on earlier days.
        late: days that an order takes longer than the record shows, by the day it is placed, shape (N, T).

    Returns:
        The replays.
    """
    skus, phases = rows.skus, days.phases
    recorded_rows = (rows.demand, rows.stock, rows.receipts, rows.open_orders)
    w = window(skus, *recorded_rows, as_of, days=phases.total, run_up=days.run_up)
    w = with_calendars(w, skus, rows.calendars)
    if late is not None:
        w = replace(w, lead_time=w.lead_time + late)
    counts, counted = _days(skus, w, phases.judged)
    rates = Rates(
        *(_column(skus, name) for name in ("unit_cost", "holding_cost_per_day", "shortage_cost", "ordering_cost"))
    )
    agreed, minimum, maximum = (_column(skus, name) for name in ("lead_time_days", "reorder_point", "order_up_to"))
    terms = PolicyTerms(
        rates.ordering_cost, rates.holding_cost_per_day, rates.shortage_cost, agreed,
        config.costs.service_target, config.planning.review_period_days,
    )  # fmt: skip
    facts = known(w, terms, boosted)
    on_hand = _start(w, counts, counted, maximum, facts)
    due = pipeline_at_start(w, counts.start, config.purchase.late_days)
    present = _present(counts, counted, agreed, minimum, maximum)
    run = _player(skus, w, counts, on_hand, due[0], config)
    column = review_columns(phases.total, terms.review_period_days)
    sure = Certainty(config.forecast.confidence_level, config.forecast.seed)
    full = imputed(w.demand, w.stockout, _on_sale(w, counts))[:, w.run_up :]
    replays = [partial(run, asked) for asked in (w.asked, full)]
    offered = candidates_of(facts, policy)
    selected = select(facts, column, (minimum, maximum), replays[0], rates, counts.start, phases, sure, offered)
    expected_terms = _expected_terms(skus, w.whole, counts, config, allowed=policy in (None, EXPECTED_COST))
    selected, *ours = _with_expected_cost(selected, facts, expected_terms, w.lead_time, due, rates, phases, replays)
    theirs = incumbent_levels(minimum, maximum, phases.total)
    outcomes, bounds = (
        {"incumbent": replay(theirs), "candidate": replay(levels)} for levels, replay in zip(ours, replays, strict=True)
    )
    saving = daily_cost(outcomes["incumbent"], rates) - daily_cost(outcomes["candidate"], rates)
    sound = np.ones(skus.height, dtype=bool) if books is None else books
    guard = partial(guarded, saving, counts.start, phases, present, sound, selected.picked, sure)
    span = counts.start, counts.end
    auditor = partial(service, w, facts, selected.forecasters, full, span, phases.total - days.shown)
    outcomes["recorded"] = recorded(w, counts)
    played = Played(w, days, counts, rates, outcomes, bounds, present, selected, guard, auditor)
    if days.guards:
        for sides in (outcomes, bounds):
            sides["candidate"] = mixed(played.choice.kept, sides["incumbent"], sides["candidate"])
    return played


def candidates_of(facts: Known, policy: str | None) -> tuple[Candidate, ...]:
    """The candidates to select from: all of them, or those of one rule; of ``expected_cost`` the default, where it does not apply."""
    offered = of(facts)
    if policy is None:
        return offered
    return tuple(each for each in offered if each.policy == policy) or (offered[DEFAULT],)


def _expected_terms(
    skus: pl.DataFrame, whole: npt.NDArray[np.bool_], days: Days, config: Settings, *, allowed: bool
) -> expected_cost_replay.ReviewTerms:
    """Terms of the SKUs that may order at every review; none may where the rows do not say."""
    yes = {
        name: skus[name].fill_null(value=False).to_numpy()
        if name in skus.columns
        else np.zeros(skus.height, dtype=bool)
        for name in ("every_review", "has_own_costs")
    }
    agreed, pack, least = (_column(skus, name) for name in ("lead_time_days", "pack_size", "min_order_qty"))
    return expected_cost_replay.ReviewTerms(
        yes["every_review"] & ~np.isnan(agreed) & allowed, yes["has_own_costs"], np.nan_to_num(pack),
        least_order(np.nan_to_num(least), whole, config.purchase.min_quantity), _column(skus, "reorder_point"),
        _column(skus, "order_up_to"),
        days.start, days.end, config.forecast.seed,
    )  # fmt: skip


def _with_expected_cost(
    selected: Selected,
    facts: Known,
    terms: expected_cost_replay.ReviewTerms,
    lead_time: Ints,
    due: tuple[Arrivals, Ints],
    rates: Rates,
    phases: Phases,
    replays: Sequence[Callable[[Levels], ReplayOutcome]],
) -> tuple[Selected, Levels, Levels]:
    """SKUs that may order at every review do so by expected cost: justified by the cost model, not by backtest results.

    Returns:
        The selection, and its levels on the demand that was seen and on the imputed one, as the two ``replays`` play them.
    """
    if not terms.chosen.any():
        return selected, selected.levels, selected.levels
    column = selected.levels.review_column
    seen, hidden = (expected_cost_replay.levels(facts, column, terms, lead_time, *due, replay) for replay in replays)
    costs = by_phase(daily_cost(replays[0](seen), rates), terms.first_day, phases)
    unnamed = np.full(terms.chosen.size, np.nan)
    ours, other = (
        selected.instead(terms.chosen, expected_cost_replay.candidate(facts), each, unnamed, costs)
        for each in (seen, hidden)
    )
    return ours, ours.levels, other.levels


def mixed(first: npt.NDArray[np.bool_], one: ReplayOutcome, other: ReplayOutcome) -> ReplayOutcome:
    """SKU by SKU the one outcome or the other.

    Args:
        first: take ``one``, shape (N,).
        one: an outcome.
        other: another of the same SKUs.

    Returns:
        The outcome of the mixture.
    """
    values = {f.name: np.where(first, getattr(one, f.name), getattr(other, f.name)) for f in fields(ReplayOutcome)[:-1]}
    return replace(one, **values, trace=np.where(first[None, :, None], one.trace, other.trace))


def _column(skus: pl.DataFrame, name: str) -> Floats:
    values: Floats = skus[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return values


def _present(
    days: Days, counted: npt.NDArray[np.bool_], agreed: Floats, minimum: Floats, maximum: Floats
) -> dict[str, npt.NDArray[np.bool_]]:
    some = days.total > days.first
    replayable, has_rule = some & ~np.isnan(agreed), ~np.isnan(minimum) & ~np.isnan(maximum)
    return {"recorded": counted & some, "incumbent": replayable & has_rule, "candidate": replayable}


def _start(w: ReplayWindow, days: Days, counted: npt.NDArray[np.bool_], maximum: Floats, facts: Known) -> Floats:
    """Stock on the eve, whatever the policy: the recorded count; without counts the ERP's maximum, else our order-up-to level."""
    full = of(facts)[DEFAULT].levels(facts).order_up_to[:, 0]
    count = np.take_along_axis(w.stock, days.start[:, None], axis=1)[:, 0]
    return np.nan_to_num(np.where(counted, count, np.where(np.isnan(maximum), full, maximum)))


def _days(skus: pl.DataFrame, w: ReplayWindow, judged: int) -> tuple[Days, npt.NDArray[np.bool_]]:
    """A SKU starts on the day after its first stock count, or on its first known day where stock was not counted."""
    seen = ~np.isnan(w.stock)
    first_count = np.where(seen.any(axis=1), seen.argmax(axis=1), w.days + 1)
    counted = first_count <= w.days - LEAST_DAYS
    start = np.where(counted, first_count, np.clip(w.known_from - w.run_up, 0, w.days)).astype(np.int64)
    gone = skus["discontinued_on"].is_not_null().to_numpy()
    end = positions(skus["discontinued_on"].fill_null(w.first), w.first)
    asked = np.any(w.demand > 0, axis=1)
    return Days(start, np.where(gone, np.clip(end, 0, w.days), w.days), w.days, judged, asked), counted


def _on_sale(w: ReplayWindow, days: Days) -> npt.NDArray[np.bool_]:
    """Days from the first known one to the SKU's end: an empty shelf outside them hides no demand, shape (N, H + T)."""
    at = np.arange(w.demand.shape[1])
    return (at >= w.known_from[:, None]) & (at < w.run_up + days.end[:, None])


def _player(
    skus: pl.DataFrame, w: ReplayWindow, days: Days, on_hand: Floats, due: Arrivals, config: Settings
) -> Callable[[Floats, Levels], ReplayOutcome]:
    """What replays levels over a demand, from the one stock and pipeline, with the SKUs' limits and lead times."""
    limits = (
        np.nan_to_num(_column(skus, "pack_size")),
        least_order(np.nan_to_num(_column(skus, "min_order_qty")), w.whole, config.purchase.min_quantity),
        largest_line(config.purchase.max_quantity, w.demand.mean(axis=1)),
    )
    span = Span(days.end, days.start, days.warmup)

    def run(demand: Floats, levels: Levels) -> ReplayOutcome:
        arrays = problem(demand, on_hand, levels, w.lead_time, limits=limits, arrivals=due, usable=w.usable, span=span)
        played = simulate(
            arrays, backorders=config.planning.unmet_demand == "backorder", threads=config.forecast.threads, trace=True
        )
        return replace(played, stockout_days=np.where(days.asked, played.stockout_days, 0.0))

    return run
