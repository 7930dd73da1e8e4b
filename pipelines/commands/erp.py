"""``stockproof erp seed | load | check``."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines import settings
from pipelines.core.errors import StockproofError

app = typer.Typer(help="The ERP: make a sample, load your own data, see what is usable.", no_args_is_help=True)
console = Console(highlight=False)

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
_COLOURS = {"usable": "green", "usable without": "yellow", "not usable": "red"}


@app.command(epilog="Example: stockproof erp seed --items 2016 --days 730 --until 2026-06-28")
def seed(  # noqa: PLR0913, PLR0917 a command's options are its arguments
    items: Annotated[int, typer.Option(help="Items of the catalogue, 1 to 100000.")] = 2016,
    days: Annotated[int, typer.Option(help="Recorded days.")] = 730,
    until: Annotated[
        datetime, typer.Option("--until", "--as-of", formats=["%Y-%m-%d"], help="Last recorded day.")
    ] = datetime(2026, 6, 28),  # noqa: DTZ001 a day, not a moment
    stores: Annotated[int, typer.Option(help="Stores beside the warehouse.")] = 0,
    suppliers: Annotated[int, typer.Option(help="Suppliers.")] = 60,
    seed: Annotated[int, typer.Option(help="Root seed: the same parameters give the same rows.")] = 42,
    dirty: Annotated[bool, typer.Option("--dirty/--no-dirty", help="Plant the listed faulty rows.")] = True,
    replace: Annotated[bool, typer.Option("--replace", help="Replace rows that no `erp seed` has written.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write again although the same sample is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write the sample ERP: two years of sales, stock and orders of a trading company, books in balance.

    The same sample is written once: repeating the command does nothing. Faulty rows are planted on purpose and listed in
    sample_erp.json in the state folder.
    """
    from pipelines.sample import writer
    from pipelines.sample.config import SampleConfig

    config = SampleConfig(items, days, until.date(), stores, suppliers, seed, dirty)
    _start_embedded(as_json)
    with _progress() as tell:
        state = writer.seed(config, tell, replace=replace, force=force)
    if not state["unchanged"]:
        _forget(give_up=True)
    if as_json:
        print(json.dumps(state | {"state_file": str(writer.state_file())}, indent=2))
    elif state["unchanged"]:
        console.print(f"this sample is already in {state['erp']}; --force writes it again", soft_wrap=True)
    else:
        _show_rows(state["rows"])
        planted = f"{len(state['planted'])} faulty rows planted and {len(state['counting_errors'])} counting errors"
        console.print(f"{planted}, listed in {writer.state_file()}", soft_wrap=True)


@app.command(
    epilog="Example: stockproof erp load ./my-erp   (holds items.csv, suppliers.csv, item_suppliers.csv, locations.csv, sales.csv …)"
)
def load(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="CSV, Excel or Parquet files named as the contract's tables.")
    ],
    encoding: Annotated[str, typer.Option(help="Encoding of CSV files, e.g. windows-1252 or utf-16.")] = "utf-8",
    decimal: Annotated[
        str, typer.Option(help="Decimal mark of CSV files, . or ,; with , a point separates thousands.")
    ] = ".",
    date_format: Annotated[str, typer.Option(help="Date format of CSV files, e.g. %d.%m.%Y.")] = "%Y-%m-%d",
    replace: Annotated[bool, typer.Option("--replace", help="Replace rows of an ERP that ERP_URL names.")] = False,
    as_json: Json = False,
) -> None:
    """Load your own data into the ERP database: checked as a whole, then one transaction a table.

    The header shows whether comma, semicolon or tab separates the columns. A German Excel writes CSV files that are read by
    --encoding windows-1252 --decimal , --date-format %d.%m.%Y.
    """
    from pipelines.onboarding import load as loading
    from pipelines.onboarding.load_format import TextFormat

    written = TextFormat(encoding, decimal, date_format)
    _start_embedded(as_json)
    with _progress() as tell:
        loaded = loading.load(folder, tell, replace=replace, written=written)
    _forget(give_up=False)
    if as_json:
        print(json.dumps(loaded.to_json(), indent=2))
        return
    for note in loaded.notes:
        console.print(f"[yellow]note[/] {escape(note)}", soft_wrap=True)
    _show_rows(loaded.rows)


@app.command(epilog="Example: stockproof erp check --json")
def check(as_json: Json = False) -> None:
    """Report which parts of the ERP are usable for planning; code 1 if planning is not possible."""
    from pipelines.onboarding import check as checking

    with Console(stderr=True).status("reading the ERP"):
        found = checking.check()
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        table = Table("table", "rows", "from", "to", "absent columns", box=None, pad_edge=False)
        for facts in found.tables:
            rows = "missing" if facts.rows is None else f"{facts.rows:,}"
            table.add_row(facts.table, rows, facts.first or "", facts.last or "", ", ".join(facts.lacks))
        console.print(table)
        for finding in found.findings:
            console.print(f"[{_COLOURS[finding.verdict]}]{finding.part}[/]: {escape(finding.sentence)}", soft_wrap=True)
        parts = (finding.part for finding in found.findings if finding.verdict == found.verdict != "usable")
        gaps = ", ".join(dict.fromkeys(parts))
        ending = {
            "usable": "usable",
            "usable without": f"usable, with gaps in: {gaps}",
            "not usable": f"not usable: {gaps}",
        }
        console.print(f"[bold {_COLOURS[found.verdict]}]{ending[found.verdict]}[/]", soft_wrap=True)
    if found.verdict == "not usable":
        raise typer.Exit(1)


@app.command(epilog="Example: ERP_URL=mysql://reader:…@erp.example/erp stockproof erp adopt")
def adopt() -> None:
    """Give the warehouse to the ERP configured now: rows extracted from another ERP, and models trained on them, are deleted."""
    from pipelines.extract import source

    source.give_up()
    console.print(f"the warehouse now belongs to {source.claim()}", soft_wrap=True)


def _forget(*, give_up: bool) -> None:
    """What the warehouse has of the rows that were just replaced is no longer true."""
    from pipelines.extract import source

    try:
        if give_up:
            source.give_up()
        else:
            source.refilled()
    except StockproofError as fault:
        notice = f"{fault.message}; if it holds rows of this ERP, run `stockproof erp adopt` when it is up"
        Console(stderr=True, highlight=False).print(f"[yellow]note[/] {escape(notice)}", soft_wrap=True)


def _start_embedded(as_json: bool) -> None:
    """The embedded database is started where none is named; a database of the user's own must be up."""
    if settings.load().erp.url is None:
        from pipelines.stack import servers

        servers.up(Console(stderr=True, highlight=False).print if as_json else console.print, airflow=False)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("starting", total=None)

        def tell(step: str, done: int, total: int) -> None:
            progress.update(bar, description=step, completed=done, total=total)

        yield tell


def _show_rows(rows: dict[str, Any]) -> None:
    table = Table("table", "rows", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for name, count in rows.items():
        table.add_row(name, f"{count:,}")
    console.print(table)
