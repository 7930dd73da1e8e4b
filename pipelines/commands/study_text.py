"""How studies read in a terminal: progress, tables, sentences."""

import json
from typing import Any, Final, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.core.text import count, verb

FIGURES: Final = (
    ("service_level", "item-days in stock", "share"),
    ("stockout_rate", "stockout rate", "share"),
    ("fill_rate", "units filled", "share"),
    ("inventory_value", "inventory value", "money"),
    ("total_orders", "orders placed", "money"),
    ("holding_cost", "holding cost", "money"),
    ("ordering_cost", "ordering cost", "money"),
    ("shortage_cost", "shortage cost", "money"),
    ("total_cost", "total cost", "money"),
)
SIDES: Final = (("real", "the books"), ("incumbent", "ERP's rule"), ("simulated", "our policy"))


class Bar:
    """Live progress in items and item-days; silent if a program reads the answer."""

    def __init__(self, *, quiet: bool) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[text]}"), TimeElapsedColumn()
        self._progress = Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True)
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        self._progress.start()
        self._task = self._progress.add_task("queued", total=1.0, text="")
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, state: dict[str, Any]) -> None:
        """Show how far a study is."""
        share = float(state["progress"])
        done = f"{share * state['items_total']:,.0f} of {state['items_total']:,} SKUs, {share * state['item_days_total']:,.0f} SKU-days"
        text = done if state["stage"] == "replay" else ""
        self._progress.update(self._task, description=state["stage"] or state["status"], completed=share, text=text)


def show(result: dict[str, Any], as_json: bool) -> None:
    """Print a study: the whole document for a program, the figures for a reader."""
    if as_json:
        typer.echo(json.dumps(result, default=str))
        return
    console = Console()
    if "global_metrics" not in result:
        reason = f": {result['message']}" if result.get("message") else ""
        console.print(f"study {result['simulation_id'][:8]} is {result['status']}{reason}", soft_wrap=True)
        return
    sample = result["sample"]
    console.print(
        f"study [bold]{result['simulation_id'][:8]}[/] {result['name']} {result['start_date']} to {result['end_date']}: "
        f"{result['total_items']:,} of {sample['of']:,} SKUs × {result['total_days']} days ({sample['note']})",
        highlight=False,
    )
    if sample.get("books_fail"):
        console.print(left_out(sample), highlight=False)
    for note in sample.get("cost_notes", ()):
        console.print(f"Costs: {note}.", highlight=False, soft_wrap=True)
    console.print(_metrics(result["global_metrics"]))
    for line in changes(result):
        console.print(line, highlight=False)
    if len(result["variants"]) > 1:
        console.print(_trade_off(result["trade_off_curve"]))
    for name in ("category", "supplier", "class", "abc", "location"):
        if name == "category" or result.get("page", {}).get("of") == name:
            console.print(_groups(result[f"{name}_breakdown"], name))
    if result.get("page", {}).get("of") == "item":
        console.print(_items(result["item_level_summary"]))
    if result.get("daily_comparison"):
        console.print(_daily(result["daily_comparison"]))
    if result.get("item_days"):
        console.print(_item_days(result["item_days"]))


def left_out(sample: dict[str, Any]) -> str:
    """Which SKUs the figures leave out, as receipts and sales do not explain their stock counts.

    >>> left_out({"books_fail": 2, "books_fail_first": [{"item_id": "A", "location_id": "W"}, {"item_id": "B", "location_id": "W"}]})
    '2 of them are left out, as their books do not add up: A at W, B at W.'
    """
    number, named = sample["books_fail"], sample["books_fail_first"]
    first = ", ".join(f"{row['item_id']} at {row['location_id']}" for row in named)
    more = f" and {number - len(named):,} more" if number > len(named) else ""
    be, whose = ("is", "its") if number == 1 else ("are", "their")
    return f"{number:,} of them {be} left out, as {whose} books do not add up: {first}{more}."


def _text(value: float | None, kind: str) -> str:
    if value is None:
        return "not recorded"
    return f"{value:.2%}" if kind == "share" else f"{value:,.0f}"


