"""How studies read in a terminal: progress, tables, sentences."""

import json
from typing import Any, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.core.text import count, verb

FIGURES = (
    ("items", "SKUs", "money"),
    ("service_level", "item-days in stock", "share"), ("stockout_rate", "stockout rate", "share"), ("fill_rate", "units filled", "share"),
    ("inventory_value", "inventory value", "money"), ("orders", "orders placed", "money"), ("holding_cost", "holding cost", "money"),
    ("ordering_cost", "ordering cost", "money"), ("shortage_cost", "shortage cost", "money"), ("total_cost", "total cost", "money"),
)  # fmt: skip
SIDES = (("real", "the books"), ("incumbent", "ERP's rule"), ("simulated", "our policy"))


class Bar:
    """Live progress in items and item-days; silent where a program reads the answer."""

    def __init__(self, *, quiet: bool) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[said]}"),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True)
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        self._progress.start()
        self._task = self._progress.add_task("reading", total=None, said="")
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def train(self, done: int, of: int) -> None:
        """Show how far the past's trainings are."""
        self._progress.update(
            self._task, description="training", total=of, completed=done, said=f"{done} of {of} review periods"
        )

    def tell(self, done: int, of: int, days: int) -> None:
        """Show how far it is."""
        said = f"{done:,} of {of:,} SKUs, {days:,} SKU-days"
        self._progress.update(self._task, description="replaying", total=of, completed=done, said=said)


def show(result: dict[str, Any], as_json: bool) -> None:
    """Print a study: the whole document for a program, the figures for a reader."""
    if as_json:
        typer.echo(json.dumps(result, default=str))
        return
    console = Console()
    if "global_metrics" not in result:
        console.print(
            f"study {result['simulation_id'][:8]} is {result['status']}{': ' + result['message'] if result.get('message') else ''}"
        )
        return
    sample = result["sample"]
    console.print(
        f"study [bold]{result['simulation_id'][:8]}[/], {result['start_date']} to {result['end_date']}: {result['total_items']:,} of "
        f"{sample['of']:,} SKUs × {result['total_days']} days ({sample['note']})", highlight=False,
    )  # fmt: skip
    if sample.get("books_fail"):
        console.print(_left_out(sample), highlight=False)
    console.print(_metrics(result["global_metrics"]))
    for line in _changes(result):
        console.print(line, highlight=False)
    console.print(_parts(result["category_breakdown"], "category"))
    if result.get("daily_comparison"):
        console.print(_daily(result["daily_comparison"]))


def _left_out(sample: dict[str, Any]) -> str:
    """Whom the figures leave out, as receipts and sales do not explain their stock counts.

    >>> _left_out({"books_fail": 2, "books_fail_first": [{"item_id": "A", "location_id": "W"}, {"item_id": "B", "location_id": "W"}]})
    '2 of them are left out, as their books do not add up: A at W, B at W.'
    """
    number, named = sample["books_fail"], sample["books_fail_first"]
    first = ", ".join(f"{row['item_id']} at {row['location_id']}" for row in named)
    more = f" and {number - len(named):,} more" if number > len(named) else ""
    verb, whose = ("is", "its") if number == 1 else ("are", "their")
    return f"{number:,} of them {verb} left out, as {whose} books do not add up: {first}{more}."


def _text(value: float | None, kind: str) -> str:
    if value is None:
        return "not seen"
    return f"{value:.2%}" if kind == "share" else f"{value:,.0f}"


def _metrics(metrics: dict[str, Any]) -> Table:
    sides = [(side, name) for side, name in SIDES if metrics[side]]
    table = Table("", *(name for _, name in sides))
    for figure, label, kind in FIGURES:
        table.add_row(label, *(_text(metrics[side][figure], kind) for side, _ in sides))
    return table


def _saved(money: float, share: float | None = None) -> str:
    """A saving and its share in words: a negative one is a cost.

    >>> _saved(1200.0, 0.031), _saved(-43193.0, -0.943), _saved(-5.0)
    ('1,200 saved (3.1%)', 'costs 43,193 more (94.3%)', 'costs 5 more')
    """
    part = "" if share is None else f" ({abs(share):.1%})"
    return f"costs {-money:,.0f} more{part}" if money < 0 else f"{money:,.0f} saved{part}"


