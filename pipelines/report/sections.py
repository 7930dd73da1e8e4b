"""What each part of the page shows: rows of text and plots, ready for the template. Pure."""

import json
from datetime import timedelta
from typing import Any

import polars as pl

from pipelines.briefing.notices import why
from pipelines.core.calendar import DAYS_IN, Bucket
from pipelines.core.text import count
from pipelines.render.formats import UNKNOWN, compact, money, percent, quantity
from pipelines.report import facts, figures
from pipelines.report.tables import ForecastTables, Tables
from pipelines.report.wording import difference

LABELS = {"recorded": "the books", "incumbent": "ERP's rule", "candidate": "our policy"}
NAMES = {**LABELS, "incumbent": "the ERP's rule"}
"""The same within a sentence."""

TOP_RISKS = 30
TOP_VENDORS = 15
MAX_LINES = 3_000
"""Lines printed on the page; the rest is in the export."""


def year(tables: Tables, compared: facts.Comparison | None) -> dict[str, Any]:
    """The replay window: stock value and in-stock by day, and the totals of each policy."""
    days = tables.replay_days.sort("policy", "day")
    present = [p for p in facts.POLICIES if days.filter(pl.col("policy") == p).height]
    if not present:
        return {"plots": [], "totals": [], "span": "", "since": ""}
    axis = days["day"].unique().sort().to_list()
    stock, service = [], []
    for policy in present:
        rows = {r["day"]: r for r in days.filter(pl.col("policy") == policy).iter_rows(named=True)}
        value = [rows[d]["stock_value"] if d in rows else None for d in axis]
        share = [
            1 - rows[d]["stockout_skus"] / rows[d]["skus"] if d in rows and rows[d]["skus"] else None for d in axis
        ]
        stock.append(figures.Line(LABELS[policy], policy, value))
        service.append(figures.Line(LABELS[policy], policy, share))
    plots = [
        (
            "Stock value at the close of the day, in the ERP's currency, mean of 7 days",
            figures.lines("Stock value by day", axis, [_smoothed(line) for line in stock]),
        ),
        (
            "Share of SKUs in stock at the close of the day, mean of 7 days",
            figures.lines("Share of SKUs in stock by day", axis, [_smoothed(line) for line in service], percent=True),
        ),
    ]
    span = f"{compared.from_on} to {compared.until_on}" if compared and compared.from_on else ""
    return {"plots": plots, "totals": _totals(compared), "span": span, "since": span[:10]}


def _smoothed(line: figures.Line, width: int = 7) -> figures.Line:
    values = pl.Series(line.values, dtype=pl.Float64).rolling_mean(width, min_samples=1).to_list()
    return figures.Line(line.name, line.css, values)


def _totals(compared: facts.Comparison | None) -> list[dict[str, str]]:
    if compared is None:
        return []
    rows = []
    for policy, t in compared.totals.items():
        fill = percent(t.fill)
        if t.fill is None and policy == "recorded" and compared.recorded_fill_low is not None:
            fill = f"{percent(compared.recorded_fill_low)} to 100%" if compared.censored_days else "100%"
        rows.append({
            "policy": policy, "name": LABELS[policy], "fill": fill, "in_stock": percent(t.in_stock), "stock_value": money(t.stock_value),
            "holding_cost": money(t.holding_cost), "shortage_cost": money(t.shortage_cost) if policy != "recorded" else "not seen",
            "ordering_cost": money(t.ordering_cost), "total_cost": money(t.total_cost) if policy != "recorded" else UNKNOWN,
            "orders": f"{t.orders:,}",
        })  # fmt: skip
    change = difference(compared.totals["incumbent"], compared.totals["candidate"])
    return [*rows, {"policy": "change", "name": "ours against the ERP's", **change}]


