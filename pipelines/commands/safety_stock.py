"""``stockproof safety-stock``: how much stock a service level takes, and what the normal formula would have said."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from pipelines.commands import marts
from pipelines.core.errors import StockproofError
from pipelines.core.text import count, units

Day = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="As-of date; without it, that of the marts."),
]


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command(name="safety-stock", epilog="Example: stockproof safety-stock ITEM-000001 --target 0.98 --kind fill")(
        safety_stock
    )


def safety_stock(  # noqa: PLR0913, PLR0917
    item_id: Annotated[
        str | None, typer.Argument(help="Item; without it, --mean, --std and --lead-time are needed.")
    ] = None,
    location: Annotated[str | None, typer.Option(help="One location; without it, all of the item's.")] = None,
    target: Annotated[
        float | None, typer.Option(help="Service level in (0, 1); default: costs.service_target.")
    ] = None,
    kind: Annotated[Literal["cycle", "fill"], typer.Option(help="Cycle service level or fill rate.")] = "cycle",
    mean: Annotated[float | None, typer.Option(help="Demand a day, units.")] = None,
    std: Annotated[float | None, typer.Option(help="Its standard deviation.")] = None,
    lead_time: Annotated[float | None, typer.Option(help="Mean lead time, days.")] = None,
    lead_time_std: Annotated[float, typer.Option(help="Its standard deviation, days.")] = 0.0,
    unit_cost: Annotated[float, typer.Option(help="Money per unit.")] = 1.0,
    as_of: Day = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Compute the safety stock of an item, or of numbers given by hand."""
    from pipelines import settings

    wanted = target if target is not None else settings.load().costs.service_target
    if not 0 < wanted < 1:
        raise StockproofError(f"--target {wanted:g} is not a share between 0 and 1", "for 95% write --target 0.95")
    if item_id is None:
        rows = [_by_hand(mean, std, lead_time, lead_time_std, unit_cost, wanted, kind)]
    else:
        from pipelines.vendors import stock_job

        if as_of is None:
            marts.tell()
        rows = stock_job.item(item_id, location, wanted, kind, as_of.date() if as_of else None)
    if as_json:
        typer.echo(json.dumps({"target": wanted, "kind": kind, "safety_stocks": rows}, indent=2))
        return
    console = _console()
    console.print(_table(rows, f"Safety stock for a {kind} service level of {wanted:.1%}"))
    for sentence in left_out(rows):
        console.print(sentence)


def left_out(rows: list[dict[str, Any]]) -> list[str]:
    """Lead times that a SKU's history is too short for, in words.

    >>> row = {"item_id": "A", "location_id": "W", "history_days": 20, "windows_share": 0.75}
    >>> left_out([row, row | {"windows_share": 0.0}, row | {"windows_share": 1.0}])  # doctest: +NORMALIZE_WHITESPACE
    ['A @ W: 25% of the lead times, with the review period, are longer than its history of 20 days: the level does not cover them.',
     'A @ W: its history of 20 days holds no whole lead time and review period: hold what the normal formula says.']
    """
    said = []
    for row in rows:
        if row["history_days"] is None:  # numbers given by hand have no history
            continue
        whose, share = f"{row['item_id']} @ {row['location_id']}", row["windows_share"]
        history = f"its history of {count(row['history_days'], 'day')}"
        if share <= 0:
            said.append(
                f"{whose}: {history} holds no whole lead time and review period: hold what the normal formula says."
            )
        elif share < 1 - 1e-9:
            said.append(
                f"{whose}: {1 - share:.0%} of the lead times, with the review period, are longer than {history}: "
                "the level does not cover them."
            )
    return said


def _by_hand(
    mean: float | None,
    std: float | None,
    lead_time: float | None,
    lead_time_std: float,
    unit_cost: float,
    target: float,
    kind: str,
) -> dict[str, Any]:
    from pipelines import settings
    from pipelines.core.safety_stock import of_numbers

    if mean is None or std is None or lead_time is None or min(mean, std, lead_time, lead_time_std) < 0:
        raise StockproofError(
            "neither an item nor the numbers were given",
            "stockproof safety-stock ITEM, or --mean 2.5 --std 3 --lead-time 10 [--lead-time-std 2], none negative",
        )
    if kind == "fill":
        raise StockproofError("a fill rate needs an item's history", "name an item, or leave --kind cycle")
    review = settings.load().planning.review_period_days
    level, normal = of_numbers(mean, std, lead_time, lead_time_std, review_days=review, target=target)
    expected = mean * (lead_time + review)
    return {
        "item_id": None,
        "location_id": None,
        "method": "moments",
        "mean_demand": expected,
        "safety_stock": level - expected,
        "reorder_level": level,
        "normal_safety_stock": normal - expected,
        "value": (level - expected) * unit_cost,
        "normal_value": (normal - expected) * unit_cost,
        "difference_value": (level - normal) * unit_cost,
        "achieved": None,
        "normal_achieved": None,
        "lead_time_mean": lead_time,
        "lead_time_std": lead_time_std,
        "history_days": None,
        "windows_share": 1.0,
    }


def _table(rows: list[dict[str, Any]], title: str) -> Table:
    table = Table(title=title, box=None)
    table.add_column("SKU")
    for heading in (
        "lead time",
        "± days",
        "mean demand",
        "hold",
        "safety stock",
        "covered",
        "normal formula",
        "covered",
        "value",
        "more than normal",
    ):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            f"{row['item_id']} @ {row['location_id']}" if row["item_id"] else "by hand",
            f"{row['lead_time_mean']:.1f}",
            f"{row['lead_time_std']:.1f}",
            _about(row["mean_demand"]),
            units(row["reorder_level"]),
            _about(row["safety_stock"]),
            _share(row["achieved"]),
            _about(row["normal_safety_stock"]),
            _share(row["normal_achieved"]),
            f"{row['value']:,.2f}",
            f"{row['difference_value']:+,.2f}",
        )
    return table


def _about(value: float) -> str:
    """Units to a tenth; two figures of what is less than one."""
    return units(value) if 1e-9 < abs(value) < 1 else f"{value:,.1f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _console() -> Console:
    """A console wide enough for the table where the output is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=140)
