"""``stockproof forecast``: what is forecast for an item, and how good the forecasts are."""

import json
import math
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from pipelines.commands import forecast_adjust, marts
from pipelines.core.text import count, units

if TYPE_CHECKING:
    import polars as pl

WIDE: Final = 160
"""Columns where no terminal says how wide it is; the tables have eleven."""

app = typer.Typer(help="Forecasts: of an item, and how good they are.", no_args_is_help=True)
forecast_adjust.register(app)
console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)

AsOf = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Date of the marts. Default: as they stand.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]
DRIVERS_SHOWN = 8


@app.command(epilog="Example: stockproof forecast show ITEM-000001 --location WH-1")
def show(
    item: Annotated[str, typer.Argument(help="item_id.")],
    location: Annotated[str | None, typer.Option("--location", help="Only this location.")] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """The newest forecast of an item: interval, risk of a stockout, method with its reason, what drives it, coming periods."""
    from pipelines.forecast import detail

    forecasts = detail.show(item, location, as_of.date() if as_of else None)
    if as_json:
        typer.echo(json.dumps(forecasts, default=_text))
        return
    for row in forecasts:
        _show(row)


@app.command(epilog="Example: stockproof forecast evaluate --as-of 2026-06-28")
def evaluate(as_of: AsOf = None, as_json: Json = False) -> None:
    """Backtest all forecasters on the marts over rolling origins, and judge each choice on the window after it.

    The scores are kept in plan.forecast_scores, and a picture of accuracy and calibration beside the reports.
    """
    from pipelines.forecast import evaluation_report

    if as_of is None:
        marts.tell()
    with Console(stderr=True).status("backtest: fitting every member at every origin"):
        evaluation = evaluation_report.run(as_of.date() if as_of else evaluation_report.newest())
        picture = evaluation_report.keep(evaluation)
    if as_json:
        frames = {"overall": evaluation.overall, "by_member": evaluation.by_member, "targets": evaluation.targets}
        content = {name: json.loads(frame.write_json()) for name, frame in frames.items()}
        about = {
            "as_of": evaluation.as_of,
            "window": evaluation.window,
            "origins": evaluation.origins,
            "all_zero_left_out": evaluation.left_out,
        }
        typer.echo(json.dumps({**about, **content, "reasons": evaluation.reasons, "picture": picture}, default=_text))
        return
    _evaluation(evaluation)
    console.print(f"Picture: {picture}")


def _evaluation(evaluation: Any) -> None:
    import polars as pl

    days = ", ".join(str(day) for day in evaluation.origins)
    console.print(
        f"As of {evaluation.as_of}: judged on the {evaluation.window} buckets after {days}; each choice was made on earlier windows alone."
    )
    lead, whole = pl.col("horizon") == "lead time", pl.col("abc_class") == "all"
    # Pooled over origins a SKU is judged once an origin.
    names = {"skus": "windows", "rmsse": "RMSSE", "mae": "MAE", "mape": "MAPE", "mape_undefined": "no MAPE"}
    tables = {
        "Lead-time demand, by class": evaluation.overall.filter(lead & whole).drop("abc_class", "horizon"),
        "Lead-time demand, by class and ABC class": evaluation.overall.filter(lead & ~whole)
        .drop("horizon", "method")
        .select("abc_class", pl.exclude("abc_class")),
        "Weeks ahead, by class": evaluation.overall.filter(~lead & whole)
        .drop("abc_class", "method")
        .select("horizon", pl.exclude("horizon")),
        "Members alone": evaluation.by_member,
        "What users ask for (chooses nothing)": evaluation.targets,
    }
    for title, frame in tables.items():
        console.print(_table(title, frame.rename(names, strict=False)))
    for reason in evaluation.reasons.values():
        console.print(f"  {reason}")
    console.print(
        f"{count(evaluation.left_out, 'SKU')} without any demand before the newest origin: in no scaled measure, and forecast as zero.\n"
        "MAE and MAPE are shown because they are asked for; they choose nothing: on intermittent demand both reward forecasting zero."
    )


def _show(row: dict[str, Any]) -> None:
    """One SKU: the risk in a sentence, the drivers, and the coming periods as a table."""
    console.print(
        f"[bold]{row['item_id']}[/bold] at {row['location_id']}, as of {row['as_of']}  ({row['demand_class']})"
    )
    console.print(
        f"  Next {row['protection_days']} days, until the order after this one arrives: {_about(row['mean'])} expected, "
        f"{units(row['low'])} to {units(row['high'])} with {row['confidence_level']:.0%} confidence."
    )
    console.print(
        f"  Stock {units(row['on_hand'])} + due {units(row['due'])} = {units(row['inventory_position'])}: "
        f"runs out in {row['stockout_probability']:.1%} of such intervals, before the goods due arrive or after, if nothing is ordered."
    )
    console.print(f"  Method {row['method']} ({row['model_version']}). {row['reason']}")
    if row["adjusted"]:
        console.print(f"  Adjusted from {_about(row['base_mean'])}: {row['adjusted']}.", markup=False)
    drivers = list(row["drivers"].items())
    shown = ", ".join(f"{name} {value:g}" for name, value in drivers[:DRIVERS_SHOWN])
    console.print(f"  Driven by: {shown or 'nothing: no demand was ever seen'}")
    table = Table("period", "from", "mean", "low", "median", "high", title_justify="left")
    for period in row["periods"]:
        numbers = (_about(period[name], 2) for name in ("mean", "low", "median", "high"))
        table.add_row(str(period["horizon"]), str(period["bucket_on"]), *numbers)
    console.print(table)


def _about(value: float, digits: int = 1) -> str:
    """A mean to so many decimals; two figures of what is less than a tenth of a unit."""
    return units(value) if 0 < value < 0.1 else f"{value:.{digits}f}"


def _table(title: str, frame: "pl.DataFrame") -> Table:
    table = Table(title=title, title_justify="left")
    for column, kind in frame.schema.items():
        number = kind.is_numeric()
        # A name folded into pieces cannot be read; a number's head may fold.
        table.add_column(column, justify="right" if number else "left", overflow="fold", no_wrap=not number)
    for row in frame.iter_rows():
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
