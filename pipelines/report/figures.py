"""Plots as inline SVG: no script, no font to fetch, the same bytes for the same numbers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from pipelines.render.svg import Box, Scale, grid, months, path, percent_tick, shares, svg, ticks

WIDTH = 920
"""Width of a plot that fills the page, pixels."""


@dataclass(frozen=True)
class Line:
    """A line of a time plot.

    Attributes:
        name: label at its right end.
        css: class that gives colour and dash (see templates/_style.html).
        values: one a day; None breaks the line.
    """

    name: str
    css: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Expected:
    """Forecast of one bucket, units.

    Attributes:
        day: first day of the bucket.
        mean: expected demand.
        inner: ends of the 50 % band.
        outer: ends of the 90 % band.
    """

    day: date
    mean: float
    inner: tuple[float, float]
    outer: tuple[float, float]


def lines(title: str, days: Sequence[date], series: Sequence[Line], *, percent: bool = False) -> str:
    """Lines over days, labelled at their right ends.

    Args:
        title: what the plot shows, for screen readers.
        days: ascending, at least one.
        series: lines of ``len(days)`` values each.
        percent: values are shares; the axis reads in percent and need not begin at zero.

    Returns:
        An ``<svg>`` element.
    """
    box = Box(WIDTH, 240, right=118)
    known = [v for line in series for v in line.values if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    marks = shares(low) if percent else ticks(0.0, high)
    x, y = box.across(days[0], days[-1]), box.up(marks[0], marks[-1])
    parts, ends = [grid(marks, y, box, percent=percent), months(days[0], days[-1], x, box)], []
    for line in series:
        points = [None if v is None else (x(day), y(v)) for day, v in zip(days, line.values, strict=True)]
        parts.append(f'<path class="line {line.css}" d="{path(points)}"/>')
        last = next((p for p in reversed(points) if p), None)
        if last:
            ends.append((last[1], line))
    return svg(title, box.width, box.height, [*parts, _end_labels(ends, box)])


def forecast(
    title: str,
    history: Sequence[tuple[date, float, bool]],
    future: Sequence[Expected],
    until: date,
    bucket_days: int = 1,
) -> str:
    """History as bars, the forecast as its mean with a 50 % and a 90 % band; half as wide as the page.

    Args:
        title: what the plot shows, for screen readers.
        history: (first day of the bucket, demand, was it a stockout bucket), sparse and ascending.
        future: ascending, at least one.
        until: the as-of date; a line marks its end.
        bucket_days: days in a bucket.

    Returns:
        An ``<svg>`` element.
    """
    box, bucket = Box(460, 200, left=40), timedelta(days=bucket_days)
    first, last = min([h[0] for h in history] + [until - 28 * bucket]), future[-1].day + bucket
    marks = ticks(0.0, max([h[1] for h in history] + [f.outer[1] for f in future] + [1.0]), 3)
    x, y = box.across(first, last), box.up(0.0, marks[-1])
    parts = [grid(marks, y, box), months(first, last, x, box)]
    parts += _history(history, x, y, box, max((x(first + bucket) - x(first)) * 0.8, 1.0))

    def stairs(values: Sequence[float]) -> list[tuple[float, float]]:
        return [(x(f.day + k * bucket), y(v)) for f, v in zip(future, values, strict=True) for k in (0, 1)]

    for css, ends in (("band wide", [f.outer for f in future]), ("band", [f.inner for f in future])):
        edge = [*stairs([high for _, high in ends]), *reversed(stairs([low for low, _ in ends]))]
        parts.append(f'<path class="{css}" d="{path(edge)}Z"/>')
    parts.append(f'<path class="line candidate" d="{path(stairs([f.mean for f in future]))}"/>')
    now = x(until + timedelta(days=1))
    parts.append(f'<line class="now" x1="{now:.1f}" x2="{now:.1f}" y1="{box.top}" y2="{box.floor}"/>')
    return svg(title, box.width, box.height, parts)


def _history(history: Sequence[tuple[date, float, bool]], x: Scale, y: Scale, box: Box, width: float) -> list[str]:
    parts = []
    for day, value, stockout in history:
        # A stockout bucket without a sale still shows: a stub on the axis.
        top = y(value) if value > 0 else box.floor - 3
        size = f'x="{x(day):.1f}" y="{top:.1f}" width="{width:.1f}" height="{box.floor - top:.1f}"'
        parts.append(f'<rect class="bar{" out" if stockout else ""}" {size}/>')
    return parts


def bars(title: str, rows: Sequence[tuple[str, float, str]]) -> str:
    """Horizontal bars with the label at the left and the figure at the right.

    Args:
        title: what the plot shows, for screen readers.
        rows: (label, value ≥ 0, figure as text).

    Returns:
        An ``<svg>`` element.
    """
    step, label, figure = 24, 210, 120
    longest = max((value for _, value, _ in rows), default=0.0) or 1.0
    parts = []
    for i, (name, value, text) in enumerate(rows):
        middle, length = i * step + step / 2, (WIDTH - label - figure) * value / longest
        shown = name if len(name) <= 32 else name[:31] + "…"
        parts.append(_name(shown, label - 10, middle))
        parts.append(f'<rect class="fill" x="{label}" y="{middle - 8:.1f}" width="{length:.1f}" height="16" rx="2"/>')
        parts.append(f'<text class="figure" x="{label + length + 8:.1f}" y="{middle + 4:.1f}">{escape(text)}</text>')
    return svg(title, WIDTH, max(len(rows), 1) * step, parts)


def dumbbells(title: str, rows: Sequence[tuple[str, float | None, float | None]]) -> str:
    """For each row, where a share stands under the ERP's rule (ring) and where under ours (dot).

    Args:
        title: what the plot shows, for screen readers.
        rows: (label, share under the ERP's rule, share under ours).

    Returns:
        An ``<svg>`` element.
    """
    step = 28
    box = Box(WIDTH, 8 + len(rows) * step + 26, left=210, right=40, top=8)
    marks = shares(min([s for _, *pair in rows for s in pair if s is not None], default=0.0))
    x, parts = Scale(marks[0], marks[-1], box.left, box.width - box.right), []
    for mark in marks:
        at = f"{x(mark):.1f}"
        parts.append(f'<line class="grid" x1="{at}" x2="{at}" y1="{box.top}" y2="{box.floor}"/>')
        text = percent_tick(mark, marks)
        parts.append(f'<text class="tick" x="{at}" y="{box.height - 8}" text-anchor="middle">{text}</text>')
    for i, (name, before, after) in enumerate(rows):
        middle = box.top + i * step + step / 2
        parts.append(_name(name, box.left - 16, middle))
        if before is not None and after is not None:
            ends = f'x1="{x(before):.1f}" x2="{x(after):.1f}" y1="{middle:.1f}" y2="{middle:.1f}"'
            parts.append(f'<line class="rod" {ends}/>')
        if before is not None:
            parts.append(f'<circle class="ring" cx="{x(before):.1f}" cy="{middle:.1f}" r="5.5"/>')
        if after is not None:
            parts.append(f'<circle class="dot" cx="{x(after):.1f}" cy="{middle:.1f}" r="5.5"/>')
    return svg(title, box.width, box.height, parts)


def _name(text: str, right: float, middle: float) -> str:
    return f'<text class="name" x="{right}" y="{middle + 4:.1f}" text-anchor="end">{escape(text)}</text>'


def _end_labels(ends: list[tuple[float, Line]], box: Box) -> str:
    """Names at the right ends, pushed apart so that none covers another."""
    parts, lowest = [], box.top - 12.0
    placed = sorted(ends, key=lambda end: end[0])
    room = box.floor - 14 * (len(placed) - 1)
    for i, (y, line) in enumerate(placed):
        lowest = max(min(y, room + 14 * i), lowest + 14)
        at = f'x="{box.width - box.right + 8}" y="{lowest + 4:.1f}"'
        parts.append(f'<text class="end {line.css}" {at}>{escape(line.name)}</text>')
    return "".join(parts)
