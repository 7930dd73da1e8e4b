"""The section on forecasts that came true: scores by class, the course of the loss, past forecasts beside what came. Pure."""

from datetime import timedelta
from typing import Any

from pipelines.report import figures

_SIMPLE = "simple"


def context(found: dict[str, Any]) -> dict[str, Any]:
    """What the template needs.

    Args:
        found: from :func:`pipelines.briefing.queries.accuracy_figures.figures`.

    Returns:
        ``sentence, classes, course`` (an SVG, empty with a single run), ``made_on`` and ``fans``.
    """
    return {
        "sentence": _sentence(found["runs"]),
        "classes": [_row(row) for row in found["classes"]],
        "course": _course(found["runs"]),
        "made_on": found["made_on"],
        "fans": [_fan(example, found) for example in found["examples"] if example["forecast"]],
    }


def _sentence(runs: list[dict[str, Any]]) -> str:
    served, simple = _mean(runs, "serving"), _mean(runs, _SIMPLE)
    days = len({row["scored_on"] for row in runs})
    runs_of = "1 run" if days == 1 else f"{days} runs"
    if not simple or served is None:
        return f"Forecasts of {runs_of} have come true."
    return (
        f"In {runs_of} the scaled pinball loss of what served was {served / simple - 1:+.0%} against a simple method's."
    )


def _mean(runs: list[dict[str, Any]], role: str) -> float | None:
    rows = [row for row in runs if row["role"] == role]
    windows = sum(row["windows"] for row in rows)
    return sum(row["loss"] * row["windows"] for row in rows) / windows if windows else None


def _row(row: dict[str, Any]) -> dict[str, str]:
    return {
        "name": row["demand_class"], "horizon": "next days" if row["horizon"] == "next" else row["horizon"],
        "who": "simple method" if row["role"] == _SIMPLE else "what served", "windows": f"{row['windows']:,}",
        "loss": f"{row['loss']:.3f}", "coverage": f"{row['coverage']:.1%}", "bias": _share(row["bias"]),
        "mae": f"{row['mae']:.2f}", "mape": _share(row["mape"]),
    }  # fmt: skip


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:+.0%}" if value < 0 else f"{value:.0%}"


def _course(runs: list[dict[str, Any]]) -> str:
    days = sorted({row["scored_on"] for row in runs})
    if len(days) < 2:
        return ""
    lost = {(row["scored_on"], row["role"]): row["loss"] for row in runs}
    series = [
        figures.Line(name, css, [lost.get((day, role)) for day in days])
        for name, role, css in (("what served", "serving", "candidate"), ("simple method", _SIMPLE, "incumbent"))
    ]
    return figures.lines("Scaled pinball loss by run", days, series)


def _fan(example: dict[str, Any], found: dict[str, Any]) -> dict[str, str]:
    made_on, ahead = found["made_on"], example["forecast"]
    expected = [
        figures.Expected(row["bucket_on"], row["mean"], (row["q250"], row["q750"]), (row["q050"], row["q950"]))
        for row in ahead
    ]
    width = (ahead[1]["bucket_on"] - ahead[0]["bucket_on"]).days if len(ahead) > 1 else 1
    since = made_on - timedelta(days=28 * width)
    came = [(row["bucket_on"], row["quantity"], row["is_stockout"]) for row in example["demand"]]
    title = f"{example['item_id']} at {example['location_id']}"
    words = f"{title}: forecast of {made_on} and what came"
    drawn = figures.forecast(words, [one for one in came if one[0] > since], expected, made_on, width)
    return {"title": title, "note": f"{example['demand_class']}, {example['model_version']}", "plot": drawn}
