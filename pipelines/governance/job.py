"""What the daily run does about its models, before it forecasts: score what came true, watch for drift, take a champion back."""

from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.governance import actions, came_true, tables, watch
from pipelines.io import model_decisions, registry, registry_versions
from pipelines.io.registry_versions import Version

RECENT_DAYS = 91
"""Days on which an alarm re-tunes the simple method's alpha."""


def daily(as_of: date) -> dict[str, Any]:
    """Score the forecasts whose windows have passed, raise alarms of drift, take back a champion proven worse. Safe to repeat.

    Args:
        as_of: the run's date; the marts hold it.

    Returns:
        Windows scored, alarms, and the version taken back, if any.
    """
    windows = score(as_of)
    raised = alarms(as_of)
    taken_back = reconsider(as_of)
    return {
        "windows": windows,
        "alarms": len(raised),
        "drift": [alarm["what"] for alarm in raised],
        "rolled_back": taken_back,
        "training_asked": int(bool(raised)),
    }


def score(as_of: date) -> int:
    """Write plan.forecast_outcomes of a run; returns the windows scored."""
    since = tables.run_before(as_of)
    if since is None:
        return 0
    past = tables.past(as_of, settings.load().planning.grain)
    losses = came_true.scored(past, tables.passed(as_of, since, past.days), alphas(past, as_of))
    tables.keep(came_true.cells(losses, as_of), as_of)
    return losses.height


def alphas(past: came_true.Past, as_of: date) -> came_true.Array:
    """[n] alpha of each SKU's EWMA: as the newest alarm before the run re-tuned it for a segment of the SKU."""
    out = np.full(past.skus.height, came_true.ALPHA)
    for row in tables.alarms(as_of).filter(pl.col("as_of") < as_of).iter_rows(named=True):
        inside = _inside(past, row["dimension"], row["segment"])
        out[inside] = row["alpha"]
    return out


def _inside(past: came_true.Past, dimension: str, segment: str) -> came_true.Array:
    if dimension == "all":
        return np.ones(past.skus.height, dtype=bool)
    return (past.skus[dimension] == segment).to_numpy()


def alarms(as_of: date) -> list[dict[str, Any]]:
    """Write ops.drift_alarms of a run; returns its rows."""
    stream = tables.stream(as_of)
    if stream.is_empty() or stream["scored_on"][-1] != as_of:
        return []
    before = tables.alarms(as_of).filter(pl.col("as_of") < as_of)
    if before.height:  # what came before an alarm is no reference for what is usual after it
        stream = stream.filter(pl.col("scored_on") > before["as_of"].max())
    quiet = max((row["as_of"] for row in _changes(as_of) if row["as_of"] < as_of), default=None)
    found = watch.drift(stream, as_of, quiet, settings.load().governance.false_alarm_days)
    past = tables.past(as_of, settings.load().planning.grain) if found else None
    version = stream.filter((pl.col("scored_on") == as_of) & (pl.col("role") == came_true.SERVING))["model_version"]
    rows = [_row(alarm, as_of, past, version[0] if version.len() else "") for alarm in found if past is not None]
    if rows:
        tables.keep_alarms(pl.DataFrame(rows), as_of)
    return rows


def _row(alarm: watch.Alarm, as_of: date, past: came_true.Past, version: str) -> dict[str, Any]:
    inside = _inside(past, alarm.dimension, alarm.segment)
    before = float(np.median(alphas(past, as_of)[inside])) if inside.any() else came_true.ALPHA
    alpha = came_true.retuned(past.demand[inside], RECENT_DAYS // past.days) if inside.any() else before
    where = "all SKUs" if alarm.dimension == "all" else f"{alarm.dimension.replace('_', ' ')} {alarm.segment}"
    what = {
        "score": f"forecasts of {where} got worse against the simple method",
        "input": f"demand of {where} left its level",
    }[alarm.kind]
    return {
        "as_of": as_of,
        "kind": alarm.kind,
        "dimension": alarm.dimension,
        "segment": alarm.segment,
        "model_version": version,
        "statistic": alarm.statistic,
        "threshold": alarm.threshold,
        "alpha_before": before,
        "alpha": alpha,
        "what": what,
        "remedy": f"train before the week is over: `stockproof run training --as-of {as_of}`",
    }


def reconsider(as_of: date) -> str:
    """Take the champion back where it is proven worse; returns its label, or nothing.

    A champion is taken back once, and none after it until a new version was promoted.
    """
    config = settings.load()
    try:
        known = registry.versions()
    except StockproofError:  # the registry away: the daily run goes on, and forecasts by simple statistics
        return ""
    champion = registry_versions.serving(known, as_of, config.planning.grain)
    before = registry_versions.previous(known, as_of, config.planning.grain)
    if champion is None or before is None or _just_taken_back(champion, as_of):
        return ""
    since = champion.since(as_of) or champion.trained_as_of
    held = tables.alarms(as_of).filter(
        (pl.col("as_of") > since) & (pl.col("kind") == "score") & (pl.col("dimension") != "all")
    )
    suspects = sorted(set(held.select("dimension", "segment").iter_rows()))
    proof = watch.worse(tables.stream(as_of), as_of, champion.label, since, suspects, config.governance.rollback_error)
    if proof is None:
        return ""
    where = "all SKUs" if proof.dimension == "all" else f"{proof.dimension.replace('_', ' ')} {proof.segment}"
    reason = (
        f"scaled pinball loss of {where} {proof.share:+.0%} against {proof.rival} in {proof.runs} runs since {proof.since} "
        f"(evidence {proof.evidence:,.0f}, threshold {proof.threshold:,.0f}: error rate {config.governance.rollback_error:.0%} a year)"
    )
    facts = asdict(proof) | {"since": proof.since.isoformat()}
    actions.roll_back(reason=reason, author=actions.PROGRAM, as_of=as_of, comparison=facts)
    return champion.label


def _just_taken_back(champion: Version, as_of: date) -> bool:
    """Whether the champion serves because the one after it was taken back: it stays until a new version is promoted."""
    changes = _changes(as_of)
    return bool(changes) and changes[-1]["action"] == "rolled back" and changes[-1]["replaces"] == champion.label


def _changes(as_of: date) -> list[dict[str, Any]]:
    rows = model_decisions.read().filter(
        pl.col("action").is_in(["promoted", "rolled back"]) & (pl.col("as_of") <= as_of)
    )
    return rows.to_dicts()