def _metrics(metrics: dict[str, Any]) -> Table:
    sides = [(side, name) for side, name in SIDES if metrics["inventory_value"][side] is not None]
    table = Table("", *(name for _, name in sides))
    for figure, label, kind in FIGURES:
        table.add_row(label, *(_text(metrics[figure][side], kind) for side, _ in sides))
    return table


def saved(money: float, share: float | None = None) -> str:
    """A saving and its share in words: a negative one is a cost.

    >>> saved(1200.0, 0.031), saved(-43193.0, -0.943), saved(-5.0)
    ('1,200 saved (3.1%)', 'costs 43,193 more (94.3%)', 'costs 5 more')
    """
    part = "" if share is None else f" ({abs(share):.1%})"
    return f"costs {-money:,.0f} more{part}" if money < 0 else f"{money:,.0f} saved{part}"


def signed(share: float) -> str:
    """A change in percent; nothing is neither more nor less.

    >>> signed(0.123), signed(-0.0)
    ('+12.3%', '0.0%')
    """
    text = f"{share:+.1%}"
    return text if text.strip("+-") != "0.0%" else "0.0%"


def changes(result: dict[str, Any]) -> list[str]:
    """Sentences on the changes against the books and against the ERP's rule, each with its interval."""
    metrics, money, lines = result["global_metrics"], result["money"], []
    service, stock = metrics["service_level"], metrics["inventory_value"]
    if service["improvement"] is not None:
        parts = [f"service {service['improvement']:+.2f} points{_ends(service, '+.2f')}"]
        if stock["reduction"] is not None:
            parts.append(f"inventory value {signed(-stock['reduction'])}")
        lines.append(f"Against the books: {', '.join(parts)}.")
    theirs = money.get("against_incumbent")
    if theirs and theirs["total_cost_saved"]["value"] is not None:
        share = metrics["total_cost"]["against_incumbent"]["reduction"]
        filled = metrics["fill_rate"]["against_incumbent"]["improvement"]
        units = "no unit was asked for" if filled is None else f"units filled {filled:+.2f} points"
        cost = theirs["total_cost_saved"]
        lines.append(f"Against the ERP's rule: {saved(cost['value'], share)}{_ends(cost, ',.0f')}, {units}.")
    returned = money.get("return_on_investment")
    if returned and returned["payback_days"] is not None:
        lines.append(
            f"The change costs {returned['change_cost']:,.0f} and pays back in {returned['payback_days']:,.0f} days."
        )
    budget = result["stock_budget"]
    if budget:
        best = (
            f"{budget['best']['variant']} fills most units within it" if budget["best"] else "no variant is within it"
        )
        lines.append(f"Stock budget {budget['limit']:,.0f}: {best}.")
    return lines


def _ends(found: dict[str, Any], form: str) -> str:
    if found["low"] is None or found["high"] is None:
        return ""
    return f" ({found['low']:{form}} to {found['high']:{form}})"


def _trade_off(points: list[dict[str, Any]]) -> Table:
    table = Table("variant", "inventory value", "in stock", "units filled", "orders", "total cost")
    for point in points:
        shares = (_text(point[name], "share") for name in ("service_level", "fill_rate"))
        money = (_text(point[name], "money") for name in ("total_orders", "total_cost"))
        table.add_row(point["variant"], _text(point["inventory_value"], "money"), *shares, *money)
    return table


def _groups(parts: list[dict[str, Any]], column: str) -> Table:
    table = Table(column, "SKUs", "in stock", "was", "inventory value", "was", "saved")
    for part in parts[:100]:
        service, stock = part["service_level"], part["inventory_value"]
        table.add_row(
            str(part[column]),
            f"{part['items']:,}",
            _text(service["simulated"], "share"),
            _text(service["real"], "share"),
            _text(stock["simulated"], "money"),
            _text(stock["real"], "money"),
            _text(part["cost_saved"], "money"),
        )
    return table


