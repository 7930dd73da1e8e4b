"""The evaluation a user asks for: the training's own backtest on the marts, judged at every origin the choice had not seen."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from models.recipe import Recipe
from pipelines.core.calendar import DAYS_IN
from pipelines.core.errors import StockproofError
from pipelines.core.panel import CLASSES, Array, Panel, class_codes
from pipelines.forecast import backtest, members, panels, plots, router, scoring, training
from pipelines.forecast.backtest import Evidence
from pipelines.forecast.scoring import LEAD_TIME, PerSku, Scores
from pipelines.io import files, warehouse

HYBRID = "hybrid"
TOP_SHARE = 0.2
TARGET_MAE = 2.0
TARGET_MAPE = 0.3

_MEASURES = (
    "scaled_pinball",
    "scaled_crps",
    "rmsse",
    "bias",
    "coverage_95",
    "mae",
    "mape",
    "mape_undefined",
)


@dataclass(frozen=True)
class Origin:
    """One judged origin.

    Attributes:
        ends_on: last day known.
        recipe: chosen on the origins before it alone.
        evidence: what each member forecast there, and what came.
        lead_time: measures of each SKU on lead-time demand.
        weeks: the same for each week of the horizon.
    """

    ends_on: date
    recipe: Recipe
    evidence: Evidence
    lead_time: PerSku
    weeks: list[PerSku]


@dataclass(frozen=True)
class Evaluation:
    """Tables of an evaluation; every figure is of windows that the choice had not seen.

    Attributes:
        as_of: date of the marts.
        window: buckets that followed each origin.
        origins: last days known at the judged origins, oldest first.
        scores: one row a forecaster, origin, class, ABC class and horizon: what plan.forecast_scores holds.
        overall: the origins together, by class × ABC class × horizon, of the hybrid.
        by_member: the origins together, each member alone beside the hybrid.
        targets: what users ask for: MAE of the SKUs of the highest volume, MAPE of regular items.
        reasons: class → why its method was chosen, at the newest origin.
        left_out: SKUs without any demand before the newest origin: scored by no scaled measure.
        picture: PNG of accuracy and calibration.
    """

    as_of: date
    window: int
    origins: list[date]
    scores: pl.DataFrame
    overall: pl.DataFrame
    by_member: pl.DataFrame
    targets: pl.DataFrame
    reasons: dict[str, str]
    left_out: int
    picture: bytes


def newest() -> date:
    """Date of the marts as they stand.

    Raises:
        StockproofError: there are none.
    """
    found = warehouse.read("select max(as_of) as as_of from marts.dim_sku")["as_of"][0]
    if found is None:
        raise StockproofError("marts.dim_sku is empty", "run `stockproof run daily` first")
    return date.fromisoformat(str(found))


def run(as_of: date) -> Evaluation:
    """Backtest the forecasters on the marts of a date, and keep the scores in plan.forecast_scores.

    Args:
        as_of: the marts must have been built for it.

    Returns:
        The tables.

    Raises:
        StockproofError: no marts for the date, or a history too short for a window to judge on.
    """
    panel = panels.read(as_of, active_only=False)
    abc = panels.abc_classes(as_of)["abc_class"].fill_null("none").to_numpy()
    evaluation = judge(panel, abc, training.TrainingPlan.configured())
    warehouse.replace(
        "plan.forecast_scores", evaluation.scores.insert_column(0, pl.lit(as_of).alias("as_of")), {"as_of": as_of}
    )
    return evaluation


def keep(evaluation: Evaluation) -> str:
    """Write the picture beside the reports.

    Returns:
        Its path.
    """
    path = files.state_dir("reports") / f"forecast-evaluation-{evaluation.as_of}.png"
    return str(files.write_atomic(path, evaluation.picture))


def judge(panel: Panel, abc: Array, plan: training.TrainingPlan) -> Evaluation:
    """Rolling origins: at each, the choice is made on the windows before it and judged on the one after it.

    Args:
        panel: histories of all SKUs.
        abc: [n] ABC class of each SKU.
        plan: how to judge.

    Returns:
        The tables.

    Raises:
        StockproofError: the history is too short for a window to judge on.
    """
    competing = members.configured()
    names = tuple(competing)
    _, collected = training.backtested(panel, panels.protection(panel), competing, plan)
    evidence = [
        each for each in collected if each.usable.any()
    ]  # a window that a stockout hides from end to end judges nobody
    if len(evidence) < 2:
        raise StockproofError(
            f"{panel.length - backtest.first_demand(panel.demand)} {panel.bucket}s of history allow no window to judge on",
            "load more history, or lower forecast.backtest_origins",
        )
    judged = [_origin(panel, evidence[: k + 1], names, plan.fewest_known) for k in range(1, len(evidence))]
    alone = {name: [_alone(o, name, panel, plan.fewest_known) for o in judged] for name in names}
    whole = scoring.joined([o.lead_time for o in judged])
    many = np.tile(abc, len(judged))
    overall = scoring.detailed(whole, many, LEAD_TIME)
    for k in range(len(judged[0].weeks)):
        overall += scoring.detailed(scoring.joined([o.weeks[k] for o in judged]), many, f"week {k + 1}")
    last = judged[-1]
    return Evaluation(
        panel.as_of, last.evidence.actual.shape[1], [o.ends_on for o in judged], _stored(judged, alone, abc), scoring.table(overall),
        _by_member(whole, alone), targets(whole, np.concatenate([o.evidence.rate for o in judged])),
        {name: last.recipe.reasons[CLASSES.index(name)] for name in dict.fromkeys(str(c) for c in panel.demand_class)},
        int((np.nan_to_num(panel.demand[:, : last.evidence.length]).sum(axis=1) <= 0).sum()), plots.both(
            {name: scoring.summary(scoring.joined(measured)) for name, measured in alone.items()}, scoring.summary(whole), last.evidence,
            last.recipe, plan.fewest_known,
        ),
    )  # fmt: skip


def targets(measured: PerSku, rate: Array) -> pl.DataFrame:
    """MAE of the fifth of SKUs with the greatest demand, and MAPE of smooth items, beside what users have asked for.

    Information only: on intermittent demand both reward forecasting zero, so neither chooses anything.

    Args:
        measured: measures of each SKU.
        rate: [n] mean demand per bucket before the origin, units.

    Returns:
        measure, of, value, target, met; value and met are null where there is no such SKU to judge by.
    """
    top = (
        measured.usable & (rate >= np.quantile(rate[measured.usable], 1 - TOP_SHARE))
        if measured.usable.any()
        else measured.usable
    )
    smooth = measured.usable & (measured.code == class_codes(np.array(["smooth"]))[0])
    rows = []
    for measure, group, mask, target in (
        ("mae", f"top {TOP_SHARE:.0%} by volume", top, TARGET_MAE),
        ("mape", "smooth items", smooth, TARGET_MAPE),
    ):
        values = measured.values[measure][mask]
        known = values[np.isfinite(values)]
        value = float(known.mean()) if known.size else None
        rows.append((measure, group, value, target, None if value is None else value < target))
    kinds = {"measure": pl.String, "of": pl.String, "value": pl.Float64, "target": pl.Float64, "met": pl.Boolean}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _origin(panel: Panel, evidence: list[Evidence], names: tuple[str, ...], fewest: int) -> Origin:
    """The newest of some origins, judged by a recipe chosen on the others."""
    judged, earlier = evidence[-1], evidence[:-1]
    recipe = router.choose(router.pool(earlier, names, fewest), names, earlier, fewest)
    weeks = scoring.per_week(judged, recipe, panel.demand, fewest, panel.period)
    day = panel.as_of - timedelta(days=(panel.length - judged.length) * DAYS_IN[panel.bucket])
    return Origin(day, recipe, judged, scoring.per_sku(judged, recipe, panel.demand, fewest), weeks)


def _alone(origin: Origin, name: str, panel: Panel, fewest: int) -> PerSku:
    return scoring.per_sku(origin.evidence, scoring.single_recipe(name, origin.recipe), panel.demand, fewest)


def _by_member(whole: PerSku, alone: dict[str, list[PerSku]]) -> pl.DataFrame:
    """Measures over all SKUs, the best first."""
    last = {name: scoring.summary(scoring.joined(measured))[-1] for name, measured in alone.items()}
    rows = {HYBRID: scoring.summary(whole)[-1], **last}
    measures = {measure: [getattr(row, measure) for row in rows.values()] for measure in _MEASURES}
    return pl.DataFrame({"member": list(rows), **measures}).sort("scaled_pinball")


def _stored(judged: list[Origin], alone: dict[str, list[PerSku]], abc: Array) -> pl.DataFrame:
    """Rows of plan.forecast_scores but for the date."""
    parts = []
    for k, origin in enumerate(judged):
        rows: list[tuple[str, Scores]] = [(HYBRID, row) for row in scoring.detailed(origin.lead_time, abc, LEAD_TIME)]
        for w, week in enumerate(origin.weeks):
            rows += [(HYBRID, row) for row in scoring.detailed(week, abc, f"week {w + 1}")]
        rows += [(name, row) for name, measured in alone.items() for row in scoring.summary(measured[k])]
        frame = scoring.table([row for _, row in rows])
        parts.append(
            frame.with_columns(
                pl.Series("forecaster", [name for name, _ in rows]), pl.lit(origin.ends_on).alias("origin")
            )
        )
    whole = pl.concat(parts)
    known = [pl.when(pl.col(measure).is_finite()).then(pl.col(measure)).alias(measure) for measure in _MEASURES]
    return whole.with_columns(*known)
