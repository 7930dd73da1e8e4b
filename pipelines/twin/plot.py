"""Parts of a picture as SVG text: a plot of days, and a network drawn as a tree. Pure."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from pipelines.engine.kernel import Floats

WIDTH, HEIGHT, LEFT, RIGHT, TOP, FLOOR = 380, 170, 44, 8, 22, 148


def ticks(high: float, wanted: int = 3) -> list[float]:
    """Round numbers from 0 to at least ``high`` in steps of 1, 2 or 5 times a power of ten.

    >>> ticks(87.0)
    [0.0, 50.0, 100.0]
    >>> ticks(0.0)
    [0.0, 1.0]
    """
    if high <= 1e-6:
        return [0.0, 1.0]
    rough = high / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
    return [round(i * step, 9) for i in range(math.ceil(high / step - 1e-9) + 1)]


def across(day: float, first: int, last: int, width: int = WIDTH) -> float:
    """Pixel of a day."""
    return LEFT + (day - first) / max(last - first, 1) * (width - LEFT - RIGHT)


def line(values: Sequence[float], first: int, scale: tuple[float, float], width: int = WIDTH) -> str:
    """SVG path of a value a day.

    Args:
        values: the values.
        first: first day.
        scale: lowest and highest value of the axis.
        width: of the plot, pixels.

    Returns:
        The ``d`` of a path.
    """
    low, high = scale
    last = first + len(values) - 1
    points = [
        f"{across(first + i, first, last, width):.1f} {FLOOR - (value - low) / ((high - low) or 1.0) * (FLOOR - TOP):.1f}"
        for i, value in enumerate(values)
    ]
    return "M" + "L".join(points)


def frame(
    title: str, first: int, last: int, scale: tuple[float, float], marks: Sequence[float], width: int = WIDTH
) -> str:
    """Grid, ticks and title of a plot."""
    low, high = scale
    parts = [f'<text class="name" x="{LEFT}" y="13">{escape(title)}</text>']
    for mark in marks:
        y = FLOOR - (mark - low) / ((high - low) or 1.0) * (FLOOR - TOP)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        text = (f"{mark + 0.0:,.0f}" if mark == round(mark) else f"{mark:.6g}").replace("-", "\N{MINUS SIGN}")
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    step = max(1, round((last - first) / 6 / 5) * 5)
    for day in range(first - first % step + (step if first % step else 0), last + 1, step):
        x = across(day, first, last, width)
        parts.append(f'<text x="{x:.1f}" y="{FLOOR + 15}" text-anchor="middle">{day}</text>')
    return "".join(parts)


def shade(kind: str, days: tuple[float, float], first: int, last: int, width: int = WIDTH) -> str:
    """A band over some days."""
    x, end = (across(day, first, last, width) for day in days)
    return f'<rect class="{kind}" x="{x:.1f}" y="{TOP}" width="{max(end - x, 1.0):.1f}" height="{FLOOR - TOP}"/>'


def days(title: str, series: Mapping[str, Floats], base: str, warmup: int) -> str:
    """A plot of one quantity at one site under every scenario; the page's script shows one at a time over the base.

    Args:
        title: what it is.
        series: scenario → value a day.
        base: the scenario always shown.
        warmup: days at the start that do not count.

    Returns:
        An ``<svg>``.
    """
    marks = ticks(max(float(values.max()) for values in series.values()))
    lowest = min(0.0, *(float(values.min()) for values in series.values()))
    scale, last = (lowest, marks[-1]), len(series[base]) - 1
    parts = [shade("warm", (0, warmup), 0, last), frame(title, 0, last, scale, marks)]
    for name, values in series.items():
        kind = "series base" if name == base else "series"
        parts.append(f'<path class="{kind}" data-name="{escape(name)}" d="{line(values.tolist(), 0, scale)}"/>')
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'


def layout(sources: Mapping[str, str | None]) -> dict[str, tuple[float, float]]:
    """Places of the sites of a tree: customers' end at the left, suppliers at the right; shares of the width and the height.

    Args:
        sources: site → who supplies it, None for suppliers.

    Returns:
        Site → (x, y), each within 0 to 1.

    >>> layout({"supplier": None, "warehouse": "supplier", "a": "warehouse", "b": "warehouse"})["warehouse"]
    (0.5, 0.5)
    """
    depth = {site: _depth(site, sources) for site in sources}
    deepest = max(depth.values())
    places = {}
    for level in range(deepest + 1):
        members = [site for site in sources if depth[site] == level]
        for i, site in enumerate(members):
            places[site] = (1.0 - level / max(deepest, 1), (i + 0.5) / len(members))
    return places


def _depth(site: str, sources: Mapping[str, str | None]) -> int:
    above = sources[site]
    return 0 if above is None else 1 + _depth(above, sources)
