"""The twin's report: scenarios × metrics, the spike's way upstream, each site's days. One HTML file that needs nothing else."""

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template

from pipelines.engine import network_kernel as k
from pipelines.twin import plot, spike
from pipelines.twin import results as twin_results
from pipelines.twin.measures import METRICS
from pipelines.twin.run import Result, TwinPlan

SHOWN = {"stock at the day's end": k.STOCK, "orders": k.ORDERED, "lost sales": k.SHORT}


def render(plan: TwinPlan, results: list[Result]) -> str:
    """The page.

    Args:
        plan: how the scenarios were run.
        results: the first is what the others are measured against.

    Returns:
        HTML.
    """
    base = results[0]
    others = results[1:] or results
    hit = next((one for one in results[1:] if one.scenario.spike_days and base.scenario.spike_days is None), None)
    # Nothing to show where the spike lies beyond the last day.
    inside = hit is not None and hit.scenario.spike_days is not None and hit.scenario.spike_days[1] < plan.days
    section, script = spike.section(plan, base, hit) if hit is not None and inside else ("", "")
    network = plan.network
    template = Template((files("pipelines.twin") / "page.html").read_text())
    return template.substitute(
        network=escape(network.name),
        about=escape(
            f"suppliers: {len(network.suppliers)}, warehouses: {len(network.warehouses)}, stores: {len(network.stores)}, "
            f"SKUs: {len(network.skus)} · {plan.days} days, the first {network.warmup_days} not counted · "
            f"{plan.replications} replications · seed {plan.seed}"
        ),
        table=_table(results),
        spike=section,
        base=escape(base.scenario.name),
        buttons="".join(_button(one) for one in others),
        plots="".join(_plots(plan, results)),
        words="".join(
            f"<tr><td>{name}</td><td style='text-align:left'>{escape(text)}</td></tr>" for name, text in METRICS.items()
        ),
        script=script,
    )


def _table(results: list[Result]) -> str:
    heads, rows = twin_results.table(results)
    first = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "".join(
        f"<tr><td>{escape(row[0])}</td>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{first}</tr>{body}</table>"


def _cell(text: str) -> str:
    """Figure, and its interval on a line of its own."""
    figure, _, interval = text.partition(" (")
    return f"{escape(figure)}<small>{escape(interval.rstrip(')'))}</small>" if interval else escape(figure)


def _button(result: Result) -> str:
    name = escape(result.scenario.name)
    return f'<button type="button" data-name="{name}" title="{escape(result.scenario.about)}" aria-pressed="false">{name}</button>'


def _plots(plan: TwinPlan, results: list[Result]) -> Iterator[str]:
    base = results[0]
    for j, site in enumerate(base.site_ids):
        if site not in plan.network.buyers:
            continue
        sells = plan.network.buyers[site].demand_multiplier > 0
        yield f"<h3>{escape(site)}</h3>"
        for title, column in SHOWN.items():
            what = ("owed to its stores", k.OWED) if column == k.SHORT and not sells else (title, column)
            series = {one.scenario.name: one.daily[:, j, what[1]] for one in results}
            yield plot.days(what[0], series, base.scenario.name, plan.network.warmup_days)