def _avoided(days: int) -> str:
    """Stockout days against the books, in words.

    >>> _avoided(1200), _avoided(-3)
    ('1,200 stockout days avoided', '3 more stockout days')
    """
    return f"{days:,} stockout days avoided" if days >= 0 else f"{-days:,} more stockout days"


def _signed(share: float) -> str:
    """A change in percent; nothing is neither more nor less.

    >>> _signed(0.123), _signed(-0.0)
    ('+12.3%', '0.0%')
    """
    text = f"{share:+.1%}"
    return text if text.strip("+-") != "0.0%" else "0.0%"


def _changes(result: dict[str, Any]) -> list[str]:
    change, said = result["global_metrics"]["change"], []
    if "stockouts_avoided_days" in change:
        value = change["inventory_value_reduction"]
        money = "" if value is None else f", inventory value {_signed(-value)}"
        said.append(
            f"Against the books, on {change['compared_items']:,} SKUs: {_avoided(change['stockouts_avoided_days'])}, "
            f"service {change['service_level_points']:+.2f} points{money}."
        )
    if "saving_against_incumbent" in change:
        points = change["fill_rate_points_against_incumbent"]
        filled = "no unit was asked for" if points is None else f"units filled {points:+.2f} points"
        said.append(
            f"Against the ERP's rule: {_saved(change['saving_against_incumbent'], change['saving_share'])}, {filled}."
        )
    estimate = result.get("catalogue_estimate")
    if estimate and "saving_against_incumbent" in estimate:
        whole = estimate["saving_against_incumbent"]
        said.append(
            f"Over all {estimate['catalogue_items']:,} SKUs: {_saved(whole['estimate'])}, "
            f"{estimate['confidence']:.0%} interval of the saving {whole['low']:,.0f} to {whole['high']:,.0f}."
        )
    return said


def _parts(parts: list[dict[str, Any]], column: str) -> Table:
    table = Table(column, "SKUs", "in stock", "was", "inventory value", "was", "saved against the ERP's rule")
    for part in parts[:15]:
        ours, real = part["simulated"], part["real"]
        if not ours:
            continue
        table.add_row(
            str(part[column]), f"{ours['items']:,}", _text(ours["service_level"], "share"), _text(real and real["service_level"], "share"),
            _text(ours["inventory_value"], "money"), _text(real and real["inventory_value"], "money"),
            _text(part["change"].get("saving_against_incumbent"), "money"),
        )  # fmt: skip
    return table


def _daily(rows: list[dict[str, Any]]) -> Table:
    table = Table("from", "policy", "SKUs", "stock value", "sold", "lost", "stockout SKU-days")
    for row in rows:
        table.add_row(
            str(row["day"]), row["policy"], f"{row['skus']:,}", f"{row['stock_value']:,.0f}", f"{row['sold_units']:,.0f}",
            f"{row['lost_units']:,.0f}", f"{row['stockout_item_days']:,}",
        )  # fmt: skip
    return table


def side_by_side(first: dict[str, Any], second: dict[str, Any]) -> list[dict[str, Any]]:
    """Figures of two studies, and the second less the first."""
    rows = []
    for side, _ in SIDES:
        one, other = first["global_metrics"][side], second["global_metrics"][side]
        for figure, _, _ in FIGURES:
            a, b = one and one[figure], other and other[figure]
            rows.append(
                {
                    "side": side,
                    "figure": figure,
                    "first": a,
                    "second": b,
                    "difference": b - a if a is not None and b is not None else None,
                }
            )
    return rows


def compared(rows: list[dict[str, Any]]) -> None:
    """Print :func:`side_by_side`."""
    kinds, names = {figure: kind for figure, _, kind in FIGURES}, dict(SIDES)
    table = Table("", "figure", "first", "second", "difference")
    for row in rows:
        kind = kinds[row["figure"]]
        texts = (_text(row[name], kind) for name in ("first", "second", "difference"))
        table.add_row(names[row["side"]], row["figure"].replace("_", " "), *texts)
    Console().print(table)


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
    told = other_version(outcome)
    if told:
        console.print(told, highlight=False, soft_wrap=True)
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
