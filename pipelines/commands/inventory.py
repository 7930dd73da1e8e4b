"""``stockproof report`` and ``stockproof report inventory``: the planner's report, and the stock's alone."""

import json
from datetime import datetime
from typing import Annotated, Literal

import typer

from pipelines.commands import report

app = typer.Typer(
    help="Write the report of a run again from its tables and print its path.",
    epilog="Example: stockproof report --as-of 2026-06-28 | stockproof report inventory --format xlsx",
    invoke_without_command=True,
)


@app.callback()
def whole(
    context: typer.Context,
    as_of: report.Day = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Write the report of a run again from its tables and print its path."""
    if context.invoked_subcommand is None:
        report.report(as_of, as_json)


@app.command(epilog="Example: stockproof report inventory --as-of 2026-06-28 --format xlsx")
def inventory(
    as_of: report.Day = None,
    form: Annotated[Literal["html", "xlsx", "json"], typer.Option("--format", help="File format.")] = "html",
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """The inventory report: where stock value lies, what runs out, what is in excess, what to expedite or cancel."""
    from pipelines.report import inventory_job, reading

    day: datetime | None = as_of
    facts, path = inventory_job.run(day.date() if day else reading.newest(), form)
    if as_json:
        typer.echo(json.dumps({**facts, "path": str(path)}, indent=2, ensure_ascii=False))
        return
    for sentence in facts["sentences"]:
        typer.echo(sentence)
    typer.echo(path)
