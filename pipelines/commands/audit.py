"""``stockproof audit verify``: whether the audit trail of orders is as it was written."""

import json
from typing import Annotated

import typer

from pipelines.core.errors import StockproofError

app = typer.Typer(help="The audit trail: who saw and who changed which order.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps ``verify`` a command of its own."""


@app.command(epilog="Example: stockproof audit verify")
def verify(
    head: Annotated[
        str,
        typer.Option(help="Hash that an earlier run printed: also detects a trail that was cut off and rewritten."),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Recompute the chain of hashes and compare it with the orders' events; code 1 if a row was changed, added or removed."""
    from pipelines.access import queries

    found = queries.verify(head)
    typer.echo(json.dumps(found, indent=2) if as_json else f"{found['rows']:,} rows, head {found['head'] or 'none'}")
    if found["faults"]:
        raise StockproofError(
            "the audit trail is not as it was written: " + "; ".join(found["faults"]), "see who owns the database"
        )
