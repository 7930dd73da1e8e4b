"""The table of the whole: each situation's truth, forecast, coverage, service and order, the verdict, and why what is off is off."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipelines.core.quantiles import LEVELS
from tests.worlds.best import served
from tests.worlds.company import REPLICAS, Situation
from tests.worlds.judge import NOTHING, SERVICE_WITHIN, SLACK
from tests.worlds.known_off import KNOWN_OFF, THROUGH_PRODUCT
from tests.worlds.product import Outcome
from tests.worlds.truth import Truth
from tests.worlds.whole import WHOLE

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "worlds.md"

UNEXPLAINED: Final = "not explained yet"

KEPT: Final = Path(__file__).resolve().parents[2] / "build" / "worlds.json"
"""Rows by company of earlier runs."""

HEAD: Final = """# Worlds

Companies whose true demand is known, played through the whole product: their rows are written into the ERP's tables, the steps of the daily
run follow, and forecasts and orders are compared with the truth. `make worlds` plays them and writes this page; `make test` plays the first
ones by their panels alone. {situations} situations, {replicas} replicas each at most, in {companies} companies, took {minutes:.0f} minutes.

- *truth*: expected demand of the protection interval (lead time + review period), units, mean over replicas.
- *buckets*, *periods*: forecast ÷ truth of the two forecasting systems. Where nothing more is asked for: ÷ what was once asked for.
- *cover*: share of true futures within the 5 % and 95 % quantiles of the protection interval; 0.90 is right.
- *service*: share of true futures in which the days that today's order serves lose nothing, and the target.
- *order*: units ordered ÷ the best order, which knows the distribution; where orders cost money per order, none.
- *verdict*: right where the forecast that the order follows is within 10 % (a few situations name another limit in `tests/worlds/`) and
  service within three points of the target, or of what the best order reaches in whole units.

| company | situation | truth | buckets | periods | cover | service | order | verdict |
|---|---|---:|---:|---:|---:|---:|---:|---|
"""


@dataclass(frozen=True)
class Row:
    """A situation through the product; see :data:`HEAD`. NaN where there is none."""

    company: str
    situation: str
    truth: float
    buckets: float
    periods: float
    cover: float
    service: float
    best_service: float
    target: float
    order: float
    excess: float
    model: str

    def __str__(self) -> str:
        return (
            f"{self.excess:6.2f} {self.situation}: truth {self.truth:.2f}, buckets {self.buckets:.2f}, periods {self.periods:.2f}, "
            f"cover {self.cover:.2f}, service {self.service:.3f} (best {self.best_service:.3f}), order {self.order:.2f}"
        )


def rows(truth: Truth, outcome: Outcome) -> list[Row]:
    """A row for each judged situation of a company."""
    return [_row(truth, outcome, one, at) for one in truth.company.situations if (at := truth.of(one)).size]


def _row(truth: Truth, outcome: Outcome, situation: Situation, rows: np.ndarray) -> Row:
    company, days = truth.company, situation.lead_time + truth.company.review
    expected = float(truth.expected(1, days)[rows].mean())
    once = float(np.mean([truth.mean[row].max() for row in rows])) * days
    scale = expected if expected > 0 else once
    periods = -(-days // company.review)
    by_period = np.nan
    if outcome.period_mean.shape[1] >= periods:
        whole = float(truth.expected(1, periods * company.review)[rows].mean())
        said = float(outcome.period_mean[rows, :periods].sum(axis=1).mean())
        by_period = said / (whole if whole > 0 else once)
    buckets = float(outcome.mean[rows].mean()) / scale
    demand = truth.paths(rows, days).sum(axis=2)
    low, high = (outcome.quantiles[rows, LEVELS.index(level)][:, None] for level in (0.05, 0.95))
    cover = float(((demand >= low - 1e-9) & (demand <= high + 1e-9)).mean())
    order = served(truth, situation, rows, outcome.ordered[rows])
    ratio = order.ordered / order.best if order.best > 0 and company.ordering_cost == 0 else np.nan
    followed = buckets if np.isnan(by_period) else by_period
    excess = _excess(followed, expected, situation, (order.service, order.best_service, company.target))
    return Row(
        company.name, situation.name, expected, buckets, by_period, cover, order.service, order.best_service, company.target, ratio, excess,
        outcome.model,
    )  # fmt: skip


def _excess(ratio: float, expected: float, situation: Situation, service: tuple[float, float, float]) -> float:
    """Distance from what is right, 1 at the limit."""
    if np.isnan(ratio):
        return float("inf")
    if expected <= 0:
        return ratio / NOTHING
    achieved, best, target = service
    short = max(target - achieved, achieved - max(best, target)) / SERVICE_WITHIN
    return float(max(abs(ratio - 1.0) / situation.mean_within, short))


def faults(found: list[Row], failed: list[str]) -> list[str]:
    """What is off and not listed, and what is listed and right by now."""
    out = [f"failed: {line}" for line in failed]
    out += [f"off: {row}" for row in found if row.excess > 1.0 and why(row.situation) == UNEXPLAINED]
    return out + [
        f"right by now, take it off the list: {row}"
        for row in found
        if row.excess < SLACK and row.situation in THROUGH_PRODUCT
    ]


def why(situation: str) -> str:
    """Why a situation is off through the product: its own reason, else that of its panels."""
    name = situation.removesuffix(", trained")
    reasons = (THROUGH_PRODUCT.get(situation), KNOWN_OFF.get((name, "periods")), KNOWN_OFF.get((name, "buckets")))
    return next((reason for reason in reasons if reason), UNEXPLAINED)


def keep(company: str, found: list[Row], seconds: float) -> None:
    """Put a company's rows into the page, beside those of the companies that were played before."""
    held = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    held[company] = {"seconds": seconds, "rows": [asdict(row) for row in found]}
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(held))
    PAGE.write_text(page(held, [one.name for one in WHOLE]))


def page(held: dict[str, Any], order: list[str]) -> str:
    """The page of all companies played so far.

    Args:
        held: company → seconds and rows.
        order: all companies.

    Returns:
        Markdown.
    """
    played = [name for name in order if name in held]
    found = [Row(**row) for name in played for row in held[name]["rows"]]
    minutes = sum(held[name]["seconds"] for name in played) / 60
    text = HEAD.format(situations=len(found), replicas=REPLICAS, companies=len(played), minutes=minutes)
    text += "".join(_line(row) for row in found)
    if missing := [name for name in order if name not in held]:
        text += f"\nNot played: {'; '.join(missing)}.\n"
    reasons: dict[str, list[str]] = {}
    for row in found:
        if row.excess > 1.0:
            reasons.setdefault(why(row.situation), []).append(row.situation)
    if reasons:
        text += "\n## What is off, and why\n\n"
    return text + "".join(f"- {why}: {'; '.join(names)}.\n" for why, names in reasons.items())


def _line(row: Row) -> str:
    verdict = "right" if row.excess <= 1.0 else "off"
    return (
        f"| {row.company} | {row.situation} | {row.truth:,.1f} | {row.buckets:.2f} | {_number(row.periods)} | {row.cover:.2f} | "
        f"{row.service:.3f} of {row.target:.2f} | {_number(row.order)} | {verdict} |\n"
    )


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"
