"""``stockproof vendors``: how vendors deliver, side by side and one by one."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

app = typer.Typer(
    help="Vendors measured from their receipts: scores, trend, risk, what to do.",
    epilog="Example: stockproof vendors --json | stockproof vendors show SUP-001 | stockproof vendors compare ITEM-000001",
    invoke_without_command=True,
)

Day = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="As-of date; without it, the newest scored."),
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.callback()
def ranked(context: typer.Context, as_of: Day = None, as_json: Json = False) -> None:
    """Rank all vendors."""
    if context.invoked_subcommand is not None:
        return
    from pipelines.vendors import reading

    day = reading.day(as_of.date() if as_of else None)
    vendors = reading.scores(day)
    if as_json:
        typer.echo(json.dumps({"as_of": day.isoformat(), "vendors": vendors}, indent=2, ensure_ascii=False))
        return
    _console().print(_ranking(f"Vendors of {day}: {len(vendors)}", vendors))


@app.command(epilog="Example: stockproof vendors show SUP-001")
def show(supplier_id: str, as_of: Day = None, as_json: Json = False) -> None:
    """Show one vendor: scores, figures, recommendations."""
    from pipelines.vendors import reading, report

    vendor = reading.detail(supplier_id, reading.day(as_of.date() if as_of else None))
    if as_json:
        typer.echo(json.dumps(vendor, indent=2, ensure_ascii=False))
        return
    console = _console()
    console.print(report.headline(vendor), style="bold", markup=False, soft_wrap=True)
    table = Table(box=None)
    for heading in ("dimension", "score", ""):
        table.add_column(heading, justify="right" if heading == "score" else "left")
    for name, title in report.NAMES.items():
        table.add_row(title, f"{vendor['scores'][name]:.0f}", report.MEANING[name])
    table.add_row("[bold]Total[/]", f"[bold]{vendor['total']:.1f}[/]", "")
    console.print(table)
    for sentence in vendor["recommendations"]:
        console.print(f"• {sentence}", markup=False, soft_wrap=True)


@app.command(epilog="Example: stockproof vendors compare ITEM-000001")
def compare(item_id: str, as_of: Day = None, as_json: Json = False) -> None:
    """Compare the vendors of an item."""
    from pipelines.vendors import reading

    day = reading.day(as_of.date() if as_of else None)
    rows = reading.compare(item_id, day)
    if as_json:
        typer.echo(json.dumps({"as_of": day.isoformat(), "item_id": item_id, "vendors": rows}, indent=2))
        return
    table = Table(title=f"Vendors of {escape(item_id)}, {day}", box=None)
    table.add_column("vendor")
    for heading in (
        "price",
        "paid",
        "agreed days",
        "median",
        "95% within",
        "on time",
        "minimum",
        "receipts",
        "total",
        "risk",
    ):
        table.add_column(heading, justify="right")
    for row in rows:
        name = f"{row['supplier_id']}{' (primary)' if row['is_primary'] else ''}{'' if row['is_active'] else ' (inactive)'}"
        table.add_row(
            escape(name),
            _number(row["purchase_price"], 2),
            _number(row["paid_price"], 2),
            _number(row["agreed_days"]),
            _number(row["lead_time_median"]),
            _number(row["lead_time_q95"]),
            _share(row["on_time_share"]),
            _number(row["min_order_qty"]),
            str(row["receipts"]),
            _number(row["total"]),
            row["risk"] or "–",
        )
    _console().print(table)


@app.command(epilog="Example: stockproof vendors report SUP-001 --format xlsx --output sup-001.xlsx")
def report(
    supplier_id: str,
    form: Annotated[Literal["html", "xlsx", "json"], typer.Option("--format", help="File format.")] = "html",
    as_of: Day = None,
    output: Annotated[
        Path | None, typer.Option(help="File to write; without it, in the state folder's reports.")
    ] = None,
) -> None:
    """Write a vendor's report and print its path."""
    from pipelines.io import files
    from pipelines.vendors import reading
    from pipelines.vendors.report import encode

    vendor = reading.detail(supplier_id, reading.day(as_of.date() if as_of else None))
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in supplier_id)
    path = output or files.state_dir("reports") / f"vendor-{safe}-{vendor['as_of']}.{form}"
    typer.echo(files.write_named(path, encode(vendor, form)))


def _ranking(title: str, vendors: list[dict[str, Any]]) -> Table:
    table = Table(title=title, box=None)
    for heading in ("", "vendor"):
        table.add_column(heading, justify="right" if not heading else "left")
    for heading in (
        "total",
        "could rank",
        "time",
        "on time",
        "quality",
        "cost",
        "reliable",
        "responsive",
        "sure",
        "receipts",
    ):
        table.add_column(heading, justify="right")
    for heading in ("trend", "risk"):
        table.add_column(heading)
    for row in vendors:
        table.add_row(
            str(row["rank"]),
            escape(row["supplier_id"]),
            f"{row['total']:.1f}",
            "–".join(map(str, row["rank_interval"])),
            *(f"{value:.0f}" for value in row["scores"].values()),
            f"{row['confidence']:.0%}",
            f"{row['receipts']:,}",
            row["trend"],
            row["risk"],
        )
    return table


def _number(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _console() -> Console:
    """A console wide enough for the table where the output is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=140)