def _items(rows: list[dict[str, Any]]) -> Table:
    table = Table("item", "location", "stockout rate", "was", "inventory value", "was", "saved")
    for row in rows:
        table.add_row(
            row["item_id"],
            row["location_id"],
            _text(row["stockout_rate"], "share"),
            _text(row["real_stockout_rate"], "share"),
            _text(row["inventory_value"], "money"),
            _text(row["real_inventory_value"], "money"),
            _text(row["cost_saved"], "money"),
        )
    return table


def _daily(rows: list[dict[str, Any]]) -> Table:
    table = Table("from", "policy", "variant", "SKUs", "stock value", "sold", "lost", "stockout SKU-days")
    for row in rows:
        table.add_row(
            str(row["day"]),
            row["policy"],
            row["variant"],
            f"{row['skus']:,}",
            f"{row['stock_value']:,.0f}",
            f"{row['sold_units']:,.0f}",
            f"{row['lost_units']:,.0f}",
            f"{row['stockout_item_days']:,}",
        )
    return table


def _item_days(rows: list[dict[str, Any]]) -> Table:
    table = Table("day", "policy", "variant", "on hand", "sold", "lost", "ordered")
    for row in rows:
        numbers = (f"{row[name]:,.0f}" for name in ("on_hand", "sold", "lost", "ordered"))
        table.add_row(row["day"], row["policy"], row["variant"], *numbers)
    return table


def compared(found: dict[str, Any]) -> None:
    """Print a comparison of studies."""
    console = Console()
    for one in found["comparisons"]:
        console.print(f"{one['second'][:8]} less {one['first'][:8]}", highlight=False)
        for row in one["questions"]:
            console.print(f"  {row['key']}: {row['first']} → {row['second']}", highlight=False, soft_wrap=True)
        table = Table("figure", "first", "second", "difference", "interval")
        for row in one["figures"]:
            kind = next((kind for name, _, kind in FIGURES if name == row["metric"]), "money")
            texts = (_text(row[name], kind) for name in ("first", "second", "difference"))
            ends = "" if row["low"] is None else f"{_text(row['low'], kind)} to {_text(row['high'], kind)}"
            table.add_row(row["metric"].replace("_", " "), *texts, ends)
        console.print(table)


def other_version(outcome: dict[str, Any]) -> str:
    """What a date's passports being of another version of the program means, and the remedy; empty where they are of this one.

    >>> row = {"columns": ["receipts_hash", "code_version"], "inputs": ["receipts", "code_version"]}
    >>> other_version({"as_of": "2026-06-28", "differences": [row]}).partition(". ")[0]
    '1 passport is of another version of Stockproof; the figures of 1 are the same in this one'
    """
    other = [row for row in outcome["differences"] if "code_version" in row["inputs"]]
    if not other:
        return ""
    same = sum(all(name.endswith("_hash") or name == "code_version" for name in row["columns"]) for row in other)
    return (
        f"{count(len(other), 'passport')} {verb(len(other), 'is', 'are')} of another version of Stockproof; the figures of {same:,} are "
        f"the same in this one. To the bit they are checked by the version that made them, or after `stockproof run daily --as-of "
        f"{outcome['as_of']}`, which keeps what is signed."
    )


def verified(outcome: dict[str, Any]) -> None:
    """Print what a verification found."""
    console = Console()
    console.print(
        f"{outcome['as_of']}: {outcome['equal']:,} of {outcome['checked']:,} passports computed again to the bit",
        highlight=False,
    )
    note = other_version(outcome)
    if note:
        console.print(note, highlight=False, soft_wrap=True)
    for row in outcome["differences"][:20]:
        why = (
            f"changed since: {', '.join(row['inputs'])}" if row["inputs"] else f"differs in {', '.join(row['columns'])}"
        )
        console.print(f"  {row['item_id']} at {row['location_id']}: {why}", highlight=False)
    if len(outcome["differences"]) > 20:
        console.print(f"  and {len(outcome['differences']) - 20:,} more")
    for name, number in outcome["tables"].items():
        if number:
            console.print(f"  plan.{name}: {number:,} rows differ", highlight=False)
