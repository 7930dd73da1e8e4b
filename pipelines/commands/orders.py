"""``stockproof orders list | show | export``: the proposals of a run and the orders made of them, for people and for programs."""

import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.briefing.notices import why
from pipelines.core.errors import StockproofError
from pipelines.core.text import count

if TYPE_CHECKING:
    import polars as pl

app = typer.Typer(help="Purchase orders: list, sign, change and export them.", no_args_is_help=True)

Day = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="As-of date of the run; without it, the newest run."
    ),
]


@app.command(
    name="export", epilog="Example: stockproof orders export --format csv --as-of 2026-06-28 --output orders.csv"
)
def export(
    form: Annotated[Literal["csv", "parquet", "json", "xlsx"], typer.Option("--format", help="File format.")] = "csv",
    as_of: Day = None,
    order: Annotated[list[str] | None, typer.Option(help="xlsx: this order alone; may be repeated.")] = None,
    output: Annotated[Path | None, typer.Option(help="File to write; without it, standard output.")] = None,
    why: Annotated[bool, typer.Option("--why", help="xlsx: a sheet for the buyer, why each line is there.")] = False,
) -> None:
    """Write the lines of a run's orders as they stand, sorted by location and item. xlsx: its orders, one sheet each, for vendors.

    For a degraded run, standard error and a first sheet of the workbook name the steps that failed.
    """
    from pipelines.io import files

    day = _run(as_of)
    note = _degraded_note(day)
    if note:
        typer.echo(note, err=True)
    content = _content(form, day, order or [], why=why)
    if output is None:
        sys.stdout.buffer.write(content)
        return
    files.write_named(output, content)


def _content(form: str, day: date, only: list[str], *, why: bool = False) -> bytes:
    from pipelines.briefing import tables as failed_steps

    if form == "xlsx":
        from pipelines.orders import reading
        from pipelines.orders.workbook import workbook

        # A workbook of single orders goes to their vendor as it is; that a step failed is for the buyer of the whole day.
        note = _degraded_note(day) if failed_steps.failed_steps(day) and not only else ""
        return workbook(reading.for_vendors(day, only), note, why=why)
    if why:
        raise StockproofError(f"--why needs --format xlsx, not {form}", "leave one of the two out")
    if only:
        raise StockproofError(f"--order needs --format xlsx, not {form}", "leave one of the two out")
    from pipelines.briefing.queries import ordered_lines
    from pipelines.purchase.export import encode

    return encode(ordered_lines.read(day), form)


def _degraded_note(day: date) -> str:
    """What a run was decided without, in a sentence; empty where no step failed."""
    from pipelines.briefing import tables as failed_steps

    return failed_steps.degraded(day)


