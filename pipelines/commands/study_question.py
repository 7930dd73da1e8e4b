"""The question of a study, from the options of the command line."""

import csv
import json
import math
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from pipelines.core.errors import StockproofError
from pipelines.studies.question import Question, read

Many = list[str] | None


def day(option: str, text: str) -> Any:
    """An option that takes a date."""
    return typer.Option(option, formats=["%Y-%m-%d"], help=text)


def _several(text: str) -> Any:
    return typer.Option(help=f"{text}; separated by commas.")


File = Annotated[
    Path | None, typer.Option("--question", help="A question as JSON or YAML; options below override its keys.")
]
Items = Annotated[
    int | None, typer.Option(min=1, help="SKUs of a stratified random sample. Default: all that the filter leaves.")
]
Top = Annotated[int | None, typer.Option(min=1, help="The best sellers instead: a biased sample.")]
Sample = Annotated[str | None, typer.Option(help="stratified (default with --items) or all.")]
Item = Annotated[str, _several("These item_ids alone")]
Category = Annotated[str, _several("Items of these categories")]
Supplier = Annotated[str, _several("Items of these suppliers")]
Location = Annotated[str, _several("At these locations")]
Classes = Annotated[
    str,
    typer.Option("--class", help="Of these demand classes (smooth, erratic, …), separated by commas."),
]
Abc = Annotated[str, _several("Of these ABC classes")]
Saved = Annotated[str, typer.Option("--filter", help="A saved filter: a name of studies.filters in the configuration.")]
Span = Annotated[int | None, typer.Option("--days", min=7, help="Days replayed; default 365.")]
Since = Annotated[datetime | None, day("--from", "First day; instead of --days.")]
Until = Annotated[datetime | None, day("--until", "Last day. Default: the date of the marts, that is of the last run.")]
Policies = Annotated[
    str,
    typer.Option(
        "--policy",
        help="Side by side: ours, min_max, expected_cost, levels, or a rule (eoq, …); separated by commas.",
    ),
]
Levels = Annotated[
    Path | None,
    typer.Option(help="CSV with item_id, location_id, reorder_point, order_up_to, replayed as the policy `levels`."),
]
Scenario = Annotated[
    str,
    typer.Option(help="A scenario, or several joined by +: `stockproof study scenarios`."),
]
Change = Annotated[
    Many, typer.Option("--change", help="key=value, e.g. demand_factor=1.2 or service_target=0.98; may be repeated.")
]
Sweep = Annotated[str, typer.Option(help="One parameter at several values, e.g. service_target=0.9,0.95,0.99.")]
StockBudget = Annotated[
    float | None,
    typer.Option(min=0.01, help="Upper limit on the value of mean stock: names the best variant within it."),
]
Cost = Annotated[float | None, typer.Option(min=0, help="One-off cost of the change, for the return on investment.")]
Retrain = Annotated[
    int | None, typer.Option(min=7, help="Also forecast with boosted trees, retrained at this interval in days.")
]
Name = Annotated[str, typer.Option(help="Name of the study, for people.")]
Tags = Annotated[str, _several("To find it by")]


def question(options: dict[str, Any]) -> Question:
    """The question that the options ask.

    Args:
        options: of the command, by name.

    Returns:
        The question.

    Raises:
        StockproofError: options that contradict each other, a file that cannot be read, or a value that is not allowed.
    """
    given = _file(options["question"])
    if options["top"] and (options["items"] or options["sample"]):
        raise StockproofError(
            "--top N picks the best sellers alone, so it cannot be combined with --items or --sample",
            "name one of the three",
        )
    if options["sample"] not in (None, "stratified", "all"):
        raise StockproofError(
            f"--sample takes stratified or all, not {options['sample']!r}", "for a random sample of a size: --items 200"
        )
    if options["top"]:
        given |= {"sample": "top", "size": options["top"]}
    elif options["items"] or options["sample"]:
        given |= {"sample": options["sample"] or "stratified"} | (
            {"size": options["items"]} if options["items"] else {}
        )
    where = {key: split(options[option]) for key, option in _FILTERS.items() if options[option]}
    if where:
        given["where"] = given.get("where", {}) | where
    given |= {
        key: options[key] for key in ("days", "stock_budget", "change_cost", "retrain_days") if options[key] is not None
    }
    given |= {key: options[key].date().isoformat() for key in ("since", "until") if options[key]}
    if options["policy"]:
        given["policies"] = split(options["policy"])
    if options["levels"]:
        given |= {"levels": _levels(options["levels"])}
        given.setdefault("policies", ["levels"])
    given |= {key: options[key] for key in ("name", "saved") if options[key]} | (
        {"tags": split(options["tags"])} if options["tags"] else {}
    )
    return read(given | _changes(given, options))


_FILTERS = {  # key of the question → option
    "items": "item",
    "categories": "category",
    "suppliers": "supplier",
    "locations": "location",
    "demand_classes": "class_",
    "abc": "abc",
}


def split(text: str) -> list[str]:
    """Names separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _changes(given: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Scenario first, then the file's own keys, then --change; and the sweep."""
    from pipelines.studies import scenarios

    name = options["scenario"] or given.get("scenario", "normal")
    change = scenarios.change(name) | given.get("change", {})
    for pair in options["change"] or ():
        key, equals, text = pair.partition("=")
        if not equals:
            raise StockproofError(f"--change takes key=value, not {pair!r}", "e.g. --change demand_factor=1.2")
        change[key.strip()] = split(text) if key.strip() == "closed_suppliers" else _number(text)
    found: dict[str, Any] = {"scenario": name, "change": change}
    if options["sweep"]:
        key, equals, text = options["sweep"].partition("=")
        if not equals:
            raise StockproofError(
                f"--sweep takes key=value,value,…, not {options['sweep']!r}",
                "e.g. --sweep service_target=0.9,0.95,0.99",
            )
        found["sweep"] = {"parameter": key.strip(), "values": [_number(part) for part in split(text)]}
    return found


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        content = yaml.safe_load(path.read_text())  # JSON is YAML
    except (OSError, yaml.YAMLError) as fault:
        raise StockproofError(
            f"{path} cannot be read: {fault}", "name a JSON or YAML file with the keys of docs/studies.md"
        ) from None
    if not isinstance(content, dict):
        raise StockproofError(f"{path} must hold keys and values", "see docs/studies.md")
    return json.loads(json.dumps(content, default=str))  # type: ignore[no-any-return]


def _levels(path: Path) -> list[dict[str, Any]]:
    columns = ("item_id", "location_id", "reorder_point", "order_up_to")
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as fault:
        raise StockproofError(f"{path} cannot be read: {fault}", f"name a CSV file with {', '.join(columns)}") from None
    missing = [name for name in columns if not rows or name not in rows[0]]
    if missing:
        raise StockproofError(f"{path} lacks {', '.join(missing)}", f"its first line must name {', '.join(columns)}")
    for number, row in enumerate(rows, 2):
        for name in columns[2:]:
            value = _number(row[name] or "")
            if not isinstance(value, float) or value < 0 or math.isnan(value):
                raise StockproofError(
                    f"{path}, line {number}: {name} is {row[name]!r}", "a level is a number of units, 0 or more"
                )
    return [{name: float(row[name]) if name in columns[2:] else row[name] for name in columns} for row in rows]
