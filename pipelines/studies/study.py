"""What a study replays: its days, its SKUs, and the forecasts of retrained trees. Reads, never writes."""

from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from pipelines.core.errors import StockproofError
from pipelines.core.inventory import Floats
from pipelines.core.suggestions import refuse_unknown
from pipelines.replay import retrained
from pipelines.replay.choose import Phases
from pipelines.replay.replay import BURN_IN, LEAST_DAYS, Timetable
from pipelines.replay.tables import KEY
from pipelines.settings import Settings
from pipelines.studies import queries, sampling
from pipelines.studies.question import Filter, Question, variants
from pipelines.studies.replay_variants import Setting

COLUMNS: Final = {
    "items": "item_id",
    "locations": "location_id",
    "categories": "category",
    "suppliers": "supplier_id",
    "demand_classes": "demand_class",
    "abc": "abc_class",
}
"""Filter → column of the catalogue."""

CHUNK_REPLAYS: Final = 16_000
"""SKUs × variants of a mapped task: few and fat, since each starts a process."""


def setting(question: Question, as_of: date, config: Settings) -> Setting:
    """What all SKUs of the study share.

    Raises:
        StockproofError: the days are not in the recorded history.
    """
    days, last = timetable(question, as_of, config)
    return Setting(question, as_of, last - timedelta(days=days.shown - 1), last, days, config)


def timetable(question: Question, as_of: date, config: Settings) -> tuple[Timetable, date]:
    """Days of a study: what lies before it selects the candidate; all of its days report.

    Args:
        question: the study's.
        as_of: date of the marts.
        config: length of the history.

    Returns:
        The timetable, and the last day.

    Raises:
        StockproofError: the days are not in the recorded history.
    """
    last = question.until or as_of
    shown = (last - question.since).days + 1 if question.since else question.days
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


def filtered(whole: pl.DataFrame, where: Filter, as_of: date) -> pl.DataFrame:
    """SKUs of the catalogue that the filter names.

    Raises:
        StockproofError: a name that no SKU has, or no SKU that has them all.
    """
    kept = whole
    for name, column in COLUMNS.items():
        wanted = getattr(where, name)
        if wanted:
            refuse_unknown(
                wanted,
                whole[column].unique().to_list(),
                f"marts.dim_sku of {as_of}, {column},",
                "name some that it holds",
            )
            kept = kept.filter(pl.col(column).is_in(list(wanted)))
    if not kept.height:
        raise StockproofError("no SKU matches all parts of the filter", "leave a part of it out")
    return kept


def refuse_foreign(question: Question, whole: pl.DataFrame, as_of: date) -> None:
    """Refuse levels and closed suppliers that the catalogue does not hold."""
    keys = set(whole.select(pl.concat_str(pl.col("item_id"), pl.lit("@"), pl.col("location_id"))).to_series())
    named = [f"{level.item_id}@{level.location_id}" for level in question.levels]
    refuse_unknown(named, keys, f"marts.dim_sku of {as_of}", "name item_id and location_id as the ERP does")
    closed = question.change.closed_suppliers
    refuse_unknown(
        closed,
        whole["supplier_id"].unique().to_list(),
        f"marts.dim_sku of {as_of}, supplier_id,",
        "name suppliers of the items",
    )


def chosen(question: Question, as_of: date, seed: int) -> tuple[pl.DataFrame, int]:
    """The SKUs of a study in the order of the catalogue with stratum and weight, and how many its filter leaves."""
    whole = queries.catalogue(as_of)
    refuse_foreign(question, whole, as_of)
    kept = filtered(whole, question.where, as_of)
    return sampling.draw(kept, question.sample, question.size, seed), kept.height


def bounds(skus: int, question: Question) -> list[tuple[int, int]]:
    """First and last (exclusive) SKU of each chunk."""
    size = max(CHUNK_REPLAYS // max(len(variants(question)), 1), 64)
    of = -(-skus // size)
    return [(chunk * skus // of, (chunk + 1) * skus // of) for chunk in range(of)]


def boosted(of: Setting, picked: pl.DataFrame, tell: retrained.Progress) -> Floats:
    """Forecasts of the SKUs at each past review by trees that learn from the whole catalogue, shape (N, P, H)."""
    whole = queries.catalogue(of.as_of)
    review = of.config.planning.review_period_days
    since = of.as_of - timedelta(days=of.config.planning.history_days - 1)
    sold = queries.sold(of.as_of, of.last, since, review)
    longest = float(whole["lead_time_days"].fill_null(0.0).max() or 0.0)  # type: ignore[arg-type]
    horizon = int(np.ceil((1.5 * longest + review) / review))
    every = max(round((of.question.retrain_days or review) / review), 1)
    means = retrained.means(sold, horizon, every, seed=of.config.forecast.seed, tell=tell)
    rows = picked.select(KEY).join(whole.with_row_index("row"), on=KEY, how="left", maintain_order="left")
    ours: Floats = means[rows["row"].to_numpy()]
    return ours
