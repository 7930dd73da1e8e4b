"""``stockproof erp check``: what of the ERP is usable for planning, and what is missing, in plain sentences."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

import polars as pl

from pipelines import settings
from pipelines.core.calendar import DAYS_IN
from pipelines.core.contract import TABLES
from pipelines.core.text import count
from pipelines.extract import profiles, reader
from pipelines.extract.profiles import Profile
from pipelines.io import erp
from pipelines.onboarding import (
    check_books,
    check_bucket,
    check_contract,
    check_hidden,
    check_oddities,
    check_pitfalls,
    check_rules,
)
from pipelines.onboarding.findings import Finding, Verdict, day_of, items_of, named
from pipelines.onboarding.findings import rows as _rows
from pipelines.onboarding.findings import share as _share

_DATES: Final = {
    "sales": "sold_on",
    "stock_levels": "counted_on",
    "purchase_orders": "ordered_on",
    "promotions": "starts_on",
    "calendar_events": "event_on",
}


@dataclass(frozen=True)
class TableFacts:
    """A table of the contract in this ERP.

    Attributes:
        table: its name.
        rows: number of rows; None where the table is missing.
        first: oldest business date, ISO.
        last: newest business date, ISO.
        lacks: optional columns that are absent.
    """

    table: str
    rows: int | None
    first: str | None
    last: str | None
    lacks: list[str]


@dataclass(frozen=True)
class Usable:
    """The answer of ``stockproof erp check``: the worst verdict, all findings, and the tables."""

    erp: str
    profile: str
    verdict: Verdict
    findings: list[Finding]
    tables: list[TableFacts]

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)


def check() -> Usable:
    """Look at the ERP through its source profile.

    Returns:
        What is usable.

    Raises:
        StockproofError: the ERP cannot be entered.
    """
    profile, sold = _inspected()
    tables = [_facts(profile, table.name) for table in TABLES]
    findings = [Finding("schema", "not usable", problem) for problem in profile.problems]
    findings += check_pitfalls.unrecorded(profile)
    findings.append(_sales(sold))
    if sold["last"].count():
        findings += [
            _items(profile, sold),
            _prices(profile, sold),
            _stock(profile, sold),
            _suppliers(profile, sold),
            _receipts(profile, sold),
            _policies(profile, sold),
        ]
        findings += check_rules.findings(profile) + check_contract.findings(profile, sold)
        findings += check_oddities.findings(profile)
        findings += check_pitfalls.services(profile, set(sold["item_id"].drop_nulls().to_list()))
        findings += check_books.books(profile) + check_bucket.bucket(profile)
        findings += check_hidden.hidden(sold, _skus(profile, "stock_levels", "counted_on"))
        first, last = _span(sold)
        findings += check_pitfalls.dated(profile) + check_pitfalls.below_zero(profile)
        findings += check_pitfalls.recorded(profile, last)
        findings += check_pitfalls.lots(profile, (last - first).days + 1)
    verdicts = [finding.verdict for finding in findings]
    worst: Verdict = (
        "not usable" if "not usable" in verdicts else "usable without" if "usable without" in verdicts else "usable"
    )
    return Usable(erp.shown_url(), settings.load().erp.profile, worst, findings, tables)


def _inspected() -> tuple[Profile, pl.DataFrame]:
    """The profile as of the newest sale, and the SKUs sold: at the end of time every price has run out and every item has ended."""
    profile = _whole(date.max)
    sold = _skus(profile, "sales", "sold_on")
    return _whole(_span(sold)[1]) if sold["last"].count() else profile, sold


def _whole(as_of: date) -> Profile:
    profile = profiles.inspect(as_of)
    misread = (reader.unreadable(source) for source in profile.sources.values() if source)
    problems = (*profile.problems, *(problem for problem in misread if problem))
    return replace(
        profile,
        problems=problems,
        sources={name: source and reader.whole(source) for name, source in profile.sources.items()},
    )


def _facts(profile: Profile, name: str) -> TableFacts:
    source = profile.sources[name]
    if source is None:
        return TableFacts(name, None, None, None, [])
    day = day_of(f"t.{_DATES[name]}") if name in _DATES else "null"
    query = f"select count(*) as n, min({day}) as first, max({day}) as last from (\n{source.query}\n) t"
    rows, first, last = _rows(query).row(0)
    lacks = [column.name for column in source.table.columns if column.name not in source.columns]
    return TableFacts(name, int(str(rows)), str(first)[:10] if first else None, str(last)[:10] if last else None, lacks)


def _skus(profile: Profile, name: str, day: str) -> pl.DataFrame:
    """SKUs of a table with number of rows, oldest and newest day."""
    source = profile.sources[name]
    empty = pl.DataFrame(
        schema={"item_id": pl.String, "location_id": pl.String, "rows": pl.Int64, "first": pl.String, "last": pl.String}
    )
    if source is None:
        return empty
    found = _rows(
        f"select min(item_id), min(location_id), count(*), min({day_of(day)}), max({day_of(day)}) from (\n{source.query}\n) t "
        f"group by {erp.exactly('item_id')}, {erp.exactly('location_id')}"
    )
    return (
        found.rename(dict(zip(found.columns, empty.columns, strict=True))).with_columns(
            pl.col("first", "last").cast(pl.String)
        )
        if found.height
        else empty
    )


def _span(sold: pl.DataFrame) -> tuple[date, date]:
    """Days of the oldest and the newest sale."""
    return date.fromisoformat(str(sold["first"].min())[:10]), date.fromisoformat(str(sold["last"].max())[:10])


def _sales(sold: pl.DataFrame) -> Finding:
    if not sold["last"].count():
        lacking = "no sale has a date" if sold.height else "no sale at all"
        return Finding("sales", "not usable", f"{lacking}: planning starts from sales")
    first, last = _span(sold)
    config = settings.load()
    days, need = (last - first).days + 1, config.forecast.min_training_data
    rows = count(int(sold["rows"].sum()), "sales row")
    span = f"{rows} of {count(sold.height, 'SKU')} over {count(days, 'day')}, {first} to {last}"
    if days // DAYS_IN[config.planning.grain] < need:
        return Finding(
            "sales",
            "not usable",
            f"{span}: fewer than the {need} {config.planning.grain}s a forecast needs (forecast.min_training_data)",
        )
    return Finding("sales", "usable", span)


def _items(profile: Profile, sold: pl.DataFrame) -> Finding:
    known = items_of(profile, "items")
    if not known:
        return Finding("items", "not usable", "no items: their costs are needed")
    lost = [item for item in sold["item_id"].to_list() if item not in known]
    if lost:
        sentence = (
            f"{len(lost)} of {sold.height} SKUs with sales name an item that items does not hold; they go to quarantine"
        )
        alike = {item.rstrip().casefold() for item in known}
        same = sum(item is not None and item.rstrip().casefold() in alike for item in lost)
        if same:
            sentence += (
                f"; {same} of them differ from one by capitals or spaces at the end alone, which the ERP may take for the same and we do "
                "not: write ids one way, or let a source profile do so, e.g. UPPER(RTRIM(item_id))"
            )
        return Finding("items", "usable without", sentence)
    idle = len(known) - sold["item_id"].n_unique()
    never = f"; {idle} of {len(known)} items were never sold: nothing is ordered of them but what the ERP's own minimum asks for"
    return Finding(
        "items", "usable", f"all {sold['item_id'].n_unique()} items with sales are known{never if idle else ''}"
    )


def _prices(profile: Profile, sold: pl.DataFrame) -> Finding:
    """Whether a unit lost has a price of its own: the replay weighs service against stock by it."""
    items, source = set(sold["item_id"].to_list()), profile.sources["items"]
    named = "unit_price > unit_cost" + (" or shortage_cost > 0" if source and "shortage_cost" in source.columns else "")
    have = len(items & items_of(profile, "items", named))
    sentence = f"{have} of {len(items)} items with sales ({_share(have, len(items))}) have a shortage cost or a sale price above their cost"
    if have < len(items):
        return Finding("prices", "usable without", f"{sentence}; of the others costs.service_target prices a unit lost")
    return Finding("prices", "usable", sentence)


def _stock(profile: Profile, sold: pl.DataFrame) -> Finding:
    counted = _skus(profile, "stock_levels", "counted_on")
    have = sold.join(counted, on=["item_id", "location_id"], how="semi").height
    sentence = f"{have} of {sold.height} SKUs with sales ({_share(have, sold.height)}) have stock levels"
    if not have:
        return Finding(
            "stock",
            "usable without",
            f"{sentence}: stock counts as zero, stockouts of the past are unseen, replays start empty",
        )
    newest = counted.select("item_id", "location_id", pl.col("last").alias("counted"))
    old = sold.join(newest, on=["item_id", "location_id"]).filter(pl.col("last") > pl.col("counted"))
    if old.height:
        sentence += (
            f"; {old.height} of them sold after their newest count (the oldest of {str(old['counted'].min())[:10]}): what was sold and "
            "received since is carried forward, what else moved is not. Export the stock of the day you plan"
        )
    return Finding("stock", "usable" if have == sold.height and not old.height else "usable without", sentence)


def _suppliers(profile: Profile, sold: pl.DataFrame) -> Finding:
    items = set(sold["item_id"].to_list())
    active = items_of(profile, "suppliers", "active", "supplier_id")
    supplied, timed = (
        items & check_pitfalls.offered(profile, active, condition) for condition in ("1 = 1", "lead_time_days > 0")
    )
    shares = [f"{len(some)} ({_share(len(some), len(items))})" for some in (supplied, timed)]
    sentence = (
        f"{count(len(active), 'active supplier')}: of {count(len(items), 'item')} with sales {shares[0]} are offered by one, "
        f"{shares[1]} with a lead time above zero"
    )
    if not supplied:
        return Finding("suppliers", "not usable", f"{sentence}: nothing could be ordered")
    if len(timed) == len(items):
        return Finding("suppliers", "usable", sentence)
    if untimed := sorted(supplied - timed):
        sentence += (
            f"; without one the measured lead time holds, else planning.default_lead_time_days: {named(untimed)}"
        )
    if lacking := sorted(items - supplied):
        sentence += (
            f"; nothing is ordered of what no active supplier offers ({named(lacking)}): a kit, something made here, or a supplier that is "
            "missing?"
        )
    return Finding("suppliers", "usable without", sentence)


def _receipts(profile: Profile, sold: pl.DataFrame) -> Finding:
    source = profile.sources["purchase_order_lines"]
    items = set(sold["item_id"].to_list())
    dated = source is not None and "received_on" in source.columns
    arrived = f"{day_of('received_on')} is not null"
    have = (
        len(items & items_of(profile, "purchase_order_lines", f"{arrived} and quantity_received > 0")) if dated else 0
    )
    sentence = (
        f"{have} of {len(items)} items with sales ({_share(have, len(items))}) have receipts to learn lead times from"
    )
    bare = len(items_of(profile, "purchase_order_lines", f"{arrived} and quantity_received is null")) if dated else 0
    if bare:
        without = f"lines of {count(bare, 'item')} have a date of receipt and no quantity_received"
        sentence += f"; {without}: they are settled, and nothing came with them"
    if not have:
        return Finding("receipts", "usable without", f"{sentence}: the agreed lead times are taken as they are")
    return Finding("receipts", "usable without" if bare else "usable", sentence)


def _policies(profile: Profile, sold: pl.DataFrame) -> Finding:
    own = _skus(profile, "item_policies", "null")
    have = sold.join(own, on=["item_id", "location_id"], how="semi").height
    sentence = f"{have} of {sold.height} SKUs with sales ({_share(have, sold.height)}) have a minimum and maximum to compare with"
    if not have:
        orders = profile.sources["purchase_orders"]
        ordered = orders is not None and _rows(f"select 1 as one from (\n{orders.query}\n) t limit 1").height
        consequence = (
            "the comparison is with what was really ordered"
            if ordered
            else "nor is there any order: no saving can be shown"
        )
        return Finding("policies", "usable without", f"{sentence}: {consequence}")
    return Finding("policies", "usable", sentence)
