"""Plots of a study's report as SVG: one source for the page and for the PDF. Pure."""

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Any, Final

from pipelines.render.formats import compact, money, percent
from pipelines.render.svg import Box, Scale, grid, months, path, svg, ticks

WIDTH: Final = 900
LABEL: Final = (130.0, 14.0)
"""Room of a label, so that none lies on another."""

KINDS: Final = {"recorded": "real", "incumbent": "incumbent", "candidate": "ours"}
"""Policy → class of its line."""

LABELS: Final = {"recorded": "the books", "incumbent": "ERP's rule", "candidate": "our policy"}


def trade_off(points: Sequence[dict[str, Any]]) -> str:
    """Units filled against stock: a point a variant, the incumbent among them."""
    shown = [point for point in points if point["fill_rate"] is not None and point["inventory_value"] is not None]
    if len(shown) < 2:
        return ""
    box = Box(WIDTH, 320, bottom=44)
    fills, stocks = [point["fill_rate"] for point in shown], [point["inventory_value"] for point in shown]
    marks, across = ticks(min(fills), min(max(fills) + 1e-4, 1.0)), ticks(min(stocks), max(stocks))
    x, y = Scale(across[0], across[-1], box.left, box.width - 120), box.up(marks[0], marks[-1])
    parts = [grid(marks, y, box, percent=True)]
    parts += [
        f'<text class="tick" x="{x(mark):.1f}" y="{box.floor + 18}" text-anchor="middle">{compact(mark)}</text>'
        for mark in across
    ]
    middle, foot = (box.left + box.width) / 2, box.height - 6
    parts.append(f'<text class="tick" x="{middle:.0f}" y="{foot}" text-anchor="middle">mean inventory value</text>')
    for policy in dict.fromkeys(point["policy"] for point in shown if point["policy"] != "incumbent"):
        own = sorted(
            (point for point in shown if point["policy"] == policy), key=lambda point: point["inventory_value"]
        )
        parts.append(
            f'<path class="line ours" d="{path([(x(p["inventory_value"]), y(p["fill_rate"])) for p in own])}"/>'
        )
    taken: list[tuple[float, float]] = []
    for point in sorted(shown, key=lambda point: -point["fill_rate"]):
        kind = "incumbent" if point["policy"] == "incumbent" else "ours"
        at, up = x(point["inventory_value"]), y(point["fill_rate"])
        tip = f"{point['variant']}: {money(point['inventory_value'])} in stock, {percent(point['fill_rate'], 2)} of units filled"
        parts.append(
            f'<circle class="dot {kind}" cx="{at:.1f}" cy="{up:.1f}" r="5"><title>{escape(tip)}</title></circle>'
        )
        while any(abs(at - left) < LABEL[0] and abs(up - above) < LABEL[1] for left, above in taken):
            up += 2.0
        taken.append((at, up))
        parts.append(f'<text class="end {kind}" x="{at + 9:.1f}" y="{up + 4:.1f}">{escape(point["variant"])}</text>')
    return svg("Units filled against mean inventory value", WIDTH, box.height, parts)


def stock_by_day(rows: Sequence[dict[str, Any]]) -> str:
    """Inventory value by day in the books, under the ERP's rule and under our policy."""
    return _lines("Inventory value by day", [{**row, "value": row["stock_value"]} for row in rows])


def item_days(title: str, rows: Sequence[dict[str, Any]]) -> str:
    """Stock of one SKU day by day, with orders (marks below) and days without stock (marks above) of each policy."""
    return _lines(title, [{**row, "value": max(row["on_hand"], 0.0)} for row in rows], events=True)


def _lines(title: str, rows: Sequence[dict[str, Any]], *, events: bool = False) -> str:
    if not rows:
        return ""
    box = Box(WIDTH, 300 if events else 260, right=110, bottom=70 if events else 26)
    days = [_day(row) for row in rows]
    x = box.across(min(days), max(days))
    marks = ticks(0.0, max(*(row["value"] for row in rows), 1e-9))
    y = box.up(0.0, marks[-1])
    parts, ends = [grid(marks, y, box), months(min(days), max(days), x, box)], []
    for k, policy in enumerate(name for name in KINDS if any(row["policy"] == name for row in rows)):
        line = [row for row in rows if row["policy"] == policy]
        drawn = path([(x(_day(row)), y(row["value"])) for row in line])
        parts.append(f'<path class="line {KINDS[policy]}" d="{drawn}"><title>{LABELS[policy]}</title></path>')
        ends.append((y(line[-1]["value"]), policy))
        if events:
            parts += _events(line, policy, x, box, k)
    floor = -1e9
    for up, policy in sorted(ends):
        floor = max(up, floor + 14)
        parts.append(
            f'<text class="end {KINDS[policy]}" x="{box.width - box.right + 6}" y="{floor + 4:.1f}">{LABELS[policy]}</text>'
        )
    return svg(title, WIDTH, box.height, parts)


def _events(line: Sequence[dict[str, Any]], policy: str, x: Scale, box: Box, row: int) -> list[str]:
    """Orders as triangles, days without stock as bars, in a lane of the policy below the axis."""
    lane = box.floor + 8 + 12 * row
    kind = KINDS[policy]
    found = []
    for day in line:
        at = x(_day(day))
        if day["ordered"] > 0:
            tip = f"{LABELS[policy]}: {day['ordered']:g} ordered on {day['day']}"
            corners = f"M{at - 4:.1f} {lane + 8}L{at + 4:.1f} {lane + 8}L{at:.1f} {lane}Z"
            found.append(f'<path class="mark {kind}" d="{corners}"><title>{tip}</title></path>')
        if day["on_hand"] <= 1e-9:
            found.append(f'<rect class="empty" x="{at - 1:.1f}" y="{lane + 8}" width="2" height="3"/>')
    return found


def _day(row: dict[str, Any]) -> date:
    return row["day"] if isinstance(row["day"], date) else date.fromisoformat(row["day"])


def bars(rows: Sequence[dict[str, Any]], name: str, value: str, title: str = "", most: int = 12) -> str:
    """Bars of a value by name, in order; below zero to the left of the axis."""
    shown = [row for row in rows if row[value] is not None][:most]
    if not shown:
        return ""
    height, left = 22 * len(shown) + 30, 190
    low, high = min(0.0, *(row[value] for row in shown)), max(0.0, *(row[value] for row in shown), 1e-9)
    x = Scale(low, high, left, WIDTH - 90)
    parts = []
    for k, row in enumerate(shown):
        up, end = 8 + 22 * k, x(row[value])
        kind = "ours" if row[value] >= 0 or title else "loss"
        parts.append(
            f'<text class="tick" x="{left - 8}" y="{up + 12}" text-anchor="end">{escape(str(row[name])[:26])}</text>'
        )
        parts.append(
            f'<rect class="fill {kind}" x="{min(x(0.0), end):.1f}" y="{up}" width="{abs(end - x(0.0)):.1f}" height="15"/>'
        )
        parts.append(f'<text class="tick" x="{max(end, x(0.0)) + 6:.1f}" y="{up + 12}">{compact(row[value])}</text>')
    return svg(title or f"Benefit by {name}", WIDTH, height, parts)
