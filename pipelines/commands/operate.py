"""``stockproof preflight | metrics | advice | logs``: the running system."""

import json
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="For programs.")]

COLOURS = {"ok": "green", "degraded": "yellow", "stop": "red"}


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command(epilog="Example: stockproof preflight --as-of 2026-06-28")(preflight)
    app.command(epilog="Example: stockproof metrics > /var/lib/prometheus/node-exporter/stockproof.prom")(metrics)
    app.command(epilog="Example: stockproof advice --dag daily_replenishment")(advice)
    app.command(epilog="Example: stockproof logs --step forecast --since 2026-06-28 --level warning")(logs)


def preflight(
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Date to check the sales for.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check whether a run would find all it needs; code 1 if it would stop, 3 if the day would be degraded."""
    from pipelines.core.errors import StockproofError
    from pipelines.extract import preflight as required
    from pipelines.operations.preflight import queries

    found: list[dict[str, str]] = []
    try:
        facts = required.check(as_of.date() if as_of else date.today())  # noqa: DTZ011  # the day a run would be of
        words = f"{facts['tables']} tables of profile {facts['profile']}, newest sale {facts['newest_sale']}"
        found.append({"part": "ERP and warehouse", "grade": "ok", "what": words, "remedy": ""})
    except StockproofError as fault:
        found.append({"part": "ERP and warehouse", "grade": "stop", "what": fault.message, "remedy": fault.remedy})
    found += [{"part": one.part, "grade": one.grade, "what": one.what, "remedy": one.remedy} for one in queries.check()]
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        _table(found, ("part", "grade", "what", "remedy"), "grade")
    grades = {one["grade"] for one in found}
    if "stop" in grades or "degraded" in grades:
        raise typer.Exit(1 if "stop" in grades else 3)


def metrics() -> None:
    """All metrics of jobs and system in Prometheus' text format."""
    from pipelines.operations import queries

    print(queries.metrics_text(), end="")


def advice(
    dag: Annotated[str, typer.Option(help="Which DAG's newest run.")] = "daily_replenishment", as_json: Json = False
) -> None:
    """Slowest steps and queries of the newest run, against the runs before it, with what to change."""
    from pipelines.operations.advice import queries

    found = queries.advice(dag)
    if as_json:
        print(json.dumps(found, indent=2, default=str))
        return
    _table(found["steps"], ("step", "seconds", "usual_seconds", "memory_mb", "usual_memory_mb"))
    if found["queries"]:
        _table(found["queries"], ("step", "seconds", "calls", "query"))
    for sentence in found["advice"]:
        print(f"- {sentence}")


def logs(
    run: Annotated[str, typer.Option(help="Of this run.")] = "",
    sku: Annotated[str, typer.Option(help="Of this item, or item@location.")] = "",
    step: Annotated[str, typer.Option("--step", "--stage", help="Of this step.")] = "",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="From this time on.")
    ] = None,
    level: Annotated[str, typer.Option(help="At least debug, info, warning or error.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of lines; the newest are shown.")] = 200,
    as_json: Json = False,
) -> None:
    """Structured log of the runs, oldest line first; for a SKU, with its decisions."""
    from pipelines.operations.logs import queries

    found = queries.lines(run=run, sku=sku, step=step, since=since, level=level, limit=limit)
    for one in found:
        if as_json:
            print(json.dumps(one, default=str))
            continue
        where = " ".join(str(one.get(key) or "") for key in ("dag_id", "step", "item_id", "location_id")).split()
        print(f"{one['at']:%Y-%m-%d %H:%M:%S} {one['level']:<8} {' '.join(where)}: {one['event']}")


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...], coloured: str = "") -> None:
    table = Table(box=None, pad_edge=False)
    for heading in columns:
        table.add_column(heading.replace("_", " "), overflow="fold")
    for row in rows:
        cells = [f"{row[name]:,.1f}" if isinstance(row[name], float) else str(row[name] or "") for name in columns]
        if coloured:
            place = columns.index(coloured)
            cells[place] = f"[{COLOURS[cells[place]]}]{cells[place]}[/]"
        table.add_row(*cells)
    Console(highlight=False).print(table)
