"""``stockproof trace``: from an order line back to the rows it rests on."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape


def register(app: typer.Typer) -> None:
    """Add the command to ``stockproof``."""
    app.command(epilog="Example: stockproof trace SP-260628-A283654F77:3")(trace)


def trace(
    lines: Annotated[list[str], typer.Argument(metavar="ORDER:LINE…", help="Lines of `stockproof orders show`.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """From an order line back to approval, decision, policy, passport, forecast, model, marts and rows, each read again."""
    from pipelines.governance import trace as way

    traces = {line: way.trace(line) for line in lines}
    if as_json:
        each = [{"line": line, "steps": [asdict(step) for step in steps]} for line, steps in traces.items()]
        typer.echo(json.dumps(each[0] if len(each) == 1 else {"traces": each}, default=str))
        return
    console = Console(highlight=False)
    for line, steps in traces.items():
        if len(traces) > 1:
            console.print(f"[bold]{escape(line)}[/bold]")
        for step in steps:
            mark = {True: "equal", False: "differs", None: "read"}[step.agrees]
            console.print(f"[bold]{step.name}[/bold] ({mark}) {escape(step.why)}", soft_wrap=True)
            for name, value in step.facts.items():
                console.print(f"  {name}: {escape(str(value))}", soft_wrap=True)
