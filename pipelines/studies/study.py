"""A study: our policy on the past of some SKUs or all of them, against what was really done."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.core.inventory import Floats
from pipelines.core.suggestions import refuse_unknown
from pipelines.replay import calibrate, job, measures, passport, retrained, tables
from pipelines.replay.choose import Phases
from pipelines.replay.replay import BURN_IN, LEAST_DAYS, POLICIES, Played, Timetable, play
from pipelines.settings import Settings
from pipelines.studies import result as study_result
from pipelines.studies import sampling
from pipelines.studies import tables as study_tables

BATCH: Final = 128
"""SKUs replayed between two reports of progress; changes no result."""

READ: Final = 2048
"""SKUs whose rows are held at a time: each batch is cut out of them, so a whole catalogue's would be searched over and over."""

Progress = Callable[[int, int, int], None]
"""Called with the SKUs done, the SKUs in all, and the SKU-days done."""


@dataclass(frozen=True)
class Plan:
    """What a study replays.

    Attributes:
        kind: all SKUs, a stratified sample, or the best sellers.
        size: SKUs of a sample.
        items: these item_ids alone; empty: all.
        days: length, days.
        until: last day; None: the as-of date of the marts.
        since: first day; None: ``days`` before ``until``.
        retrain_days: forecast with boosted trees too, retrained every so many days of the past; None: classical forecasters alone.
    """

    kind: sampling.Kind = "all"
    size: int = 200
    items: Sequence[str] = ()
    days: int = 365
    until: date | None = None
    since: date | None = None
    retrain_days: int | None = None


def run(plan: Plan, tell: Progress | None = None, train: retrained.Progress | None = None) -> dict[str, Any]:
    """Run a study and keep it.

    Args:
        plan: what to replay.
        tell: told of the progress of the replay.
        train: told of the progress of the trainings.

    Returns:
        The result document; ``status`` is ``cancelled`` where somebody cancelled it.

    Raises:
        StockproofError: nothing to replay, an item that is none, or days outside the recorded history.
    """
    config, as_of = settings.load(), study_tables.marts_date()
    days, last = timetable(plan, as_of, config)
    first = last - timedelta(days=days.shown - 1)
    whole = study_tables.catalogue(as_of)
    refuse_unknown(plan.items, whole["item_id"].to_list(), f"marts.dim_sku of {as_of}", "name item_ids the ERP lists")
    named = whole.filter(pl.col("item_id").is_in(list(plan.items))) if plan.items else whole
    chosen = sampling.draw(named, plan.kind, plan.size, config.forecast.seed)
    parameters = {
        "sample": plan.kind, "items": chosen.height, "of": whole.height, "days": days.shown, "retrain_days": plan.retrain_days,
    }  # fmt: skip
    number = study_tables.start(as_of, first, last, parameters)
    try:
        boosted = _boosted(plan.retrain_days, whole, chosen, as_of, last, config, train) if plan.retrain_days else None
        rows, sums, failing = _replay(number, chosen, as_of, last, days, config, tell, boosted)
    except BaseException as fault:
        stopped = isinstance(fault, KeyboardInterrupt)
        study_tables.finish(number, study_tables.CANCELLED if stopped else study_tables.FAILED, str(fault)[:500])
        raise
    head = {
        "simulation_id": number, "status": study_tables.DONE, "start_date": first.isoformat(), "end_date": last.isoformat(),
        "total_items": chosen.height, "total_days": days.shown,
    }  # fmt: skip
    if rows is None or sums is None:
        return head | {"status": study_tables.CANCELLED}
    result = study_result.document(head, rows, _sample(plan, chosen, named, failing), config.forecast.confidence_level)
    study_tables.write(number, rows, sums)
    study_tables.finish(number, study_tables.DONE, result=result)
    return result


def timetable(plan: Plan, as_of: date, config: Settings) -> tuple[Timetable, date]:
    """Days of a study: what lies before it selects the candidate; all of its days report.

    Args:
        plan: the study.
        as_of: date of the marts.
        config: length of the history.

    Returns:
        The timetable, and the last day.

    Raises:
        StockproofError: the days are not in the recorded history.
    """
    last = plan.until or as_of
    shown = (last - plan.since).days + 1 if plan.since else plan.days
    held = config.planning.history_days - (as_of - last).days
    if last > as_of or shown < 1 or shown + LEAST_DAYS > held:
        history = f"the recorded history, {config.planning.history_days} days until {as_of}"
        raise StockproofError(
            f"a study of {shown} days until {last} does not fit into {history}",
            f"at most {max(held - LEAST_DAYS, 0)} days until {min(last, as_of)}; planning.history_days reads more",
        )
    before = max(held - shown - BURN_IN, 0)
    total = before + shown
    return Timetable(shown, Phases(before, before, total), held - total, guards=False), last


