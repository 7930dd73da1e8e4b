"""``stockproof outcomes``: what followed the decisions."""

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

app = typer.Typer(
    help="Outcomes of the decisions: service, stock, cost, forecasts, deliveries, changes of orders.",
    epilog="Example: stockproof outcomes --json | stockproof outcomes --item ITEM-000001 | stockproof outcomes vendors",
    invoke_without_command=True,
)

Day = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="Last day; without it, the newest held."),
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.callback()
def outcomes(
    context: typer.Context,
    item: Annotated[str | None, typer.Option(help="This item, day by day.")] = None,
    location: Annotated[str, typer.Option(help="The item at this location only.")] = "",
    weeks: Annotated[int, typer.Option(min=1, max=520, help="Weeks shown.")] = 8,
    as_of: Day = None,
    as_json: Json = False,
) -> None:
    """Show what followed the decisions, by week, or day by day of an item."""
    if context.invoked_subcommand is not None:
        return
    from pipelines.operations.outcomes import queries

    day = as_of.date() if as_of else queries.newest()
    if item:
        rows = queries.of_item(item, day, location)
        _show(rows, _ITEM, f"Outcomes of {item} up to {day}", as_json)
        return
    found = queries.summary(day, weeks)
    if as_json:
        typer.echo(json.dumps(found, indent=2, default=str))
        return
    for sentence in found["sentences"]:
        typer.echo(sentence)
    _show(found["weeks"], _WEEK, f"Weeks up to {day}", as_json=False)


@app.command(epilog="Example: stockproof outcomes vendors --json")
def vendors(as_of: Day = None, as_json: Json = False) -> None:
    """The weekly vendor review: the last whole week beside the quarter before."""
    from pipelines.operations.outcomes import queries

    day = as_of.date() if as_of else queries.newest()
    rows = queries.vendors(day)
    _show(rows, _VENDOR, f"Vendors in the week of {rows[0]['week_on']}" if rows else "No vendor to review", as_json)


_ITEM = {
    "day": "", "location_id": "", "sold": ",.10g", "lost": ",.1f", "on_hand": ",.10g", "total_cost": ",.2f", "proposed_quantity": ",.10g",
    "final_quantity": ",.10g", "change": "", "received_on": "", "late_days": "+d", "forecast_mean": ",.1f", "forecast_demand": ",.1f",
}  # fmt: skip
_WEEK = {
    "week_ends_on": "",
    "fill_rate": ".1%",
    "stockout_days": ",d",
    "stock_value": ",.0f",
    "holding_cost": ",.0f",
    "shortage_cost": ",.0f",
    "ordering_cost": ",.0f",
    "total_cost": ",.0f",
    "proposed_lines": ",d",
    "ordered_lines": ",d",
}
_VENDOR = {
    "supplier_id": "", "verdict": "", "receipts": "d", "on_time_share": ".0%", "usual_on_time_share": ".0%", "in_full_share": ".0%",
    "usual_in_full_share": ".0%", "late_days_mean": "+.1f", "usual_late_days_mean": "+.1f", "open_lines": "d", "overdue_lines": "d",
    "spend": ",.0f",
}  # fmt: skip


def _show(rows: list[dict[str, Any]], columns: dict[str, str], title: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=2, default=str))
        return
    table = Table(title=escape(title), box=None)
    for name, form in columns.items():
        table.add_column(name.replace("_", " "), justify="right" if form else "left")
    for row in rows:
        cells = (
            "–" if row[name] is None else format(row[name], form) if form else str(row[name])
            for name, form in columns.items()
        )
        table.add_row(*(escape(cell) for cell in cells))
    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=170)).print(table)
