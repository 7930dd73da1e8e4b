"""The picture of a spike on its way upstream: the tree of sites, a day a step, and what each tier ordered because of it."""

import json
import math
from collections import Counter
from html import escape
from typing import Any, Final

import numpy as np

from pipelines.engine import network_kernel as k
from pipelines.engine.kernel import Floats
from pipelines.twin import plot
from pipelines.twin import results as twin_results
from pipelines.twin.config import TwinNetwork
from pipelines.twin.measures import estimate
from pipelines.twin.run import Result, TwinPlan

WIDTH, HEIGHT = 1100, 330
NODE: Final = (150, 74)
BEFORE, AFTER = 5, 30
"""Days of the picture before and after the spike."""

COLOURS: Final = ("var(--ink)", "var(--hot)", "var(--cool)", "#8b5cf6", "#16a34a")

SCRIPT: Final = """
const spike = $DATA;
const slider = document.getElementById('day'), play = document.getElementById('play');
function show(day) {
  const i = day - spike.first;
  document.getElementById('when').textContent = 'day ' + day + (day >= spike.spike[0] && day <= spike.spike[1] ? ' (spike)' : '');
  spike.sites.forEach(s => {
    document.getElementById('held-' + s.id).setAttribute('width', (130 * Math.min(1, s.stock[i] / s.most)).toFixed(1));
    document.getElementById('text-' + s.id).textContent = Math.round(s.stock[i]).toLocaleString('en') + ' on hand';
    const lost = document.getElementById('lost-' + s.id);
    lost.textContent = s.lost[i] >= 0.5 ? Math.round(s.lost[i]).toLocaleString('en') + ' lost' : '';
    const flow = document.getElementById('flow-' + s.id), more = s.more[i];
    flow.setAttribute('stroke-width', Math.abs(more) < 0.5 ? 0 : (2 + 16 * Math.sqrt(Math.abs(more) / spike.top)).toFixed(1));
    flow.classList.toggle('less', more < 0);
    const units = (more > 0 ? '+' : '\\u2212') + Math.round(Math.abs(more)).toLocaleString('en');
    document.getElementById('more-' + s.id).textContent = Math.abs(more) < 0.5 ? '' : units;
  });
  const x = spike.left + (day - spike.first) / (spike.last - spike.first) * (spike.right - spike.left);
  ['x1', 'x2'].forEach(a => document.getElementById('cursor').setAttribute(a, x.toFixed(1)));
  slider.value = day;
}
slider.addEventListener('input', () => show(Number(slider.value)));
let timer = null;
play.addEventListener('click', () => {
  if (timer) { clearInterval(timer); timer = null; play.textContent = 'Play'; return; }
  play.textContent = 'Pause';
  timer = setInterval(() => { const next = Number(slider.value) + 1; show(next > spike.last ? spike.first : next); }, 500);
});
show(spike.spike[0] + 1);
"""


def section(plan: TwinPlan, base: Result, hit: Result) -> tuple[str, str]:
    """HTML and script of the section.

    Args:
        plan: how both were run.
        base: the world without the spike.
        hit: the same random streams with it.

    Returns:
        The section and the script that moves it.
    """
    spike = hit.scenario.spike_days or (0, 0)
    first, last = max(0, spike[0] - BEFORE), min(plan.days - 1, spike[1] + AFTER)
    data = _data(plan.network, base, hit, (first, last))
    script = SCRIPT.replace("$DATA", json.dumps(data))
    about = hit.scenario.about[:1].upper() + hit.scenario.about[1:]
    html = f"""<h2>A spike travels upstream</h2>
<p class="soft">{escape(about)}. Lanes: what a site ordered that day more (orange) or less (blue)
than in {escape(base.scenario.name)} on the same random streams, mean units. Bars: stock at the day's end.</p>
<div class="bar"><button id="play" type="button">Play</button><input id="day" type="range" min="{first}" max="{last}" aria-label="Day">
<strong id="when"></strong></div>
{_tree(plan.network)}
{_tiers(plan.network, base, hit, (first, last))}
{_bullwhip(plan.network, base, hit)}"""
    return html, script


def _data(network: TwinNetwork, base: Result, hit: Result, span: tuple[int, int]) -> dict[str, Any]:
    window = slice(span[0], span[1] + 1)
    sites, top = [], 1.0
    for j, site in enumerate(hit.site_ids):
        if site not in network.buyers:
            continue
        more = (hit.daily[:, j, k.ORDERED] - base.daily[:, j, k.ORDERED])[window]
        stock = hit.daily[window, j, k.STOCK]
        top = max(top, float(np.abs(more).max()))
        sites.append(
            {
                "id": str(j),
                "stock": _short(stock),
                "most": max(float(stock.max()), 1.0),
                "lost": _short(hit.daily[window, j, k.SHORT]),
                "more": _short(more),
            }
        )
    return {
        "first": span[0],
        "last": span[1],
        "spike": hit.scenario.spike_days,
        "top": top,
        "sites": sites,
        "left": plot.LEFT,
        "right": WIDTH - plot.RIGHT,
    }


def _short(values: Floats) -> list[float]:
    return [round(float(value), 1) for value in values]


