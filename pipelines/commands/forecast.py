"""``stockproof forecast``: how good the forecasts are."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import polars as pl

app = typer.Typer(help="Forecasts: how good they are, by demand class, horizon and ABC class.", no_args_is_help=True)
console = Console(highlight=False)

AsOf = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Date of the marts. Default: as they stand.")
]


@app.callback()
def _group() -> None:
    """Keeps `evaluate` a subcommand while it is the only one."""


@app.command(epilog="Example: stockproof forecast evaluate --as-of 2026-06-28")
def evaluate(
    as_of: AsOf = None, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> None:
    """Backtest all forecasters on the marts, rolling origin, and judge the choice on windows it has not seen."""
    from pipelines.forecast import evaluation

    with Console(stderr=True).status("backtest: fitting every member at every origin"):
        told = evaluation.run(as_of.date() if as_of else evaluation.newest())
    tables = {
        "by_class": told.by_class, "by_abc": told.by_abc, "by_horizon": told.by_horizon, "by_member": told.by_member,
    }  # fmt: skip
    if as_json:
        content = {name: json.loads(frame.write_json()) for name, frame in tables.items()}
        typer.echo(
            json.dumps({"as_of": told.as_of.isoformat(), "window": told.window, **content, "reasons": told.reasons})
        )
        return
    console.print(f"As of {told.as_of}; judged on the newest {told.window} buckets, chosen on earlier ones.")
    for name, frame in tables.items():
        console.print(_shown(name.replace("_", " "), frame))
    for reason in told.reasons.values():
        console.print(f"  {reason}")
    console.print(
        "MAE and MAPE are shown because they are asked for; they choose nothing: both reward forecasting zero."
    )


def _shown(title: str, frame: "pl.DataFrame") -> Table:
    table = Table(title=title, title_justify="left")
    for column, kind in frame.schema.items():
        table.add_column(column, justify="right" if kind.is_numeric() else "left")
    for row in frame.iter_rows():
        table.add_row(*(f"{value:.4f}" if isinstance(value, float) else str(value) for value in row))
    return table