def _boosted(
    every: int,
    whole: pl.DataFrame,
    chosen: pl.DataFrame,
    as_of: date,
    last: date,
    config: Settings,
    train: retrained.Progress | None,
) -> Floats:
    """Forecasts of the chosen SKUs at each past review by trees that learn from the whole catalogue, shape (N, P, H)."""
    review = config.planning.review_period_days
    since = as_of - timedelta(days=config.planning.history_days - 1)
    sold = study_tables.sold(as_of, last, since, review)
    longest = float(whole["lead_time_days"].fill_null(0.0).max() or 0.0)  # type: ignore[arg-type]
    horizon = int(np.ceil((1.5 * longest + review) / review))
    told = retrained.means(
        sold,
        horizon,
        max(round(every / review), 1),
        seed=config.forecast.seed,
        tell=train,
    )
    rows = chosen.select(tables.KEY).join(whole.with_row_index("row"), on=tables.KEY, how="left", maintain_order="left")
    mine: Floats = told[rows["row"].to_numpy()]
    return mine


def _replay(
    number: str,
    chosen: pl.DataFrame,
    as_of: date,
    last: date,
    days: Timetable,
    config: Settings,
    tell: Progress | None,
    boosted: Floats | None,
) -> tuple[pl.DataFrame | None, pl.DataFrame | None, pl.DataFrame]:
    """Rows by SKU and sums by day, None where the study was cancelled meanwhile; and the SKUs left out, whose books do not add up."""
    items, sums, failing, done = [], [], [], 0
    for part, wrong in _parts(chosen, as_of, last, config):
        size = part.skus.height
        played = play(part, last, config, days, boosted=None if boosted is None else boosted[done : done + size])
        items += [passport.replays(part, played, last, policy) for policy in POLICIES]
        sums.append(_by_day(played, job.sound(part, wrong)))
        failing.append(wrong)
        done += size
        if not study_tables.progress(number, done / chosen.height):
            return None, None, pl.concat(failing)
        if tell:
            tell(done, chosen.height, done * days.shown)
    known = chosen.select("item_id", "location_id", "weight", "stratum", "category", "supplier_id")
    left_out = pl.concat(failing)
    found = pl.concat(items).drop("as_of").join(left_out, on=tables.KEY, how="anti", maintain_order="left")
    found = found.join(known, on=tables.KEY, how="left", maintain_order="left")
    added = pl.concat(sums).group_by("policy", "day").agg(pl.all().sum()).sort("policy", "day")
    return found, added, left_out


def _parts(
    chosen: pl.DataFrame, as_of: date, last: date, config: Settings
) -> Iterator[tuple[tables.Recorded, pl.DataFrame]]:
    """The chosen SKUs' rows, batch by batch as they stood on the last day, and the SKUs among them whose books do not add up."""
    for first in range(0, chosen.height, READ):
        rows = tables.of_skus(as_of, chosen[first : first + READ], config.planning.history_days)
        rows = tables.until(rows, last) if last < as_of else rows
        for low in range(0, rows.skus.height, BATCH):
            part = tables.part(rows, low, low + BATCH)
            yield part, calibrate.kinds(calibrate.mismatches(part.stock, part.demand, part.receipts))


def _by_day(played: Played, books: npt.NDArray[np.bool_]) -> pl.DataFrame:
    """Sums over the SKUs of each policy whose books add up."""
    days = replace(played.days, warmup=played.timetable.phases.judged)
    frames = [
        measures.by_day(
            policy,
            played.outcomes[policy],
            played.rates.unit_cost,
            days,
            played.window.first,
            played.present[policy] & books,
        )
        for policy in POLICIES
    ]
    return pl.concat(frames)


def _sample(plan: Plan, chosen: pl.DataFrame, named: pl.DataFrame, failing: pl.DataFrame) -> dict[str, Any]:
    notes = {
        "all": "every SKU",
        "stratified": "a random sample by demand class and ABC class; catalogue_estimate speaks for the whole, with an interval",
        "top": "the best sellers: a biased sample that says nothing of the rest of the catalogue",
    }
    return {
        "kind": plan.kind, "items": chosen.height, "of": named.height, "biased": plan.kind == "top", "note": notes[plan.kind],
        "books_fail": failing.height,
        "books_fail_first": failing.sort("location_id", "item_id").select(*tables.KEY, "kind").head(study_result.TOP).to_dicts(),
    }  # fmt: skip
