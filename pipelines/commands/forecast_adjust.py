"""``stockproof forecast adjust | withdraw | adjustments``: what a planner knows beyond the history."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.commands import sign_in
from pipelines.commands.sign_in import By
from pipelines.core.text import units as written

console = Console(highlight=False)

Day = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="First run that uses it. Default: the marts' date."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def adjust(  # noqa: PLR0913, PLR0917 a command's options are its arguments
    item: Annotated[str | None, typer.Argument(help="item_id; or name --category or --location alone.")] = None,
    category: Annotated[str | None, typer.Option(help="Items of this category.")] = None,
    location: Annotated[str | None, typer.Option(help="At this location alone.")] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")] = None,
    factor: Annotated[float | None, typer.Option(help="Multiplies the demand of these days, e.g. 1.5.")] = None,
    units: Annotated[
        float | None, typer.Option(help="Units added in total over these days; needs one item at one location.")
    ] = None,
    reason: Annotated[str, typer.Option(help="What the history does not show.")] = "",
    by: By = None,
    file: Annotated[Path | None, typer.Option(help="CSV file of adjustments instead.")] = None,
    as_of: Day = None,
    as_json: Json = False,
) -> None:
    """Adjust the forecasts of coming days; the next run orders by it, and its lines name the reason."""
    from pipelines.forecast import adjusting

    one: dict[str, Any] = {
        "item_id": item, "category": category, "location_id": location, "from_on": _day(first), "to_on": _day(last), "factor": factor,
        "units": units, "reason": reason, "author": by,
    }  # fmt: skip
    rows = [one] if file is None else adjusting.from_file(file)
    for row in rows:
        row["author"] = sign_in.author(row["author"] or by, "planner", "adjust forecasts")
    numbers = adjusting.adjust(rows, _day(as_of))
    _answer({"adjustments": numbers}, f"recorded: adjustment {', '.join(map(str, numbers))}", as_json)


def withdraw(
    number: Annotated[int, typer.Argument(help="Number of the adjustment.")],
    reason: Annotated[str, typer.Option(help="Why it no longer holds.")] = "",
    by: By = None,
    as_of: Day = None,
    as_json: Json = False,
) -> None:
    """Take an adjustment back; it stays on record."""
    from pipelines.forecast import adjusting

    signer = sign_in.author(by, "planner", "adjust forecasts")
    row = adjusting.withdraw(number, reason, signer, _day(as_of))
    _answer({"withdrawn": number, "row": row}, f"adjustment {number} is withdrawn", as_json)


def adjustments(as_of: Day = None, as_json: Json = False) -> None:
    """List the adjustments in force, and how much closer to demand past ones were than the forecast."""
    from pipelines.forecast import adjustment_tables

    held = adjustment_tables.known(_day(as_of) or date.max).to_dicts()
    scores = adjustment_tables.scores()
    if as_json:
        typer.echo(json.dumps({"adjustments": held, "scores": scores}, default=str))
        return
    _table(
        held,
        (
            "adjustment_id",
            "item_id",
            "category",
            "location_id",
            "from_on",
            "to_on",
            "factor",
            "units",
            "reason",
            "author",
        ),
    )
    if scores:
        _table(scores, ("as_of", "item_id", "location_id", "base_mean", "mean", "demand", "value_added"))
        total = sum(row["value_added"] for row in scores)
        console.print(
            f"value added over {len(scores)} intervals: {written(round(total, 2))} units nearer to the demand"
        )


def register(app: typer.Typer) -> None:
    """Add the commands to ``stockproof forecast``."""
    example = "Example: stockproof forecast adjust I1 --from 2026-07-01 --to 2026-07-14 --factor 1.5 --reason 'trade fair' --by Ann"
    app.command(epilog=example)(adjust)
    app.command(epilog="Example: stockproof forecast withdraw 3 --reason 'fair cancelled' --by Ann")(withdraw)
    app.command(epilog="Example: stockproof forecast adjustments --json")(adjustments)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _answer(document: dict[str, Any], sentence: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(document))
    else:
        console.print(escape(sentence))


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if not rows:
        console.print("no adjustment is in force")
        return
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    console.print(table)


def _cell(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else escape(str(value))