@app.command(name="list", epilog="Example: stockproof orders list --as-of 2026-06-28 --json")
def show(as_of: Day = None, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show what a run proposes to buy, by supplier, and the state of the orders made of it."""
    from pipelines.briefing.queries import day_notices, ordered_lines
    from pipelines.orders import reading

    day = _run(as_of)
    vendors, orders, note = (
        ordered_lines.by_supplier(ordered_lines.read(day)),
        reading.of_date(day),
        _degraded_note(day),
    )
    notes = day_notices.of_day(day)
    if as_json:
        rows = vendors.with_columns(vendors["expected_by"].cast(str)).to_dicts()
        content = {
            "as_of": day.isoformat(),
            "degraded": note or None,
            "notices": notes,
            "suppliers": rows,
            "orders": orders,
        }
        typer.echo(json.dumps(content, indent=2, default=str))
        return
    console = Console(highlight=False)
    if note:
        console.print(note, style="bold red", markup=False, soft_wrap=True)
    console.print(_table(day, vendors))
    if orders:
        console.print(_orders(orders))
    for sentence in notes:
        console.print(sentence, markup=False, soft_wrap=True)


@app.command(name="show", epilog="Example: stockproof orders show SP-260628-A283654F77")
def one(
    order_id: Annotated[str, typer.Argument(metavar="ORDER")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show an order: its lines, why each is there, and who did what to it."""
    from pipelines.orders import reading

    order = reading.one(order_id)
    if as_json:
        typer.echo(json.dumps(order, indent=2, default=str))
        return
    console = Console(highlight=False)
    where = escape(f"{order['supplier_name'] or order['supplier_id']} → {order['location_id']}")
    console.print(f"[bold]{order_id}[/] {where}: {order['state']}, {order['order_value']:,.2f}")
    console.print(_lines(order["lines"]))
    for event in order["events"]:
        because = f": {event['reason']}" if event["reason"] else ""
        line = f" line {event['line_no']}" if event["line_no"] else ""
        console.print(
            f"{event['at']:%Y-%m-%d %H:%M:%S} {event['event']}{line} by {event['author']}{because}", markup=False
        )


def _run(as_of: datetime | None) -> date:
    from pipelines.briefing.queries import last_run

    return last_run.decided_on(as_of.date() if as_of else None)


def _table(day: date, vendors: "pl.DataFrame") -> Table:
    table = Table(
        title=f"Proposals of {day}: {count(int(vendors['lines'].sum()), 'line')}, {vendors['order_value'].sum():,.2f}",
        box=None,
    )
    table.add_column("supplier")
    for heading in ("lines", "units", "value", "high priority", "all by"):
        table.add_column(heading, justify="right")
    for row in vendors.iter_rows(named=True):
        name = (
            row["supplier_name"]
            if row["supplier_name"] == row["supplier_id"]
            else f"{row['supplier_id']} {row['supplier_name']}"
        )
        numbers = (
            f"{row['lines']:,}",
            f"{row['units']:,.0f}",
            f"{row['order_value']:,.2f}",
            f"{row['high_priority']:,}",
        )
        table.add_row(escape(name), *numbers, str(row["expected_by"]))
    return table


def _orders(orders: list[dict[str, Any]]) -> Table:
    table = Table(title="Orders", box=None)
    table.add_column("order", no_wrap=True, min_width=20)  # people copy it
    for heading in ("supplier", "location", "state"):
        table.add_column(heading)
    for heading in ("lines", "units", "value"):
        table.add_column(heading, justify="right")
    for row in orders:
        state = row["state"] + (
            " (look at it)" if row["needs_review"] and row["state"] in ("proposed", "overridden") else ""
        )
        numbers = (f"{row['lines']:,}", f"{row['units']:,.0f}", f"{row['order_value']:,.2f}")
        names = escape(row["supplier_name"] or row["supplier_id"]), escape(row["location_id"])
        table.add_row(row["order_id"], *names, state, *numbers)
    return table


def _lines(lines: list[dict[str, Any]]) -> Table:
    table = Table(box=None)
    for heading in ("line", "item", "quantity", "price", "expected", "why"):
        table.add_column(heading, justify="right" if heading in ("quantity", "price") else "left")
    for row in lines:
        changed = "" if row["quantity"] == row["proposed_quantity"] else f" (proposed {row['proposed_quantity']:.10g})"
        price = "" if row["unit_price"] is None else _price(row["unit_price"])
        reason = why(row["reason"] or row["reason_code"], row["alert"])
        table.add_row(
            str(row["line_no"]),
            escape(row["item_id"]),
            f"{row['quantity']:.10g}{changed}",
            price,
            _expected(row),
            escape(reason),
        )
    return table


def _price(value: float) -> str:
    """As many decimals as a price has, two to four: 10,000 screws at 0.028 are no 300.

    >>> _price(0.028), _price(1234.5)
    ('0.028', '1,234.50')
    """
    text = f"{value:,.4f}"
    return text[:-2] if text.endswith("00") else text.rstrip("0")


def _expected(row: dict[str, Any]) -> str:
    """When a line is expected, and when it is due where the vendor is known to take longer or less."""
    if row["expected_on"] in (None, row["agreed_on"]):
        return str(row["expected_on"] or "")
    return f"{row['expected_on']} (due {row['agreed_on']})"
