"""What a training leaves beside its model: parameters, metrics, pictures, the model card, and a row in the log of decisions."""

import json
from typing import Any

from models.recipe import to_json as recipe_to_json
from pipelines import settings
from pipelines.core.panel import Panel
from pipelines.forecast import card, plots, scoring
from pipelines.forecast.bundle import Manifest
from pipelines.forecast.promotion import PromotionVerdict
from pipelines.forecast.trained import Trained
from pipelines.io import model_decisions
from pipelines.io.registry_versions import CHAMPION, Version

AUTHOR = "stockproof"

_MEASURES = ("scaled_pinball", "scaled_crps", "rmsse", "bias", "coverage_95", "mae", "mape")


def parameters(trained: Trained, panel: Panel) -> dict[str, Any]:
    """Parameters of the run."""
    chosen = settings.load().model_dump(mode="json", include={"planning", "forecast"})
    flat = {f"{section}.{key}": value for section, values in chosen.items() for key, value in values.items()}
    methods = {f"method.{row.demand_class}": row.method for row in trained.scores}
    origins = ",".join(map(str, trained.origins))
    return {**flat, **methods, "skus": panel.skus, "buckets": panel.length, "origins": origins}


def metrics(trained: Trained, verdict: PromotionVerdict) -> dict[str, float]:
    """Metrics of the run: by class, of each member, and of the comparison with the champion."""
    out = {f"{row.demand_class}.{name}": float(getattr(row, name)) for row in trained.scores for name in _MEASURES}
    for member, rows in trained.members_scores.items():
        out |= {f"member.{member}.{row.demand_class}.scaled_pinball": row.scaled_pinball for row in rows}
    if verdict.champion is not None:
        out["champion.scaled_pinball"] = verdict.champion.scaled_pinball
    if verdict.comparison is not None:
        out |= {
            f"comparison.{name}": float(getattr(verdict.comparison, name))
            for name in ("difference", "low", "high", "error_rate")
        }
    return out


def artifacts(trained: Trained, panel: Panel, manifest: Manifest, verdict: PromotionVerdict) -> dict[str, str | bytes]:
    """Files of the run: recipe, decision, card, scores and pictures."""
    facts = card.facts(trained, panel, manifest, verdict)
    out: dict[str, str | bytes] = {
        "recipe.json": json.dumps(recipe_to_json(trained.model.recipe), indent=1),
        "decision.txt": verdict.reason + "\n",
        "card.json": json.dumps(facts, indent=1),
        "card.md": card.markdown(facts),
    }
    if trained.scores:
        out["scores.csv"] = scoring.table(trained.scores).write_csv()
        out["members.png"] = plots.members(trained.members_scores, trained.scores)
    if trained.judged_on is not None:
        out["calibration.png"] = plots.calibration(
            trained.judged_on, trained.recipe_judged, settings.load().forecast.min_training_data
        )
    return out


def log(version: Version, verdict: PromotionVerdict) -> None:
    """A row in the log of decisions."""
    _log(version, verdict.reason, verdict.against, verdict.facts())


def log_again(version: Version) -> None:
    """The same of a version that was registered before; a row that is there is not written again."""
    tags = version.tags
    _log(
        version,
        tags.get("decision", "registered"),
        tags.get("compared_with", ""),
        json.loads(tags.get("comparison", "{}")),
    )


def _log(version: Version, reason: str, against: str, facts: dict[str, object]) -> None:
    won = bool(version.service()) or version.role == CHAMPION
    model_decisions.add(
        version.trained_as_of,
        "promoted" if won else "kept",
        version.label,
        bucket=version.tags["bucket"],
        replaces=against if won else "",
        author=AUTHOR,
        reason=reason,
        comparison=facts,
    )