def classes(tables: Tables) -> list[dict[str, Any]]:
    """Service by demand class and by ABC class: a plot and a table each."""
    result = []
    for column, title in (("demand_class", "By demand pattern"), ("abc_class", "By value (ABC)")):
        rows = facts.by_class(tables.replays, tables.skus, column)
        if not rows:
            continue
        shown = [_class_row(row) for row in rows]
        pairs = [
            (f"{row['name'].replace('_', ' ')} ({row['skus']:,})", row["incumbent"].fill, row["candidate"].fill)
            for row in rows
            if row["candidate"].fill is not None
        ]
        result.append(
            {"title": title, "rows": shown, "plot": figures.dumbbells(f"Units filled, {title.lower()}", pairs)}
        )
    return result


def _class_row(row: dict[str, Any]) -> dict[str, str]:
    theirs, ours, books = row["incumbent"], row["candidate"], row["recorded"]
    change = difference(theirs, ours)
    return {
        "name": row["name"].replace("_", " "), "skus": f"{row['skus']:,}", "fill_incumbent": percent(theirs.fill),
        "fill_candidate": percent(ours.fill), "fill_change": change["fill"],
        "in_stock_recorded": percent(books.in_stock) if books else UNKNOWN, "in_stock_incumbent": percent(theirs.in_stock),
        "in_stock_candidate": percent(ours.in_stock), "stock_change": change["stock_value"], "cost_change": change["total_cost"],
    }  # fmt: skip


def vendors(tables: Tables) -> dict[str, Any]:
    """Proposed lines grouped by vendor, most valuable vendor first."""
    known = tables.skus if tables.suppliers is None else tables.suppliers
    # Of the supplier that is ordered from, which need not be the SKU's primary one.
    names = known.select("supplier_id", "supplier_name").drop_nulls("supplier_id").unique("supplier_id", keep="first")
    flips = tables.decisions.select(*facts.KEY, pl.col("^flip$"))
    lines = _named(tables.lines(), tables).join(flips, on=facts.KEY, how="left", maintain_order="left", suffix="_")
    lines = lines.join(names, on="supplier_id", how="left", maintain_order="left").with_columns(
        vendor=pl.coalesce("supplier_name", "supplier_id", pl.lit("no vendor known"))
    )
    namesakes = pl.col("supplier_id").n_unique().over("vendor") > 1
    lines = lines.with_columns(
        vendor=pl.when(namesakes).then(pl.format("{} ({})", "vendor", "supplier_id")).otherwise("vendor")
    )
    lines = lines.with_columns(total=pl.col("order_value").sum().over("vendor")).sort(
        ["total", "vendor", "order_value", "location_id", "item_id"], descending=[True, False, True, False, False]
    )
    groups: list[dict[str, Any]] = []
    for row in lines.head(MAX_LINES).iter_rows(named=True):
        if not groups or groups[-1]["vendor"] != row["vendor"]:
            groups.append({"vendor": row["vendor"], "supplier_id": row["supplier_id"], "lines": []})
        groups[-1]["lines"].append(_line(row))
    per = lines.group_by("vendor", maintain_order=True).agg(pl.sum("order_value"), pl.len(), pl.min("expected_on"))
    facts_of = {r["vendor"]: r for r in per.iter_rows(named=True)}
    for group in groups:
        fact = facts_of[group["vendor"]]
        first = f", first expected {fact['expected_on']}" if fact["expected_on"] else ""
        group["value"] = money(fact["order_value"])
        group["summary"] = f"{count(fact['len'], 'line')}{first}"
    bars = [
        (r["vendor"], r["order_value"], f"{compact(r['order_value'])} · {count(r['len'], 'line')}")
        for r in per.iter_rows(named=True)
    ]
    rest = bars[TOP_VENDORS:]
    others = (
        f"{count(len(rest), 'other vendor')} together: {money(sum(value for _, value, _ in rest))}." if rest else ""
    )
    plot = figures.bars("Order value by vendor", bars[:TOP_VENDORS]) if bars else ""
    return {"plot": plot, "groups": groups, "others": others, "unlisted": max(lines.height - MAX_LINES, 0)}


