"""What is known of models: versions, cards, decisions, scores of what came true, drift. Answers, never writes."""

import json
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines import settings
from pipelines.briefing.queries import accuracy_figures
from pipelines.core.errors import StockproofError
from pipelines.governance import names, plots, split, tables
from pipelines.governance.came_true import DIMENSIONS, SUMS
from pipelines.io import model_decisions, registry
from pipelines.io.registry_versions import Version


def models() -> list[dict[str, Any]]:
    """All versions, newest first.

    Returns:
        ``version, number, aliases, role, trained_as_of, bucket, serves, data_hash, code_version, decision`` each.

    Raises:
        StockproofError: the registry cannot be reached.
    """
    known = registry.versions()
    held = names.aliases(known, _bucket())
    return [_described(version, held) for version in known]


def model(name: str) -> dict[str, Any]:
    """One version: as in :func:`models`, with ``metrics`` of its training and its ``decisions``.

    Args:
        name: number, label or alias.

    Raises:
        StockproofError: there is none of that name, or the registry cannot be reached.
    """
    known = registry.versions()
    version = names.resolve(name, known, _bucket())
    about = [row for row in decisions() if version.label in (row["model_version"], row["replaces"])]
    return _described(version, names.aliases(known, _bucket())) | {
        "metrics": registry.metrics(version),
        "decisions": about,
    }


def card(name: str) -> dict[str, Any]:
    """The model card of a version: ``version``, ``facts`` and ``markdown``; raises as :func:`model`."""
    version = names.resolve(name, registry.versions(), _bucket())
    facts = json.loads(registry.artifact(version, "card.json"))
    return {"version": version.label, "facts": facts, "markdown": registry.artifact(version, "card.md").decode()}


def decisions() -> list[dict[str, Any]]:
    """The log of decisions on models, oldest first; ``comparison`` holds the figures that each rests on."""
    return [row | {"comparison": json.loads(row["comparison"])} for row in model_decisions.read().to_dicts()]


def newest_run() -> date | None:
    """Date of the newest run; None before the first."""
    return tables.newest_run()


def _described(version: Version, held: dict[str, Version]) -> dict[str, Any]:
    tags = version.tags
    return {
        "version": version.label,
        "number": version.number,
        "aliases": [alias for alias, named in held.items() if named == version],
        "role": version.role,
        "trained_as_of": version.trained_as_of,
        "bucket": tags.get("bucket", ""),
        "serves": [{"from": first, "until": last} for first, last in version.service()],
        "data_hash": tags.get("data_hash", ""),
        "code_version": tags.get("code_version", ""),
        "decision": tags.get("decision", ""),
    }


def _bucket() -> str:
    return settings.load().planning.grain


def accuracy(days: int = 28, by: str = "demand_class") -> list[dict[str, Any]]:
    """What became of forecasts: measures over the runs of the newest so many days.

    Args:
        days: runs that count.
        by: ``demand_class``, ``category`` or ``abc_class``.

    Returns:
        ``horizon, role, model_version, segment, windows, scaled_pinball, coverage_95, bias, rmsse, mae, mape`` by segment, ``all`` first.

    Raises:
        StockproofError: another ``by``, or nothing has come true yet.
    """
    if by not in DIMENSIONS:
        raise StockproofError(f"accuracy by {by} is not kept", f"it is kept by {', '.join(DIMENSIONS)}")
    last = tables.newest_scored()
    if last is None:
        raise StockproofError("no forecast has come true yet", "scores appear with the second daily run")
    rows = tables.outcomes(last - timedelta(days=days - 1), last)
    whole = rows.with_columns(segment=pl.lit("all"))
    both = pl.concat([whole, rows.with_columns(segment=pl.col(by))])
    summed = both.group_by("horizon", "role", "model_version", "segment").agg(pl.col("windows", *SUMS).sum())
    measured = summed.select(
        "horizon",
        "role",
        "model_version",
        "segment",
        "windows",
        scaled_pinball=pl.col("pinball") / pl.col("windows"),
        coverage_95=pl.col("covered") / pl.col("windows"),
        bias=pl.when(pl.col("demand") > 0).then(pl.col("mean") / pl.col("demand") - 1),
        rmsse=(pl.col("squared") / pl.col("windows")).sqrt(),
        mae=pl.col("absolute") / pl.col("windows"),
        mape=pl.when(pl.col("percent_skus") > 0).then(pl.col("percent") / pl.col("percent_skus")),
    )
    return measured.sort(pl.col("segment") != "all", "segment", "horizon", "role", "model_version").to_dicts()


def picture() -> bytes:
    """A PNG of the scores by run and of past forecasts beside what came.

    Raises:
        StockproofError: nothing has come true yet.
    """
    last = tables.newest_scored()
    found = accuracy_figures.figures(last) if last else None
    if found is None:
        raise StockproofError("no forecast has come true yet", "scores appear with the second daily run")
    return plots.accuracy(found)


def drift(since: date | None = None) -> list[dict[str, Any]]:
    """Alarms of drift, newest first; ``since``: those of later runs alone."""
    found = tables.alarms(date.max).sort("as_of", descending=True)
    return (found if since is None else found.filter(pl.col("as_of") > since)).to_dicts()


def training_asked() -> dict[str, Any] | None:
    """The newest alarm after the newest training of the champion or its challenger; None where no early training is asked for."""
    newest = max((version.trained_as_of for version in registry.versions()), default=None)
    open_alarms = drift(newest)
    return open_alarms[0] if open_alarms else None


def fan(item_id: str, location_id: str | None, made_on: date) -> list[dict[str, Any]]:
    """A SKU's forecasts of a past run by bucket beside the demand that followed, null where it is not known yet.

    Returns:
        ``location_id, bucket_on, mean, q050, q500, q950, demand``.
    """
    return tables.fan(item_id, location_id, made_on).to_dicts()


def share() -> dict[str, Any]:
    """The newest split of the SKUs between champion and challenger, and what became of both.

    Returns:
        ``share`` configured; where there was a split ``challenger, since, until, skus`` and ``differences``.
    """
    chosen, found = settings.load().governance.challenger_share, tables.newest_split()
    if found is None:
        return {"share": chosen, "challenger": None, "differences": []}
    since, until, label = found["since"], found["until"], found["model_version"]
    stream = tables.stream(date.max).filter(pl.col("scored_on") > since)
    rows = tables.arms(label, since, until)
    measured = [split.loss(stream, label)]
    for measure, name in (("cost a day", "cost"), ("fill rate", "fill")):
        skus = rows.select("stratum", "arm", before=pl.col(f"{name}_before"), after=pl.col(f"{name}_after"))
        measured.append(split.outcome(skus, measure))
    return {
        "share": chosen, "challenger": label, "since": since, "until": until, "skus": found["skus"],
        "differences": [asdict(one) for one in measured if one is not None],
    }  # fmt: skip
