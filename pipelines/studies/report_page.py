"""The report of a study or of a comparison: one self-contained page, which is printed as the PDF too. Pure."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import jinja2

from pipelines.render.formats import money, percent
from pipelines.studies import report_plots as plots

TEMPLATES: Final = Path(__file__).parent / "templates"

FIGURES: Final[tuple[tuple[str, str, Callable[[float | None], str]], ...]] = (
    ("service_level", "item-days in stock", lambda value: percent(value, 2)),
    ("stockout_rate", "stockout rate", lambda value: percent(value, 2)),
    ("fill_rate", "units filled", lambda value: percent(value, 2)),
    ("inventory_value", "mean inventory value", money),
    ("total_orders", "orders placed", money),
    ("holding_cost", "holding cost", money),
    ("ordering_cost", "ordering cost", money),
    ("shortage_cost", "shortage cost", money),
    ("total_cost", "total cost", money),
)
GROUPS: Final = (("category", "Categories"), ("supplier", "Suppliers"), ("class", "Demand classes"))
SHOWN: Final = 20


def study(
    answer: dict[str, Any],
    daily: list[dict[str, Any]],
    items: list[tuple[str, list[dict[str, Any]]]],
    worst: list[dict[str, Any]],
) -> str:
    """The page of one study.

    Args:
        answer: its document.
        daily: sums by week of the first variant, the ERP's rule and the books.
        items: title and days of the SKUs shown one by one.
        worst: SKUs that lose most.

    Returns:
        HTML; the same input gives the same bytes.
    """
    return _environment().get_template("study.html").render(
        answer=answer, metrics=_metrics(answer["global_metrics"]), curve=plots.trade_off(answer["trade_off_curve"]),
        points=answer["trade_off_curve"] if len(answer["variants"]) > 1 else [], stock=plots.stock_by_day(daily),
        groups=[_group(answer, name, title) for name, title in GROUPS], money=_money(answer["money"]), lost=answer["lost_sales_avoided"],
        items=[(title, plots.item_days(title, days)) for title, days in items if days], best=answer["item_level_summary"], worst=worst,
    )  # fmt: skip


def comparison(compared: dict[str, Any]) -> str:
    """The page of a comparison of studies."""
    labels = {name: (text, form) for name, text, form in FIGURES}
    for one in compared["comparisons"]:
        for row in one["figures"]:
            text, form = labels.get(row["metric"], (row["metric"].replace("_", " "), money))
            relative = None if row["relative"] is None else row["relative"] * 100.0
            row |= {
                "text": text,
                "percent": relative,
                "shown": [form(row[key]) for key in ("first", "second", "difference", "low", "high")],
            }
        one["plot"] = plots.bars(one["figures"], "text", "percent", "Change in percent by figure")
        one["questions"] = [{key: _plain(value) for key, value in row.items()} for row in one["questions"]]
    return _environment().get_template("comparison.html").render(compared=compared)


def _plain(value: Any) -> str:
    """A value of a question in words.

    >>> _plain(None), _plain([0.8, 0.9]), _plain(5000.0)
    ('–', '0.8, 0.9', '5000')
    """
    if value is None or value in ([], ""):
        return "–"
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    return f"{value:.10g}" if isinstance(value, float) else str(value)


_PRINT_STYLE: Final = (
    "<style>text{font-size:12px;fill:#1b2430}.tick{fill:#56616f}.grid{stroke:#dde1e6}.line{fill:none;stroke-width:2}"
    ".line.ours{stroke:#0b6e69}.line.incumbent{stroke:#a4560b;stroke-dasharray:6 3}.line.real{stroke:#5f6976}"
    "text.ours,.dot.ours,.mark.ours,.fill.ours{fill:#0b6e69}text.incumbent,.dot.incumbent,.mark.incumbent{fill:#a4560b}"
    "text.real,.mark.real{fill:#5f6976}.fill.loss,.empty{fill:#b3261e}</style>"
)
"""Of the plots on paper: there a page's own style does not reach into an SVG."""


def printable(html: str) -> str:
    """The page with the style of its plots inside them, for the PDF."""
    return re.sub(r"(<svg [^>]*>)", rf"\1{_PRINT_STYLE}", html)


def _metrics(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for name, text, form in FIGURES:
        one = metrics[name]
        improves = "improvement" in one
        change = one["improvement" if improves else "reduction"]
        theirs = one["against_incumbent"]
        rows.append(
            {
                "text": text,
                "sides": [form(one[side]) for side in ("real", "incumbent", "simulated")],
                "books": _change(change, one["low"], one["high"], improves),
                "rule": _change(
                    theirs["improvement" if improves else "reduction"], theirs["low"], theirs["high"], improves
                ),
            }
        )
    return rows


def _change(value: float | None, low: float | None, high: float | None, points: bool) -> str:
    """A change with its interval, signed as the figure moves: reductions as a share, improvements in points.

    >>> _change(0.1, 0.05, 0.15, False), _change(-1.5, None, None, True)
    ('−10.0% (−15.0% to −5.0%)', '−1.50 points')
    """
    if value is None:
        return "–"
    form, unit, sign = ("+.2f", " points", 1.0) if points else ("+.1%", "", -1.0)
    ends = "" if low is None or high is None else sorted((sign * low, sign * high))
    interval = f" ({ends[0]:{form}} to {ends[1]:{form}})" if ends else ""
    return f"{sign * value:{form}}{unit}{interval}".replace("-", "−")


def _group(answer: dict[str, Any], name: str, title: str) -> dict[str, Any]:
    rows = answer[f"{name}_breakdown"]
    return {
        "name": name,
        "title": title,
        "of": answer["breakdown_groups"][name],
        "plot": plots.bars(rows, name, "cost_saved"),
        "rows": [
            [
                row[name],
                f"{row['items']:,}",
                percent(row["service_level"]["simulated"], 2),
                percent(row["service_level"]["real"], 2),
                money(row["inventory_value"]["simulated"]),
                money(row["inventory_value"]["real"]),
                money(row["cost_saved"]),
            ]
            for row in rows[:SHOWN]
        ],
    }


def _money(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = []
    for name, text in (("books", "the books"), ("incumbent", "the ERP's rule")):
        for key, one in found.get(f"against_{name}", {}).items():
            ends = "" if one["low"] is None else f"{money(one['low'])} to {money(one['high'])}"
            rows.append((f"{key.replace('_', ' ')} against {text}", money(one["value"]), ends))
    returned = found.get("return_on_investment")
    if returned:
        rows.append(("saved a year", money(returned["saved_a_year"]), ""))
        if returned["payback_days"] is not None:
            rows.append(("the change pays back in", f"{returned['payback_days']:,.0f} days", ""))
    return rows


def _environment() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(money=money, percent=lambda value: percent(value, 2))
    return found