def _tree(network: TwinNetwork) -> str:
    """The network: customers' end at the left, suppliers at the right."""
    sources = {site: network.buyers[site].source if site in network.buyers else None for site in network.sites}
    width, high = NODE
    tallest = max(Counter(x for x, _ in plot.layout(sources).values()).values())
    height = max(HEIGHT, tallest * (high + 20))
    places = {
        site: (20 + x * (WIDTH - width - 40), y * height - high / 2) for site, (x, y) in plot.layout(sources).items()
    }
    lanes, nodes = [], []
    for j, site in enumerate(network.sites):
        x, y = places[site]
        source = sources[site]
        if source is not None:
            lanes.append(_lane(j, (x + width, y + high / 2), (places[source][0], places[source][1] + high / 2)))
        nodes.append(_node(j, site, (x, y), source is not None))
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="The network">{"".join(lanes + nodes)}</svg>'


def _lane(j: int, start: tuple[float, float], end: tuple[float, float]) -> str:
    middle = (start[0] + end[0]) / 2
    way = f"M{start[0]:.0f} {start[1]:.0f}C{middle:.0f} {start[1]:.0f} {middle:.0f} {end[1]:.0f} {end[0]:.0f} {end[1]:.0f}"
    at = (start[0] + 0.3 * (end[0] - start[0]), start[1] + 0.22 * (end[1] - start[1]) - 12)
    return (
        f'<path class="lane" d="{way}"/><path class="flow" id="flow-{j}" stroke-width="0" d="{way}"/>'
        f'<text class="name" id="more-{j}" x="{at[0]:.0f}" y="{at[1]:.0f}" text-anchor="middle"></text>'
    )


def _node(j: int, site: str, at: tuple[float, float], holds: bool) -> str:
    x, y = at
    width, high = NODE
    box = f'<rect class="node" x="{x:.0f}" y="{y:.0f}" width="{width}" height="{high}" rx="8"/>'
    name = f'<text class="name" x="{x + 10:.0f}" y="{y + 19:.0f}">{escape(site)}</text>'
    if not holds:
        return box + name + f'<text x="{x + 10:.0f}" y="{y + 42:.0f}">without end</text>'
    return (
        f'{box}{name}<rect class="shelf" x="{x + 10:.0f}" y="{y + 28:.0f}" width="130" height="10" rx="3"/>'
        f'<rect class="held" id="held-{j}" x="{x + 10:.0f}" y="{y + 28:.0f}" width="0" height="10" rx="3"/>'
        f'<text class="figure" id="text-{j}" x="{x + 10:.0f}" y="{y + 58:.0f}"></text>'
        f'<text class="lost" id="lost-{j}" x="{x + 140:.0f}" y="{y + 58:.0f}" text-anchor="end"></text>'
    )


def _tiers(network: TwinNetwork, base: Result, hit: Result, span: tuple[int, int]) -> str:
    """Cumulative extra demand and orders of each tier, from the customers up."""
    extra = {"customers' demand": _sum(network, base, hit, list(network.stores), k.DEMAND)}
    extra["orders of the stores"] = _sum(network, base, hit, list(network.stores), k.ORDERED)
    if network.warehouses:
        extra["orders of the warehouses"] = _sum(network, base, hit, list(network.warehouses), k.ORDERED)
    lines = {name: np.cumsum(values)[span[0] : span[1] + 1] for name, values in extra.items()}
    low, high = min(float(one.min()) for one in lines.values()), max(float(one.max()) for one in lines.values())
    step = plot.ticks(high - low)[1]
    marks = [round(i * step, 9) for i in range(math.floor(low / step), math.ceil(high / step) + 1)]
    scale = (marks[0], marks[-1])
    parts = [
        plot.shade("spiked", (hit.scenario.spike_days or (0, 0)), *span, WIDTH),
        plot.frame("ordered because of the spike, so far (units)", *span, scale, marks, WIDTH),
    ]
    parts += [
        f'<path class="tier" style="stroke:{colour}" d="{plot.line(one.tolist(), span[0], scale, WIDTH)}"/>'
        for one, colour in zip(lines.values(), COLOURS, strict=False)
    ]
    parts.append(f'<line class="cursor" id="cursor" x1="0" x2="0" y1="{plot.TOP}" y2="{plot.FLOOR}"/>')
    names = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name)}, on its largest day +{extra[name].max():,.0f}</span>'
        for name, colour in zip(lines, COLOURS, strict=False)
    )
    picture = (
        f'<svg viewBox="0 0 {WIDTH} {plot.HEIGHT}" role="img" aria-label="Extra orders by tier">{"".join(parts)}</svg>'
    )
    return f'{picture}<p class="legend soft">{names}</p>'


def _sum(network: TwinNetwork, base: Result, hit: Result, sites: list[str], column: int) -> Floats:
    places = [hit.site_ids.index(site) for site in sites]
    total: Floats = (hit.daily - base.daily)[:, places, column].sum(axis=1)
    return total


def _bullwhip(network: TwinNetwork, base: Result, hit: Result) -> str:
    """Variance of a site's orders over that of the customers' demand it serves, with and without the spike."""
    rows = [
        f"<tr><td>{escape(site)}</td>"
        + "".join(
            f"<td>{twin_results.shown('bullwhip', estimate(one.sites[site]['bullwhip']))}</td>" for one in (base, hit)
        )
        + "</tr>"
        for site in [*network.stores, *network.warehouses]
    ]
    heads = f"<tr><th>bullwhip</th><th>{escape(base.scenario.name)}</th><th>{escape(hit.scenario.name)}</th></tr>"
    return (
        '<p class="soft">Bullwhip: variance of a site\'s daily orders ÷ variance of the demand of all customers it serves. '
        f"Above 1 the site makes the ups and downs larger; lots (S − s) do so even without a spike.</p>"
        f"<table>{heads}{''.join(rows)}</table>"
    )
