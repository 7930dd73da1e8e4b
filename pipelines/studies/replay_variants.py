"""Replay some SKUs under every variant of a question, and the rows that are kept of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.ordering.rules import DEFAULT, MIN_MAX
from pipelines.replay import calibrate, job, measures, passport
from pipelines.replay import tables as replay_tables
from pipelines.replay.replay import Played, Timetable, play
from pipelines.replay.tables import KEY, Recorded
from pipelines.settings import Settings
from pipelines.studies import apply
from pipelines.studies.question import LEVELS, OURS, Change, Question, Variant, change_of, variants

BATCH: Final = 256
"""SKUs replayed between two looks at whether the study was cancelled; changes no result."""

READ: Final = 2048
"""SKUs whose rows are held at a time."""

RECORDED, INCUMBENT, CANDIDATE = "recorded", "incumbent", "candidate"


@dataclass(frozen=True)
class Setting:
    """What all SKUs of a study share.

    Attributes:
        question: of the study.
        as_of: date of the marts.
        last: last day of the study; first: its first.
        days: which days select and report.
        config: the configuration.
    """

    question: Question
    as_of: date
    first: date
    last: date
    days: Timetable
    config: Settings


@dataclass(frozen=True)
class Rows:
    """What is kept of some SKUs: rows of plan.study_items, of plan.study_days, and the SKUs whose books do not add up."""

    items: pl.DataFrame
    days: pl.DataFrame
    failing: pl.DataFrame


def replayed(of: Setting, chosen: pl.DataFrame, boosted: Floats | None, go_on: Callable[[int], bool]) -> Rows | None:
    """Replay the chosen SKUs.

    Args:
        of: what they share.
        chosen: SKUs with ``weight, stratum, category, supplier_id, demand_class, abc_class, unit_price``.
        boosted: forecasts of retrained trees, shape (N, P, H).
        go_on: called with the SKUs done after each batch; False: the study was cancelled.

    Returns:
        The rows; None where it was cancelled.
    """
    items, sums, failing, done = [], [], [], 0
    for part, wrong in _parts(chosen, of):
        size = part.skus.height
        trees = None if boosted is None else boosted[done : done + size]
        books = job.sound(part, wrong)
        for frame, by_day in _variants(of, part, trees, books):
            items.append(frame)
            sums.append(by_day)
        failing.append(wrong)
        done += size
        if not go_on(done):
            return None
    known = chosen.select(
        *KEY, "weight", "stratum", "category", "supplier_id", "demand_class", "abc_class", "unit_price"
    )
    left_out = pl.concat(failing)
    kept = pl.concat(items).join(left_out, on=KEY, how="anti", maintain_order="left")
    kept = kept.join(known, on=KEY, how="left", maintain_order="left")
    added = pl.concat(sums).group_by("variant", "policy", "day").agg(pl.all().sum()).sort("variant", "policy", "day")
    drawn = chosen.select(*KEY, "stratum", "weight")
    return Rows(kept, added, left_out.join(drawn, on=KEY, how="left", maintain_order="left"))


def _parts(chosen: pl.DataFrame, of: Setting) -> Iterator[tuple[Recorded, pl.DataFrame]]:
    """The chosen SKUs' rows, batch by batch as they stood on the last day, and the SKUs among them whose books do not add up."""
    suppliers = chosen.select(*KEY, "supplier_id")
    for first in range(0, chosen.height, READ):
        rows = replay_tables.of_skus(of.as_of, chosen[first : first + READ], of.config.planning.history_days)
        rows = replay_tables.until(rows, of.last) if of.last < of.as_of else rows
        rows = with_suppliers(rows, suppliers)
        for low in range(0, rows.skus.height, BATCH):
            part = replay_tables.part(rows, low, low + BATCH)
            yield part, calibrate.kinds(calibrate.mismatches(part.stock, part.demand, part.receipts))


def _variants(
    of: Setting, part: Recorded, boosted: Floats | None, books: npt.NDArray[np.bool_]
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Rows by SKU and by day of the books, and of each variant with the incumbent under the same change."""
    plays: dict[Change, Played] = {}
    for variant in variants(of.question):
        change = change_of(of.question, variant)
        if variant.policy == MIN_MAX:  # every play has the ERP's rule on one of its sides
            played = plays.get(change) or play_one(of, part, variant, boosted)
        else:
            played = play_one(of, part, variant, boosted)
        yield _kept(of, part, played, source(variant), CANDIDATE, variant.label, books)
        if variant.policy != LEVELS:
            plays.setdefault(change, played)
        elif change not in plays:  # its levels stood in the place of the ERP's
            plays[change] = play_one(of, part, Variant(policy=MIN_MAX, value=variant.value), boosted)
        yield _kept(of, part, plays[change], INCUMBENT, INCUMBENT, variant.label, books)
    base = plays.get(Change()) or play_one(of, part, None, boosted)
    yield _kept(of, part, base, RECORDED, RECORDED, "", books)


def with_suppliers(rows: Recorded, of: pl.DataFrame) -> Recorded:
    """The rows with each SKU's supplier, which a change may close."""
    suppliers = of.select(*KEY, "supplier_id")
    return replace(rows, skus=rows.skus.join(suppliers, on=KEY, how="left", maintain_order="left"))


def source(variant: Variant) -> str:
    """Which of a replay's outcomes is a variant's: levels of the ERP or of a file are replayed as the incumbent."""
    return INCUMBENT if variant.policy in (MIN_MAX, LEVELS) else CANDIDATE


def play_one(of: Setting, part: Recorded, variant: Variant | None, boosted: Floats | None) -> Played:
    """One variant's replay of a part; None: of the books as they are."""
    if variant is None:
        return play(part, of.last, of.config, of.days, policy=DEFAULT)
    rows, config = apply.variant(part, of.config, of.question, variant, of.first, of.last)
    change = change_of(of.question, variant)
    policy = {OURS: None, MIN_MAX: DEFAULT, LEVELS: DEFAULT}.get(variant.policy, variant.policy)
    trees = boosted if variant.policy == OURS else None
    late = apply.late(part.skus, change, of.days.phases.total, of.days.shown)
    return play(rows, of.last, config, of.days, boosted=trees, policy=policy, late=late)


def _kept(
    of: Setting, part: Recorded, played: Played, source: str, policy: str, variant: str, books: npt.NDArray[np.bool_]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    outcome, present = played.outcomes[source], played.present[source]
    hidden = played.bounds[CANDIDATE].demand - played.outcomes[CANDIDATE].demand
    most = played.bounds[source].short if source in played.bounds else hidden
    rows = (
        passport.replays(part, played, of.last, source)
        .drop("as_of")
        .with_columns(
            pl.lit(variant).alias("variant"),
            pl.lit(policy).alias("policy"),
            pl.Series("stock_value_days", (outcome.on_hand_days * np.nan_to_num(played.rates.unit_cost))[present]),
            pl.Series("lost_units_low", outcome.short[present]),
            pl.Series("lost_units_high", most[present]),
        )
    )
    shown = replace(played.days, warmup=played.timetable.phases.judged)
    sums = measures.by_day(policy, outcome, played.rates.unit_cost, shown, played.window.first, present & books)
    return rows, sums.with_columns(pl.lit(variant).alias("variant"))
