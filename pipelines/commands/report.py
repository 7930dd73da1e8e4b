"""``stockproof report``: write the planner's report of a run again and say where it is."""

import json
from datetime import datetime
from typing import Annotated

import typer

Day = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="As-of date of the run; without it, the newest run."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command(epilog="Example: stockproof report --as-of 2026-06-28")(report)


def report(
    as_of: Day = None, as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False
) -> None:
    """Write the report of a run again from its tables and print its path."""
    from pipelines.operations.advice import queries
    from pipelines.report import job, page, reading

    day = as_of.date() if as_of else reading.newest()
    result = job.run(day, queries.of_day(day))
    if as_json:
        typer.echo(json.dumps(result, indent=2))
        return
    typer.echo(page.line(result))
    typer.echo(result["path"])
