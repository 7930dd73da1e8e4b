"""``stockproof twin``: run a network of sites under scenarios, compare them, optimise its levels, write the report."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from pipelines.core.errors import StockproofError

if TYPE_CHECKING:
    from pipelines.twin.run import Result, TwinPlan

app = typer.Typer(
    help="The digital twin: a network of suppliers, warehouses and stores, under scenarios, on common random numbers.",
    no_args_is_help=True,
)

Days = Annotated[
    int | None, typer.Option(min=1, help="Days to simulate, warm-up included. Default: the network's (90).")
]
Seed = Annotated[int | None, typer.Option(min=0, help="Root of every random number. Default: the network's (42).")]
Replications = Annotated[
    int, typer.Option(min=1, help="Replications, each on a random stream of its own; intervals are over these.")
]
NetworkFile = Annotated[
    Path | None,
    typer.Option(
        "--network", metavar="FILE", help="Network in YAML. Default: one supplier, one warehouse, three stores."
    ),
]
OrderingRule = Annotated[
    str | None,
    typer.Option(
        "--ordering", metavar="RULE", help="What stores look at: inventory_position or on_hand. Default: the network's."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
ScenarioNames = Annotated[
    list[str] | None,
    typer.Option("--scenario", metavar="S", help="Repeat for several; join with + for both at once. Default: all."),
]


@app.command(epilog="Example: stockproof twin run --days 90 --scenario demand_spike --replications 200")
def run(
    days: Days = None,
    scenario: Annotated[
        str, typer.Option(metavar="S", help="`stockproof twin scenarios` lists them; join several with +.")
    ] = "normal",
    seed: Seed = None,
    replications: Replications = 200,
    network: NetworkFile = None,
    ordering: OrderingRule = None,
    daily: Annotated[
        bool, typer.Option("--daily", help="With --json: every site's days, means over replications.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run one scenario and print its metrics with 95% intervals."""
    from pipelines.twin import results as twin_results
    from pipelines.twin import run as twin
    from pipelines.twin import scenarios

    plan = _plan(network, days, seed, replications, ordering)
    result = twin.run(plan, scenarios.find(scenario))
    if as_json:
        typer.echo(json.dumps(twin_results.of_run(plan, result, daily=daily), indent=2))
        return
    console = Console(highlight=False)
    console.print(
        f"{plan.network.name}: {result.scenario.about}; {plan.days} days ({plan.network.warmup_days} of warm-up), "
        f"{plan.replications} replications, seed {plan.seed}",
        soft_wrap=True,
    )
    _show_run(console, result)
    _show_unseen(plan, [result])


@app.command(name="scenarios", epilog="Example: stockproof twin scenarios")
def list_scenarios(as_json: Json = False) -> None:
    """List the scenarios."""
    from pipelines.twin.scenarios import listed

    if as_json:
        typer.echo(json.dumps([asdict(one) for one in listed().values()], indent=2))
        return
    for one in listed().values():
        typer.echo(f"{one.name:18s} {one.about}")
    typer.echo("together: --scenario demand_spike+supplier_delay")


@app.command(epilog="Example: stockproof twin compare --scenario normal --scenario demand_spike+supplier_delay")
def compare(
    scenario: ScenarioNames = None,
    days: Days = None,
    seed: Seed = None,
    replications: Replications = 200,
    network: NetworkFile = None,
    ordering: OrderingRule = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table as Markdown.")] = False,
    as_json: Json = False,
) -> None:
    """Run scenarios on common random numbers: the first as it is, the others as the paired difference from it."""
    from pipelines.twin import results as twin_results

    plan = _plan(network, days, seed, replications, ordering)
    results = _results(plan, scenario or [])
    if as_json:
        typer.echo(json.dumps(twin_results.of_comparison(plan, results), indent=2))
        return
    heads, rows = twin_results.table(results)
    if markdown:
        typer.echo("\n".join(_markdown([heads, ["---"] * len(heads), *rows])))
        return
    shown = Table(*heads, box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*row)
    Console(highlight=False).print(shown)
    _show_unseen(plan, results)