def _line(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "item_id": row["item_id"], "location_id": row["location_id"], "name": row["item_name"] or "", "quantity": quantity(row["quantity"]),
        "quantity_raw": row["quantity"], "price": money(row["unit_price"], 2), "price_raw": row["unit_price"] or 0,
        "value": money(row["order_value"]), "value_raw": row["order_value"], "expected": str(row["expected_on"] or UNKNOWN),
        "risk": percent(row["risk"], 0), "risk_raw": row["risk"], "reason": why(row["reason"], row.get("alert")) + _changed(row),
        "flip": row.get("flip") or "",
        "priority": row["priority"],
        "level": row["level"],
    }  # fmt: skip


def _changed(row: dict[str, Any]) -> str:
    """What was proposed before a planner changed the line; empty where nobody did."""
    before = row.get("proposed_quantity")
    return "" if before in (None, row["quantity"]) else f". Changed by a planner: {quantity(before)} were proposed"


def _named(decisions: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    names = tables.skus.select(*facts.KEY, "item_name", "demand_class", "abc_class")
    return decisions.join(names, on=facts.KEY, how="left", maintain_order="left")


def risks(tables: Tables, risky: pl.DataFrame) -> list[dict[str, Any]]:
    """The riskiest SKUs with what is coming for each."""
    coming: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in tables.open_orders.iter_rows(named=True):
        coming.setdefault((row["item_id"], row["location_id"]), []).append(row)
    bought = tables.lines().group_by(facts.KEY).agg(pl.col("quantity").sum().alias("bought"))
    top = risky.head(TOP_RISKS).join(bought, on=facts.KEY, how="left", maintain_order="left")
    top = top.with_columns(pl.col("bought").fill_null(0.0).alias("quantity"))
    shown = []
    for row in _named(top, tables).iter_rows(named=True):
        shown.append({
            **_line(row), "on_hand": quantity(row["on_hand"]), "on_hand_raw": row["on_hand"],
            "projected": quantity(_whole(row["projected_stock"])), "projected_raw": row["projected_stock"],
            "class": _pattern(row),
            "coming": _coming(coming.get((row["item_id"], row["location_id"]), [])), "on_order_raw": row["on_order"],
            "width": round(min(max(row["risk"], 0.0), 1.0) * 100), "ordered": quantity(row["quantity"]) if row["quantity"] > 0 else "no",
        })  # fmt: skip
    return shown


def _whole(units: float) -> float:
    """An expectation without the decimals it does not deserve."""
    return round(units) if abs(units) >= 10 else units


def _coming(orders: list[dict[str, Any]]) -> tuple[str, str]:
    """Quantity on order, and when the first of it is due."""
    if not orders:
        return "0", ""
    total, first = sum(o["quantity_open"] or 0 for o in orders), orders[0]
    if not first["expected_on"]:
        return quantity(total), "no date"
    late = count(int(first["days_late"] or 0), "day")
    return quantity(total), f"{first['expected_on']}, {late} late" if first[
        "days_late"
    ] else f"due {first['expected_on']}"


def chosen(tables: Tables) -> list[tuple[str, str]]:
    """The SKUs whose forecast is drawn: of each demand class the one that turns over most value."""
    keys = tables.decisions.select(facts.KEY)
    worth = (pl.col("mean_demand") * pl.col("unit_cost")).fill_null(0.0)
    ranked = tables.skus.join(keys, on=facts.KEY, how="semi").with_columns(worth=worth).filter(pl.col("worth") > 0)
    ranked = ranked.sort(["worth", "location_id", "item_id"], descending=[True, False, False])
    found = []
    for name in facts.CLASSES["demand_class"][:4]:
        found += ranked.filter(pl.col("demand_class") == name).head(1).select(facts.KEY).rows()
    return [(str(item), str(location)) for item, location in found]


def examples(tables: Tables, forecasts: ForecastTables, bucket: Bucket) -> list[dict[str, str]]:
    """History and forecast band of the chosen SKUs."""
    shown = []
    for item, location in chosen(tables):
        of_sku = (pl.col("item_id") == item) & (pl.col("location_id") == location)
        future = [_expected(row) for row in forecasts.forecasts.filter(of_sku).iter_rows(named=True)]
        if not future:
            continue
        past = forecasts.demand.filter(of_sku & (pl.col("bucket_on") <= tables.as_of))
        history = list(past.select("bucket_on", "quantity", "is_stockout").iter_rows())
        sku = tables.skus.filter(of_sku).row(0, named=True)
        name = sku["item_name"] or item
        until = future[-1].day + timedelta(days=DAYS_IN[bucket] - 1)
        total = sum(f.mean for f in future)
        note = f"{_pattern(sku)}; {quantity(_whole(total))} units expected until {until}"
        plot = figures.forecast(
            f"Demand per {bucket} and forecast of {name}", history, future, tables.as_of, DAYS_IN[bucket]
        )
        shown.append({"title": f"{name} ({item} at {location})", "note": note, "plot": plot})
    return shown


def _expected(row: dict[str, Any]) -> figures.Expected:
    return figures.Expected(row["bucket_on"], row["mean"], (row["q250"], row["q750"]), (row["q050"], row["q950"]))


def _pattern(row: dict[str, Any]) -> str:
    """Demand class and ABC class, e.g. ``smooth, A``."""
    return ", ".join(v.replace("_", " ") for v in (row["demand_class"], row["abc_class"]) if v)


def review(tables: Tables) -> list[dict[str, Any]]:
    """Rows kept and listed for review, by rule, their details as text."""
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for row in tables.review.iter_rows(named=True):
        name = (row["table_name"], row["rule"])
        group = groups.setdefault(
            name, {"table": name[0], "rule": name[1], "found": row["rows"], "remedy": row["remedy"], "rows": []}
        )
        group["rows"].append({"key": row["row_key"], "details": _details(row["details"])})
    return list(groups.values())


_SPIKE = ("sigma", "item_id", "location_id", "sold_on", "day_quantity", "mean_of_other_days", "std_of_other_days")


_FAR = ("item_id", "location_id", "bucket_on", "most_sold", "times")


def _details(text: str) -> str:
    """JSON details as ``key value, key value``; anything else as it is.

    >>> _details('{"quantity": 812, "mean": 9.123}')
    'quantity 812, mean 9.12'
    >>> far = {"item_id": "A", "location_id": "W", "bucket_on": "2026-07-05", "most_sold": 0.5, "times": 24.4, "q995": 12.2}
    >>> _details(json.dumps(far))
    'A at W, bucket of 2026-07-05: the highest quantile is 12.2 units, 24 times the most it ever sold in a bucket, 0.5'
    """
    found = json.loads(text)
    if not isinstance(found, dict):
        return str(found)
    if found.keys() >= set(_SPIKE):
        sigma, item, location, day, units, mean, deviation = (found[name] for name in _SPIKE)
        usual = f"{quantity(round(mean, 1))} ± {quantity(round(deviation, 1))}"
        return f"{item} at {location} on {day}: {quantity(units)} units, on other days {usual} ({sigma:g} standard deviations)"
    if found.keys() >= set(_FAR):
        item, location, bucket, most, times = (found[name] for name in _FAR)
        return (
            f"{item} at {location}, bucket of {bucket}: the highest quantile is {quantity(most * times)} units, "
            f"{times:,.0f} times the most it ever sold in a bucket, {quantity(most)}"
        )
    return ", ".join(f"{k.replace('_', ' ')} {quantity(v) if _is_number(v) else v}" for k, v in found.items())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
