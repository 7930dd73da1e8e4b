"""Pages, days and comparisons of studies, computed from what is kept; never writes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import polars as pl

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.core.suggestions import refuse_unknown
from pipelines.replay import tables as replay_tables
from pipelines.replay.replay import Played
from pipelines.studies import compare, groups, replay_variants, study
from pipelines.studies.queries import kept
from pipelines.studies.question import Question, read, variants
from pipelines.studies.sides import Sides, sides

PERIODS: Final = ("day", "week", "month")


def daily(found: dict[str, Any], by: str) -> list[dict[str, Any]]:
    """Sums of a study by day, week or month, policy and variant.

    Raises:
        StockproofError: another period.
    """
    refuse_unknown([by], PERIODS, "the periods", "--daily day, week or month")
    return kept.days(found["simulation_id"], by).to_dicts()


def sides_of(found: dict[str, Any], variant: str = "") -> Sides:
    """The sides of a variant of a completed study; the first variant by default.

    Raises:
        StockproofError: the study has no answer, or no such variant.
    """
    if not found["result"]:
        raise StockproofError(
            f"study {found['simulation_id'][:8]} has no answer, it is {found['status']}",
            "`stockproof study list` shows which are completed",
        )
    question = read(found["question"])
    labels = [one.label for one in variants(question)]
    label = variant or labels[0]
    refuse_unknown([label], labels, "the study's variants", "name one of them")
    rows = kept.items(found["simulation_id"])
    drawn = _drawn(found, question)
    return sides(
        rows,
        label,
        drawn,
        whole=question.sample != "stratified",
        calendar=found["days_total"],
        confidence=found["result"]["sample"]["confidence"],
    )


def _drawn(found: dict[str, Any], question: Question) -> pl.DataFrame:
    """Strata and weights of all SKUs drawn: those replayed, and those whose books fail."""
    rows = kept.items(found["simulation_id"]).filter(pl.col("policy") == "candidate")
    first = rows.filter(pl.col("variant") == variants(question)[0].label)
    failing = kept.failing(found["simulation_id"])
    return pl.concat([rows.select("stratum", "weight") for rows in (first, failing)])


def page(found: dict[str, Any], by: str, sort: str, number: int, per_page: int) -> dict[str, Any]:
    """A page of the SKUs or of a breakdown, sorted by any benefit.

    Args:
        found: a completed study.
        by: ``item`` or a breakdown of :data:`groups.BREAKDOWNS`.
        sort: of :data:`groups.BENEFITS`.
        number: of the page, from 1.
        per_page: rows.

    Returns:
        ``item_level_summary`` or ``<by>_breakdown``, and ``page``.
    """
    refuse_unknown([sort], groups.BENEFITS, "the benefits", "name one of them")
    refuse_unknown([by], ("item", *groups.BREAKDOWNS), "the breakdowns", "name one of them")
    of = sides_of(found)
    rows = groups.items(of, sort).to_dicts() if by == "item" else groups.breakdown(of, by, sort)
    name = "item_level_summary" if by == "item" else f"{by}_breakdown"
    low = (number - 1) * per_page
    return {
        name: rows[low : low + per_page],
        "page": {"page": number, "per_page": per_page, "rows": len(rows), "of": by, "sort": sort},
    }


def extremes(found: dict[str, Any], most: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """SKUs that save most and those that save least or lose, the extreme ones first; none is in both."""
    rows = groups.items(sides_of(found)).filter(pl.col("cost_saved").is_not_null())
    best = rows.head(min(most, (rows.height + 1) // 2))
    return best.to_dicts(), rows[best.height :].tail(most).reverse().to_dicts()


def item_days(found: dict[str, Any], item: str) -> list[dict[str, Any]]:
    """Day by day the stock, sales, lost units and orders of one SKU, in the books, under the ERP's rule and under each variant.

    Args:
        found: a study whose marts are still there.
        item: ``ITEM`` or ``ITEM@LOCATION``.

    Returns:
        Rows ``day, policy, variant, on_hand, sold, lost, ordered``, computed again from the marts.

    Raises:
        StockproofError: the marts have moved on, or the study does not hold the SKU.
    """
    if kept.marts_date() != found["as_of"]:
        raise StockproofError(
            f"the days of a SKU are computed from the marts of {found['as_of']}; a run has replaced them by those of {kept.marts_date()}",
            "submit the study again",
        )
    question = read(found["question"])
    of = study.setting(question, found["as_of"], settings.load())
    chosen, _ = study.chosen(question, found["as_of"], of.config.forecast.seed)
    name, _, place = item.partition("@")
    rows = chosen.filter(pl.col("item_id") == name).filter(pl.lit(not place) | (pl.col("location_id") == place))
    if not rows.height:
        refuse_unknown([name], chosen["item_id"].to_list(), "the study", "name an item of the study")
        raise StockproofError(f"the study holds no {name} at {place}", "leave the location out to see where it is")
    part = replay_tables.of_skus(of.as_of, rows[:1], of.config.planning.history_days)
    part = replay_tables.until(part, of.last) if of.last < of.as_of else part
    part = replay_variants.with_suppliers(part, rows[:1])
    trees = kept.forecasts(found["simulation_id"], rows[:1]) if question.retrain_days else None
    base = replay_variants.play_one(of, part, None, None)
    shown = [*_days(base, "recorded", "", of), *_days(base, "incumbent", "", of)]
    for variant in variants(question):
        played = replay_variants.play_one(of, part, variant, trees)
        shown += _days(played, replay_variants.source(variant), variant.label, of)
    return shown


def _days(played: Played, policy: str, variant: str, of: replay_variants.Setting) -> list[dict[str, Any]]:
    """Rows of the days of the study of a single SKU."""
    if not played.present[policy][0]:
        return []
    days = of.days.shown
    stock, sold, lost, ordered = (played.outcomes[policy].trace[row][0, -days:] for row in range(4))
    label = "candidate" if variant else policy
    return [
        {
            "day": (of.first + timedelta(days=at)).isoformat(),
            "policy": label,
            "variant": variant,
            "on_hand": float(stock[at]),
            "sold": float(sold[at]),
            "lost": float(lost[at]),
            "ordered": float(ordered[at]),
        }
        for at in range(days)
    ]


def compared(names: Sequence[str]) -> dict[str, Any]:
    """Two or more studies: what differed in their questions, and the figures of each less those of the first.

    Raises:
        StockproofError: fewer than two, or one without an answer.
    """
    if len(names) < 2:
        raise StockproofError("a comparison takes two studies or more", "`stockproof study list` names them")
    known = [kept.found(name) for name in names]
    of = [sides_of(one) for one in known]
    head = ("simulation_id", "name", "start_date", "end_date", "items_total", "days_total")
    return {
        "studies": [{key: str(one[key]) for key in head} for one in known],
        "comparisons": [
            {
                "first": known[0]["simulation_id"],
                "second": other["simulation_id"],
                "questions": compare.questions(known[0]["question"], other["question"]),
                "figures": compare.differences(of[0], sides),
                "items": compare.by_item(of[0], sides),
            }
            for other, sides in zip(known[1:], of[1:], strict=True)
        ],
    }
