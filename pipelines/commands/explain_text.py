"""An explanation on the terminal."""

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from pipelines.briefing.explanation import Day, Explanation, Passport
from pipelines.core.text import count, units

STEP_DAYS: Final = 7
"""Days between two rows of the projected stock; days on which something arrives are shown too."""

CANDIDATES: Final = 5
"""Candidates shown, the cheapest first; the chosen one always."""


def show(one: Explanation) -> None:
    """Print an explanation."""
    console = Console(highlight=False)
    _head(console, one)
    _section(console, "What would reverse it", [one.flip.sentence])
    if one.obstacles:
        _section(console, "What stood in the way", [f"{spot.kind}: {spot.sentence}" for spot in one.obstacles])
    _section(console, "Numbers", _numbers(one))
    if one.projection:
        _section(console, "Stock by date", [])
        console.print(Padding(_days(one), (0, 0, 0, 2)))
    _forecast(console, one)
    _proof(console, one)
    console.print()


def _head(console: Console, one: Explanation) -> None:
    colour = "green" if one.decision.ordered else "yellow"
    names = dict.fromkeys((one.item_id, one.item_name))
    console.print(f"[bold]{escape(' '.join(names))}[/] at {escape(one.location_name)}, run of {one.as_of}")
    bought = f"order {units(one.decision.quantity)}" if one.decision.ordered else "no order"
    console.print(f"[bold {colour}]{bought}[/], decided by {one.decision.decided_by} ({one.decision.code})")
    console.print(Padding(f"{escape(one.decision.sentence)}.", (0, 0, 0, 2)))
    for line in one.orders:
        look = ", to be reviewed" if line.needs_review else ""
        console.print(f"  on {line.order_id} line {line.line_no}: {units(line.quantity)}, {line.state}{look}")


def _section(console: Console, title: str, sentences: Iterable[str]) -> None:
    console.print(f"[bold]{title}[/]")
    for sentence in sentences:
        console.print(Padding(escape(sentence), (0, 0, 0, 2)))


def _numbers(one: Explanation) -> list[str]:
    stock, levels = one.stock, one.levels
    own = f" + own orders {units(stock.proposed)}" if stock.proposed else ""
    found = [
        f"on hand {units(stock.on_hand)} + due {units(stock.due)}{own} = position {units(stock.position)}",
        f"reorder point {units(levels.reorder_point)}, order-up-to level {units(levels.order_up_to)} (policy {levels.policy})",
        f"runs out with a risk of {stock.risk:.1%} if nothing is ordered",
    ]
    if levels.erp_reorder_point is not None and levels.erp_order_up_to is not None:
        found.append(
            f"the ERP's own minimum {units(levels.erp_reorder_point)}, maximum {units(levels.erp_order_up_to)}"
        )
    if one.supplier is not None:
        terms = [f"supplier {one.supplier.supplier_id} {one.supplier.supplier_name}".strip()]
        terms += (
            [f"lead time {units(one.supplier.lead_time_days)} days"] if one.supplier.lead_time_days is not None else []
        )
        terms += [f"packs of {units(one.supplier.pack_size)}"] if one.supplier.pack_size else []
        terms += [f"at least {units(one.supplier.min_order_qty)}"] if one.supplier.min_order_qty else []
        terms += [f"{one.decision.unit_price:,.4g} a unit"] if one.decision.unit_price is not None else []
        found.append(", ".join(terms))
    if one.decision.expected_on is not None:
        found.append(
            f"expected on {one.decision.expected_on} ({one.decision.expected_from}), due on {one.decision.agreed_on}"
        )
    return found


def _days(one: Explanation) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("day")
    for heading in ("arrives", "stock", *(["with the order"] if one.decision.ordered else [])):
        table.add_column(heading, justify="right")
    for day in _shown(one.projection):
        cells = [units(day.arriving) if day.arriving else "", units(round(day.stock, 1))]
        cells += [units(round(day.with_order, 1))] if one.decision.ordered else []
        table.add_row(str(day.day), *cells)
    return table


def _shown(days: list[Day]) -> list[Day]:
    return [day for number, day in enumerate(days, start=1) if number % STEP_DAYS == 0 or day.arriving]


def _forecast(console: Console, one: Explanation) -> None:
    forecast = one.forecast
    if forecast is None:
        _section(console, "Forecast", ["There is none of this date."])
        return
    low, middle, high = (units(round(forecast.quantiles[level], 1)) for level in ("0.05", "0.5", "0.95"))
    said = [
        f"{units(round(forecast.mean, 1))} expected in {count(forecast.protection_days, 'day')}, until an order after this one arrives; "
        f"median {middle}, 90% interval {low} to {high}",
        f"method {forecast.method} ({forecast.model_version}): {forecast.reason}",
    ]
    if forecast.adjusted:
        said.append(f"adjusted from {units(round(forecast.mean_before_adjustment, 1))}: {forecast.adjusted}")
    _section(console, "Forecast", said)


def _proof(console: Console, one: Explanation) -> None:
    if one.choice is not None:
        _section(console, "Choice of the policy", [one.choice.reason])
    if one.candidates:
        console.print(Padding(_candidates(one), (0, 0, 0, 2)))
    _section(console, "Passport", one.passport.sentences if one.passport else [one.without_passport])
    if one.passport is not None:
        console.print(Padding(_sides(one.passport), (0, 0, 0, 2)))


def _candidates(one: Explanation) -> Table:
    table = Table("candidate", "forecast", box=None, pad_edge=False)
    for heading in ("cost to select", "cost to guard", "cost reported"):
        table.add_column(heading, justify="right")
    for number, row in enumerate(one.candidates):
        if number < CANDIDATES or row.chosen:
            costs = (f"{cost:,.2f}" for cost in (row.cost_select, row.cost_guard, row.cost_judged))
            table.add_row(row.candidate + (" ← in force" if row.chosen else ""), row.forecaster, *costs)
    return table


def _sides(passport: Passport) -> Table:
    table = Table("", box=None, pad_edge=False)
    for heading in ("filled", "in stock", "stock value", "holding", "shortage", "ordering", "cost"):
        table.add_column(heading, justify="right")
    for side in passport.sides:
        filled = "–" if side.fill_rate is None else f"{side.fill_rate:.1%}"
        money = (side.mean_stock_value, side.holding_cost, side.shortage_cost, side.ordering_cost, side.total_cost)
        table.add_row(side.name, filled, f"{side.in_stock_rate:.1%}", *(f"{value:,.2f}" for value in money))
    return table
