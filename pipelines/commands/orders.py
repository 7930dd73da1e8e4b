"""``stockproof orders``: the proposals of a run, for people and for programs."""

import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from pipelines.core.errors import StockproofError

if TYPE_CHECKING:
    import polars as pl

app = typer.Typer(help="Purchase order proposals: look at them, take them elsewhere.", no_args_is_help=True)

Day = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="As-of date of the run; without it, the newest run."
    ),
]

_PROPOSALS = """
select as_of, item_id, location_id, supplier_id, quantity, unit_price, expected_on, reason_code
from plan.proposals where as_of = :as_of
"""

_VENDORS = """
select d.supplier_id, coalesce(max(s.supplier_name), d.supplier_id) as supplier_name, count(*) as lines, sum(d.quantity) as units,
    sum(d.order_value) as order_value, count(*) filter (where d.priority = 'high') as high_priority, max(d.expected_on) as expected_by
from plan.decisions d left join marts.dim_supplier s on s.supplier_id = d.supplier_id
where d.as_of = :as_of and d.quantity > 0 group by d.supplier_id order by order_value desc, d.supplier_id
"""


@app.command(
    name="export", epilog="Example: stockproof orders export --format csv --as-of 2026-06-28 --output orders.csv"
)
def export(
    form: Annotated[Literal["csv", "parquet", "json"], typer.Option("--format", help="File format.")] = "csv",
    as_of: Day = None,
    output: Annotated[Path | None, typer.Option(help="File to write; without it, standard output.")] = None,
) -> None:
    """Write the proposals of a run, one row a line to order, sorted by location and item."""
    from pipelines.io import files, warehouse
    from pipelines.purchase.export import encode

    content = encode(warehouse.read(_PROPOSALS, as_of=_run(as_of)), form)
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        files.write_atomic(output, content)
    except OSError as fault:
        raise StockproofError(
            f"{output} cannot be written: {fault.strerror}", "name a file in a folder that exists and is writable"
        ) from None


@app.command(name="list", epilog="Example: stockproof orders list --as-of 2026-06-28 --json")
def show(as_of: Day = None, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show what a run proposes to buy, by supplier."""
    from pipelines.io import warehouse

    day = _run(as_of)
    vendors = warehouse.read(_VENDORS, as_of=day)
    if as_json:
        rows = vendors.with_columns(vendors["expected_by"].cast(str)).to_dicts()
        typer.echo(json.dumps({"as_of": day.isoformat(), "suppliers": rows}, indent=2))
        return
    Console(highlight=False).print(_table(day, vendors))


def _run(as_of: datetime | None) -> date:
    """The run asked for, or the newest.

    Raises:
        StockproofError: there is no such run.
    """
    from pipelines.io import warehouse

    ready = warehouse.read("select to_regclass('plan.decisions') is not null as ready")["ready"][0]
    runs = (
        warehouse.read("select distinct as_of from plan.decisions order by as_of")["as_of"].to_list() if ready else []
    )
    if as_of is None and runs:
        newest: date = runs[-1]
        return newest
    if as_of is not None and as_of.date() in runs:
        return as_of.date()
    wanted = f"for {as_of.date()}" if as_of else "yet"
    known = f" (runs exist for {', '.join(str(run) for run in runs[-5:])})" if runs else ""
    day = f" --as-of {as_of.date()}" if as_of else ""
    raise StockproofError(f"no daily run has decided orders {wanted}{known}", f"stockproof run daily{day}")


def _table(day: date, vendors: "pl.DataFrame") -> Table:
    table = Table(
        title=f"Proposals of {day}: {vendors['lines'].sum()} lines, {vendors['order_value'].sum():,.2f}", box=None
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
        table.add_row(name, *numbers, str(row["expected_by"]))
    return table
