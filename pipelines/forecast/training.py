"""The weekly training: backtest, choice, final fit, registration."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from models import hybrid
from models.hybrid import Hybrid
from models.interface import Interval, Member
from models.recipe import Recipe
from pipelines import settings
from pipelines.core import code_version
from pipelines.core.calendar import DAYS_IN
from pipelines.core.panel import Panel
from pipelines.forecast import (
    backtest,
    books,
    bundle,
    members,
    panels,
    period_forecasts,
    promotion,
    records,
    router,
    scoring,
)
from pipelines.forecast.backtest import Evidence
from pipelines.forecast.scoring import Scores
from pipelines.forecast.serving import predict_frame
from pipelines.forecast.trained import Trained
from pipelines.io import registry
from pipelines.io.registry import Version

SHORTEST_WEEKS = 8
"""An origin must know this much history, counted from the first demand of any SKU."""


@dataclass(frozen=True)
class TrainingPlan:
    """How a training judges.

    Attributes:
        fewest_known: SKUs with fewer known buckets are forecast by rule.
        origins: backtest origins to choose on; one more is kept to judge on.
        horizon: buckets of the daily forecast.
    """

    fewest_known: int
    origins: int
    horizon: int

    @classmethod
    def configured(cls) -> "TrainingPlan":
        """The plan of the configuration."""
        chosen = settings.load()
        horizon = max(chosen.planning.horizon_days // DAYS_IN[chosen.planning.grain], 1)
        return cls(chosen.forecast.min_training_data, chosen.forecast.backtest_origins, horizon)


def train(as_of: date) -> dict[str, int | float | str]:
    """Train one bundle, judge it against the champion, register it. Repeating it on the same data, configuration and code changes nothing.

    Args:
        as_of: nothing recorded later is seen.

    Returns:
        Counts and scores for the log.

    Raises:
        StockproofError: no marts for the date, or no registry.
    """
    periods = period_forecasts.coming(as_of)
    panel = panels.read(as_of, active_only=False)
    hashes = {
        "data_hash": panels.data_hash(panel, periods.digest() if periods else ""), "config_hash": panels.config_hash(),
        "code_version": code_version.training(),
    }  # fmt: skip
    tags = {**hashes, books.OPTIONS: json.dumps(books.options())}
    for version in registry.versions():
        if version.trained_as_of == as_of and all(version.tags.get(name) == value for name, value in tags.items()):
            return _again(version, panel.bucket)
    period = period_forecasts.train(periods) if periods else None
    interval = panels.protection(panel)
    trained = fit(panel, interval, members.configured(), TrainingPlan.configured())
    verdict = promotion.judge(trained, panel, as_of)
    predict = registry.Predict(partial(predict_frame, panel.bucket), bundle.INPUTS)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "forecaster"
        manifest = bundle.save(folder, trained.model, trained.recipe_judged, period, panel, hashes)
        version = registry.register(
            folder, trained_as_of=as_of, promote=verdict.promote, predict=predict,
            tags={**tags, "bucket": panel.bucket, "decision": verdict.reason, **verdict.tags()},
            parameters=records.parameters(trained, panel), metrics=records.metrics(trained, verdict),
            artifacts=records.artifacts(trained, panel, manifest, verdict),
        )  # fmt: skip
    records.log(version, verdict)
    whole = trained.scores[-1] if trained.scores else None
    return {
        "skipped": 0, "version": version.label, "role": version.role, "reason": verdict.reason, "skus": panel.skus,
        "origins": len(trained.origins), "code_version": hashes["code_version"], "period_model": int(period is not None),
        "scaled_pinball": whole.scaled_pinball if whole else float("nan"), "coverage_95": whole.coverage_95 if whole else float("nan"),
    }  # fmt: skip


def _again(version: Version, bucket: str) -> dict[str, int | float | str]:
    """What a repeated training says; aliases and log of one that was killed after it had registered are brought up to date."""
    registry.mirror_aliases(bucket)
    records.log_again(version)
    reason = "a version with the same data, configuration and code exists"
    return {"skipped": 1, "version": version.label, "role": version.role, "reason": reason}


def fit(panel: Panel, interval: Interval, competing: Mapping[str, Member], plan: TrainingPlan) -> Trained:
    """Backtest, choose and fit. Pure.

    Args:
        panel: histories of all SKUs, discontinued ones too.
        interval: protection interval of each SKU.
        competing: unfitted members.
        plan: how to judge.

    Returns:
        The forecaster and its scores on a window it was not chosen on.
    """
    fewest, names = plan.fewest_known, tuple(competing)
    origins, evidence = backtested(panel, interval, competing, plan)
    final = _recipe(evidence, names, fewest, judged=len(evidence) > 1)
    judged, rows, by_member = final, list[Scores](), dict[str, list[Scores]]()
    if len(evidence) > 1:
        judged = _recipe(evidence[:-1], names, fewest, judged=True)
        rows = scoring.scores(evidence[-1], judged, panel.demand, fewest)
        by_member = {
            name: scoring.scores(evidence[-1], scoring.single_recipe(name, judged), panel.demand, fewest)
            for name in names
        }
    model = Hybrid(final, dict(competing), fewest).fit(panel, interval)
    return Trained(model, judged, rows, by_member, evidence[-1] if evidence else None, origins)


def calibrated_fallback(panel: Panel, interval: Interval, because: str) -> Hybrid:
    """The statistical fallback, fitted on the spot and calibrated on its own short backtest.

    Args:
        panel: histories.
        interval: protection intervals.
        because: why no champion serves; becomes each SKU's reason.

    Returns:
        A fitted forecaster.
    """
    plan = TrainingPlan.configured()
    plain = hybrid.fallback(plan.fewest_known, because)
    _, evidence = backtested(panel, interval, plain.members, plan)
    if evidence:
        windows = router.pool(evidence, plain.recipe.members, plan.fewest_known)
        plain = replace(plain, recipe=router.calibrated(plain.recipe, windows, evidence, plan.fewest_known))
    return plain.fit(panel, interval)


def backtested(
    panel: Panel, interval: Interval, competing: Mapping[str, Member], plan: TrainingPlan
) -> tuple[list[int], list[Evidence]]:
    """(history buckets known at each rolling origin, what the members said there), oldest first."""
    count = plan.origins + 1
    window = backtest.window_length(panel, interval, plan.horizon, count)
    # planning.history_days may reach back to before the ERP's first sale: nothing can be learnt there, nor judged.
    shortest = backtest.first_demand(panel.demand) + SHORTEST_WEEKS * panel.period
    origins = backtest.origins(panel.length, window, count, shortest)
    return origins, [backtest.collect(panel, interval, competing, origin, window) for origin in origins]


def _recipe(evidence: list[Evidence], names: tuple[str, ...], fewest: int, *, judged: bool) -> Recipe:
    """The choice; the simple methods where no window is left to judge it on, calibrated where there is one."""
    if not evidence:
        return router.start(names)
    windows = router.pool(evidence, names, fewest)
    if not judged:
        return router.calibrated(router.start(names), windows, evidence, fewest)
    return router.choose(windows, names, evidence, fewest)
