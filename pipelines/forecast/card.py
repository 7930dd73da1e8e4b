"""The model card: what a bundle was trained on, how good it is and where it is weak (Mitchell et al. 2019)."""

import math
from dataclasses import asdict
from typing import Any, Final

from pipelines.core.panel import CLASSES, Panel, class_codes
from pipelines.forecast.bundle import Manifest
from pipelines.forecast.promotion import PromotionVerdict
from pipelines.forecast.scoring import Scores
from pipelines.forecast.trained import Trained

WEAK_COVERAGE: Final = 0.02
"""Coverage this far below 95% is a weak spot."""

WEAK_BIAS: Final = 0.1
"""Bias of a class from which it is a weak spot."""

_COLUMNS: Final = ("demand_class", "method", "skus", "scaled_pinball", "rmsse", "bias", "coverage_95", "mae", "mape")


def facts(trained: Trained, panel: Panel, manifest: Manifest, verdict: PromotionVerdict) -> dict[str, Any]:
    """The card as JSON values.

    Args:
        trained: outcome of the training.
        panel: what it was trained on.
        manifest: of the bundle.
        verdict: what it was compared with, and what came of it.
    """
    codes = class_codes(panel.demand_class)
    return {
        "model": "stockproof-forecaster",
        "purpose": "demand of each SKU over the horizon, the protection interval and the review periods",
        **asdict(manifest),
        "classes": {name: int((codes == code).sum()) for code, name in enumerate(CLASSES)},
        "origins": trained.origins,
        "metrics": [_row(row) for row in trained.scores],
        "members": {name: _finite(rows[-1].scaled_pinball) for name, rows in trained.members_scores.items() if rows},
        "weak_spots": weak_spots(trained.scores, trained),
        "compared_with": verdict.against,
        "promoted": verdict.promote,
        "decision": verdict.reason,
        "comparison": verdict.facts(),
        "limits": [
            "demand that met an empty shelf is estimated, not known",
            "MAE and MAPE are shown because they are asked for; they choose nothing",
        ],
    }


def weak_spots(scores: list[Scores], trained: Trained) -> list[str]:
    """Where the bundle is weak, in sentences: classes with too little coverage, with bias, or beaten by a single member."""
    out = []
    for row in scores:
        if row.coverage_95 < 0.95 - WEAK_COVERAGE:
            out.append(f"{row.demand_class}: the 95% level covers {row.coverage_95:.1%} of lead-time demand")
        if abs(row.bias) > WEAK_BIAS:
            out.append(f"{row.demand_class}: bias {row.bias:+.1%}")
        alone = {
            name: each.scaled_pinball
            for name, rows in trained.members_scores.items()
            for each in rows
            if each.demand_class == row.demand_class
        }
        best = min(alone, key=lambda name: alone[name], default="")
        if best and alone[best] < row.scaled_pinball:
            out.append(
                f"{row.demand_class}: {best} alone scored {alone[best]:.4f} on this window, the bundle {row.scaled_pinball:.4f}"
            )
    return out


def markdown(card: dict[str, Any]) -> str:
    """The card for people.

    Args:
        card: of :func:`facts`.
    """
    head = (
        f"# Model card: {card['model']}, trained as of {card['trained_as_of']}\n\n"
        f"Forecasts {card['purpose']}.\n\n"
        f"- Data: {card['skus']:,} SKUs, {card['first_on']} to {card['trained_as_of']}, buckets of a {card['bucket']}; "
        f"fingerprint {card['data_hash']}\n- Classes: "
        + ", ".join(f"{name} {count:,}" for name, count in card["classes"].items())
        + f"\n- Configuration {card['config_hash']}, code {card['code_version']}\n"
        f"- Forecaster of review periods: {'part of the bundle' if card['period_model'] else 'none: no SKU needs it'}\n\n"
    )
    if not card["metrics"]:
        return head + f"Too little history for a window to judge on.\n\n## Decision\n\n{card['decision']}.\n"
    rows = "".join("| " + " | ".join(_cell(row[name]) for name in _COLUMNS) + " |\n" for row in card["metrics"])
    table = "| " + " | ".join(_COLUMNS) + " |\n" + "|---" * len(_COLUMNS) + "|\n" + rows
    weak = "".join(f"- {text}\n" for text in card["weak_spots"]) or "- none found on the newest window\n"
    limits = "".join(f"- {text}\n" for text in card["limits"])
    return (
        f"{head}## Lead-time demand on the newest window, which no choice had seen\n\n{table}\n## Weak spots\n\n{weak}\n"
        f"## Decision\n\n{card['decision']}.\n\n## Limits\n\n{limits}"
    )


def _row(row: Scores) -> dict[str, Any]:
    return {name: _finite(getattr(row, name)) for name in _COLUMNS}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
