"""The weekly training: backtest, choice, final fit, registration."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from models import hybrid
from models.hybrid import Hybrid
from models.interface import Interval, Member
from models.recipe import Recipe
from models.store import folder as store
from pipelines import settings
from pipelines.core.calendar import DAYS_IN
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Panel
from pipelines.forecast import backtest, books, members, panels, plots, router, scoring
from pipelines.forecast.backtest import Evidence
from pipelines.forecast.scoring import Scores
from pipelines.forecast.serving import predict_frame
from pipelines.io import registry
from pipelines.io.registry import Version

SHORTEST_WEEKS = 8
"""An origin must know this much history, counted from the first demand of any SKU."""


@dataclass(frozen=True)
class Plan:
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
    def configured(cls) -> "Plan":
        """The plan of the configuration."""
        chosen = settings.load()
        horizon = max(chosen.planning.horizon_days // DAYS_IN[chosen.planning.grain], 1)
        return cls(chosen.forecast.min_training_data, chosen.forecast.backtest_origins, horizon)


@dataclass(frozen=True)
class Trained:
    """Outcome of a training, before it is registered.

    Attributes:
        model: fitted on everything up to the as-of date.
        recipe_judged: chosen on the earlier origins; the one that ``scores`` judges.
        scores: on the newest origin, which the choice had not seen; empty where the history allows one origin at most.
        members_scores: member → its scores there, for comparison.
        judged_on: the evidence of the newest origin.
        origins: history buckets known at each origin.
    """

    model: Hybrid
    recipe_judged: Recipe
    scores: list[Scores]
    members_scores: Mapping[str, list[Scores]]
    judged_on: Evidence | None
    origins: list[int]


def train(as_of: date) -> dict[str, int | float | str]:
    """Train, judge against the champion and register. Repeating it on the same data and configuration changes nothing.

    Args:
        as_of: nothing recorded later is seen.

    Returns:
        Counts and scores for the log.

    Raises:
        StockproofError: no marts for the date, or no registry.
    """
    panel = panels.read(as_of, active_only=False)
    tags = {
        "data_hash": panels.data_hash(panel),
        "config_hash": panels.config_hash(),
        books.OPTIONS: json.dumps(books.options()),
    }
    for version in registry.versions():
        if version.trained_as_of == as_of and all(version.tags.get(name) == value for name, value in tags.items()):
            return {
                "skipped": 1,
                "version": version.label,
                "role": version.role,
                "reason": "a version with the same data and configuration exists",
            }
    interval = panels.protection(panel)
    trained = fit(panel, interval, members.configured(), Plan.configured())
    promote, reason, incumbent = _judge(trained, panel, as_of)
    serve = partial(predict_frame, panel.bucket)
    with tempfile.TemporaryDirectory() as scratch:
        folder = store.save(trained.model, Path(scratch) / "forecaster", trained.recipe_judged)
        books.keep(folder, panel)
        version = registry.register(
            folder, trained_as_of=as_of, promote=promote, serve=serve,
            tags={**tags, "bucket": panel.bucket, "decision": reason}, parameters=_parameters(trained, panel),
            metrics=_metrics(trained, incumbent), artifacts=_artifacts(trained, reason),
        )  # fmt: skip
    whole = trained.scores[-1] if trained.scores else None
    return {
        "skipped": 0, "version": version.label, "role": version.role, "reason": reason, "skus": panel.skus, "origins": len(trained.origins),
        "scaled_pinball": whole.scaled_pinball if whole else float("nan"), "coverage_95": whole.coverage_95 if whole else float("nan"),
    }  # fmt: skip


def fit(panel: Panel, interval: Interval, competing: Mapping[str, Member], plan: Plan) -> Trained:
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
    plan = Plan.configured()
    plain = hybrid.fallback(plan.fewest_known, because)
    _, evidence = backtested(panel, interval, plain.members, plan)
    if evidence:
        windows = router.pool(evidence, plain.recipe.members, plan.fewest_known)
        plain = replace(plain, recipe=router.calibrated(plain.recipe, windows, evidence, plan.fewest_known))
    return plain.fit(panel, interval)


def backtested(
    panel: Panel, interval: Interval, competing: Mapping[str, Member], plan: Plan
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


def _judge(trained: Trained, panel: Panel, as_of: date) -> tuple[bool, str, Scores | None]:
    """Whether the new model takes the champion's place: both recipes, refitted on the same past, on a window neither was chosen on.

    A training of an earlier date than the champion's meets the one that had won by then: it can serve the dates between the two.
    """
    newest = registry.incumbent(panel.bucket)
    if newest is None:
        return True, f"the first on buckets of a {panel.bucket}" if registry.versions() else "first version", None
    current = newest if newest.trained_as_of <= as_of else registry.serving(as_of, panel.bucket)
    if current is None:
        return True, f"the first of its date; {newest.label} serves from {newest.trained_as_of} on", None
    try:
        recipe = _rival(current, panel, _seen_until(trained, panel))
    except StockproofError as fault:
        return True, f"the champion {current.label} cannot be read or does not serve ({fault.message})", None
    if not trained.scores or trained.judged_on is None:
        return True, "too little history to compare; the newer data wins", None
    if not set(recipe.members) <= set(trained.judged_on.means):
        return True, f"the champion {current.label} uses members that are no longer configured", None
    fewest = settings.load().forecast.min_training_data
    theirs = scoring.scores(trained.judged_on, recipe, panel.demand, fewest)[-1]
    mine = trained.scores[-1]
    better = mine.scaled_pinball <= theirs.scaled_pinball
    words = "is not worse than" if better else "is worse than"
    return (
        better,
        f"scaled pinball loss {mine.scaled_pinball:.4f} {words} the champion {current.label}'s {theirs.scaled_pinball:.4f}",
        theirs,
    )


def _rival(current: Version, panel: Panel, seen_until: date) -> Recipe:
    """The champion's recipe; an error where it is not to be read, or was trained on other books than these."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = registry.fetch(current, Path(scratch))
        refused = books.refusal(current.label, dict(current.tags), folder, panel, current.trained_as_of)
        if refused:
            raise StockproofError(refused, "")
        return _met(current, folder, seen_until)