@app.command(epilog="Example: stockproof twin optimise --kind s_S --write optimised.yaml")
def optimise(  # noqa: PLR0913, PLR0917
    kind: Annotated[str, typer.Option(metavar="KIND", help="s_S: both levels of each site; base_stock: one.")] = "s_S",
    scenario: Annotated[str, typer.Option(metavar="S", help="Scenario to optimise for.")] = "normal",
    trials: Annotated[int, typer.Option(min=1, help="Proposals of the optimiser, a SKU.")] = 300,
    days: Days = None,
    seed: Seed = None,
    replications: Replications = 200,
    network: NetworkFile = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the network with the levels found; `--network FILE` runs it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Search for the cheapest levels at no lower fill rate, and judge them on random streams that the search has not seen."""
    from pipelines.twin import optimise as optimiser
    from pipelines.twin import scenarios

    if kind not in ("s_S", "base_stock"):
        raise StockproofError(f"there is no kind of policy '{kind}'", "--kind s_S or --kind base_stock")
    plan, which = _plan(network, days, seed, replications, None), scenarios.find(scenario)
    search = optimiser.Search(kind="s_S" if kind == "s_S" else "base_stock", trials=trials)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("levels", total=trials * len(plan.network.skus))
        levels = optimiser.optimise(plan, which, search, lambda: progress.advance(bar))
    better = optimiser.with_found(plan.network, levels)
    saving = optimiser.compare(plan, which, better)
    if write:
        _write(write, better.model_dump(mode="json", exclude_none=True))
    if as_json:
        pairs = {site: {sku: list(pair) for sku, pair in skus.items()} for site, skus in levels.items()}
        typer.echo(json.dumps({"kind": kind, "scenario": which.name, "levels": pairs, **asdict(saving)}, indent=2))
        return
    _show_saving(levels, saving, plan.replications)


@app.command(epilog="Example: stockproof twin report --days 90")
def report(
    scenario: ScenarioNames = None,
    days: Days = None,
    seed: Seed = None,
    replications: Replications = 200,
    network: NetworkFile = None,
    ordering: OrderingRule = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where. Default: the reports folder of the state.")
    ] = None,
) -> None:
    """Write scenarios × metrics, each site's stock, orders and lost sales, and a spike's way upstream as one HTML file."""
    from pipelines.twin import job

    plan = _plan(network, days, seed, replications, ordering)
    typer.echo(str(job.write_page(plan, _results(plan, scenario or []), out)))


def _plan(
    network: Path | None, days: int | None, seed: int | None, replications: int, ordering: str | None
) -> "TwinPlan":
    from pipelines.twin import config
    from pipelines.twin.run import plan

    if ordering not in (None, "inventory_position", "on_hand"):
        raise StockproofError(
            f"there is no ordering rule '{ordering}'", "--ordering inventory_position or --ordering on_hand"
        )
    return plan(
        config.load(network),
        seed=seed,
        days=days,
        replications=replications,
        ordering=ordering,  # type: ignore[arg-type]
    )


def _results(plan: "TwinPlan", names: list[str]) -> "list[Result]":
    from pipelines.twin import run as twin
    from pipelines.twin import scenarios

    wanted = scenarios.several(names)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        return [twin.run(plan, one) for one in progress.track(wanted, description="scenarios")]


def _show_run(console: Console, result: "Result") -> None:
    from pipelines.twin import measures
    from pipelines.twin import results as twin_results

    shown = Table("metric", "network", *result.sites, box=None, pad_edge=False)
    for name, one in result.metrics.items():
        sites = [
            twin_results.shown(name, measures.estimate(metrics[name])).split(" (")[0]
            for metrics in result.sites.values()
        ]
        shown.add_row(name, twin_results.shown(name, one), *sites)
    console.print(shown)


def _show_unseen(plan: "TwinPlan", results: "list[Result]") -> None:
    from pipelines.twin import results as twin_results

    for sentence in twin_results.unseen(plan.days, results):
        typer.echo(sentence)


def _show_saving(levels: Any, saving: Any, replications: int) -> None:
    console = Console(highlight=False)
    shown = Table("site", "SKU", "reorder_point", "order_up_to", box=None, pad_edge=False)
    for site, skus in levels.items():
        for sku, (low, high) in skus.items():
            shown.add_row(site, sku, f"{low:,.0f}", f"{high:,.0f}")
    console.print(shown)
    part, fill = saving.saving, saving.fill_gain
    change = f"{part.mean:.1%} less" if part.mean >= 0 else f"{-part.mean:.1%} more"
    console.print(
        f"cost {saving.base_cost.mean:,.0f} → {saving.cost.mean:,.0f}: {change} "
        f"(saving {part.low:.1%} to {part.high:.1%}); fill rate {saving.base_fill.mean:.1%} → {saving.fill.mean:.1%} "
        f"({fill.low * 100:+.1f} to {fill.high * 100:+.1f} pts); {replications} replications the search has not seen",
        soft_wrap=True,
    )


def _markdown(rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in rows]


def _write(path: Path, content: dict[str, Any]) -> None:
    import yaml

    from pipelines.io import files

    files.write_named(path, yaml.safe_dump(content, sort_keys=False))
