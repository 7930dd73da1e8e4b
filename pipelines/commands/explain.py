"""``stockproof explain``: why a SKU is ordered or not."""

import json
from datetime import datetime
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command(epilog="Example: stockproof explain ITEM-000001 --location WH-1")(explain)


def explain(
    item: Annotated[str, typer.Argument(help="item_id.")],
    location: Annotated[str | None, typer.Option("--location", help="Only this location.")] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="The run. Default: the newest."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: a list, one document a location.")] = False,
) -> None:
    """Why a SKU is ordered or not: decision, numbers, forecast, candidates, passport, what reverses the decision, what stood in the way."""
    from pipelines.briefing.queries import explain as query
    from pipelines.commands import explain_text

    found = query.explain(item, location, as_of.date() if as_of else None)
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in found], indent=2))
        return
    for one in found:
        explain_text.show(one)