def _seen_until(trained: Trained, panel: Panel) -> date:
    """Last day that the new recipe was chosen on."""
    length = panel.length if trained.judged_on is None else trained.judged_on.length
    return panel.as_of - timedelta(days=(panel.length - length) * DAYS_IN[panel.bucket])


def _met(current: Version, folder: Path, seen_until: date) -> Recipe:
    """The recipe in which the champion is met: a younger one than ``seen_until`` was chosen on days of the window that now judges."""
    model = store.load(folder)
    return model.recipe if current.trained_as_of <= seen_until else store.judged(folder)


def _parameters(trained: Trained, panel: Panel) -> dict[str, Any]:
    chosen = settings.load().model_dump(mode="json", include={"planning", "forecast"})
    flat = {f"{section}.{key}": value for section, values in chosen.items() for key, value in values.items()}
    methods = {f"method.{row.demand_class}": row.method for row in trained.scores}
    return {
        **flat,
        **methods,
        "skus": panel.skus,
        "buckets": panel.length,
        "origins": ",".join(map(str, trained.origins)),
    }


def _metrics(trained: Trained, incumbent: Scores | None) -> dict[str, float]:
    names = ("scaled_pinball", "scaled_crps", "rmsse", "bias", "coverage_95", "mae", "mape")
    out = {f"{row.demand_class}.{name}": float(getattr(row, name)) for row in trained.scores for name in names}
    for member, rows in trained.members_scores.items():
        out |= {f"member.{member}.{row.demand_class}.scaled_pinball": row.scaled_pinball for row in rows}
    if incumbent is not None:
        out["champion.scaled_pinball"] = incumbent.scaled_pinball
    return out


def _artifacts(trained: Trained, reason: str) -> dict[str, str | bytes]:
    out: dict[str, str | bytes] = {
        "recipe.json": json.dumps(store.recipe_to_json(trained.model.recipe), indent=1), "decision.txt": reason + "\n",
    }  # fmt: skip
    if trained.scores:
        out["scores.csv"] = scoring.table(trained.scores).write_csv()
        out["members.png"] = plots.members(trained.members_scores, trained.scores)
    if trained.judged_on is not None:
        out["calibration.png"] = plots.calibration(
            trained.judged_on, trained.recipe_judged, settings.load().forecast.min_training_data
        )
    return out
