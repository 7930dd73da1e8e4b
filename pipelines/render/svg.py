"""Parts of a plot: scales, ticks, grid and paths, as text. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from pipelines.render.formats import compact


@dataclass(frozen=True)
class Box:
    """Size of a plot and the margins around its axes, pixels at full width."""

    width: int
    height: int
    left: int = 52
    right: int = 14
    top: int = 14
    bottom: int = 26

    @property
    def floor(self) -> int:
        """Where the axis of days lies."""
        return self.height - self.bottom

    def across(self, first: date, last: date) -> "Scale":
        """Scale of days."""
        return Scale(first.toordinal(), last.toordinal(), self.left, self.width - self.right)

    def up(self, low: float, high: float) -> "Scale":
        """Scale of values."""
        return Scale(low, high, self.floor, self.top)


class Scale:
    """A linear scale from values to pixels; days count as ordinals."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.start = low, start
        self.slope = (end - start) / ((high - low) or 1.0)

    def __call__(self, value: float | date) -> float:
        """Pixel of a value."""
        number = value.toordinal() if isinstance(value, date) else value
        return self.start + (number - self.low) * self.slope


def ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round numbers that cover a range (steps of 1, 2 or 5 times a power of ten).

    Args:
        low: smallest value.
        high: largest value, > low.
        wanted: about how many steps.

    Returns:
        Ascending ticks; the first ≤ low, the last ≥ high.

    >>> ticks(0, 87)
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    """
    if high - low <= 1e-6 * max(abs(low), abs(high), 1e-3):
        high = low + max(abs(low), 1.0)
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.75)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def shares(low: float) -> list[float]:
    """Ticks of shares from below ``low`` up to one.

    >>> shares(0.93)
    [0.92, 0.94, 0.96, 0.98, 1.0]
    """
    return [mark for mark in ticks(min(low, 0.995), 1.0) if mark <= 1.0 + 1e-9]


def svg(title: str, width: int, height: float, parts: Sequence[str]) -> str:
    """An ``<svg>`` element with its title for screen readers."""
    body, name = "".join(parts), escape(title)
    return f'<svg viewBox="0 0 {width} {height:.0f}" role="img" aria-label="{name}"><title>{name}</title>{body}</svg>'


def path(points: Sequence[tuple[float, float] | None]) -> str:
    """SVG path through points; None lifts the pen."""
    parts, down = [], False
    for point in points:
        if point is not None:
            parts.append(f"{'L' if down else 'M'}{point[0]:.1f} {point[1]:.1f}")
        down = point is not None
    return "".join(parts)


def grid(marks: Sequence[float], y: Scale, box: Box, *, percent: bool = False) -> str:
    """Horizontal lines with their values at the left."""
    parts = []
    for mark in marks:
        text = percent_tick(mark, marks) if percent else compact(mark)
        level, end = y(mark), box.width - box.right
        parts.append(f'<line class="grid" x1="{box.left}" x2="{end}" y1="{level:.1f}" y2="{level:.1f}"/>')
        parts.append(f'<text class="tick" x="{box.left - 8}" y="{level + 4:.1f}" text-anchor="end">{text}</text>')
    return "".join(parts)


def percent_tick(mark: float, marks: Sequence[float]) -> str:
    """A share as the text of a tick, with a decimal only where the steps need it."""
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    return f"{mark * 100:.{0 if step >= 0.0099 else 1}f}%"


def months(first: date, last: date, x: Scale, box: Box) -> str:
    """Names of the months at their first days; of every second one where more than eight are shown."""
    starts = [date(y, m, 1) for y in range(first.year, last.year + 1) for m in range(1, 13)]
    starts = [m for m in starts if first <= m <= last]
    if len(starts) > 8:
        starts = starts[::2]
    y = box.height - 8
    return "".join(f'<text class="tick" x="{x(m):.1f}" y="{y}" text-anchor="middle">{m:%Y-%m}</text>' for m in starts)
