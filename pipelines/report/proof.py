"""What the replay proves, and what it cannot: the guard's choices, bounds of the saving, books that fail, achieved service. Pure."""

from typing import Any, Final

import polars as pl

from pipelines.core.text import count
from pipelines.render.formats import money, percent, points, quantity
from pipelines.report import facts
from pipelines.report.tables import Tables

BASES: Final = {
    "proven": "ours: the replay proved a saving over the ERP's rule",
    "no_incumbent": "ours: the ERP holds no rule to keep",
    "not_proven": "the ERP's rule is kept: no saving was proven",
    "books": "the ERP's rule is kept: its books do not add up, so nothing can be proven",
    "not_replayed": "could not be replayed",
}

KINDS: Final = {
    "stock_jump": "one count jumps and stays: a counting error, or a movement that was not booked",
    "booked_on_another_day": "a gap that closes again within two weeks: booked on another day",
    "unrecorded_movements": "several gaps: movements that were not booked",
}

ROUNDS: Final = 3
"""Orders that should come one after another, lead time by lead time, before a comparison says much."""

TOLERANCE: Final = 1e-6
"""Units; sums of decimals kept as doubles."""

SHOWN: Final = 30
"""SKUs with failing books on the page; the rest is in plan.calibration."""


def sections(tables: Tables) -> dict[str, Any]:
    """Everything the section shows."""
    return {
        "choices": choices(tables),
        "bounds": bounds(tables),
        "books": books(tables),
        "failing": tables.calibration.height,
        "service": service(tables),
    }


def choices(tables: Tables) -> list[dict[str, Any]]:
    """How many SKUs follow which rule, and why."""
    if not tables.choices.height:
        return []
    found = dict(tables.choices.group_by("basis").len().iter_rows())
    return [{"why": why, "skus": f"{found[name]:,}"} for name, why in BASES.items() if name in found]


def guarded(tables: Tables) -> list[str]:
    """What the guard chose, where it chose anything, and where it had little to choose by."""
    if not tables.choices.height:
        return []
    found = dict(tables.choices.group_by("basis").len().iter_rows())
    proven, kept = found.get("proven", 0), found.get("not_proven", 0)
    if not proven and not kept:
        return []
    said = (
        f"Our policy replaces the ERP's rule on {count(proven, 'SKU')}, where earlier days of the replay prove a saving; on {kept:,} they "
        "do not, so the ERP's rule is kept there and counts as ours above."
    )
    brief = pl.col("saving_low").is_null() | (pl.col("lead_time_days") * ROUNDS > pl.col("guard_days"))
    little = tables.choices.filter((pl.col("basis") == "not_proven") & brief).height
    if little:
        said += (
            f" For {little:,} of them there is little to judge by: their past is short, or holds fewer than {ROUNDS} lead times. "
            "Where the books reach further back, planning.history_days may be raised."
        )
    return [said]


def bounds(tables: Tables) -> list[dict[str, str]]:
    """Saving and lost units on the demand that was seen, and on demand imputed for days the shelf was empty."""
    rows = []
    for name, replays in (("demand as it was seen", tables.replays), ("unseen demand imputed", tables.bounds)):
        if not replays.height:
            continue
        both = facts.compared_skus(tables.replays)
        of = {
            policy: facts.totals(replays.filter(pl.col("policy") == policy).join(both, on=facts.KEY, how="semi"))
            for policy in ("incumbent", "candidate")
        }
        theirs, ours = of["incumbent"], of["candidate"]
        rows.append(
            {
                "name": name,
                "fill_theirs": percent(theirs.fill),
                "fill_ours": percent(ours.fill),
                "lost_theirs": quantity(round(theirs.lost_units)),
                "lost_ours": quantity(round(ours.lost_units)),
                "saving": money(theirs.total_cost - ours.total_cost),
            }
        )
    return rows if len(rows) == 2 else []


def interval(tables: Tables) -> list[str]:
    """The saving as an interval between the two demands."""
    if not bounds(tables):
        return []
    both = facts.compared_skus(tables.replays)
    ends = sorted(_saving(rows.join(both, on=facts.KEY, how="semi")) for rows in (tables.replays, tables.bounds))
    low, high = money(ends[0]), money(ends[1])
    return [
        "What was asked for at an empty shelf is not known: with the demand that was seen, or with that of the days around imputed, the "
        f"saving {f'is {low} either way' if low == high else f'lies between {low} and {high}'}."
    ]


def _saving(rows: pl.DataFrame) -> float:
    by_policy = {
        policy: float(rows.filter(pl.col("policy") == policy)["total_cost"].sum())
        for policy in ("incumbent", "candidate")
    }
    return by_policy["incumbent"] - by_policy["candidate"]


def books(tables: Tables) -> list[dict[str, Any]]:
    """SKUs whose recorded receipts and sales do not reproduce their stock counts, the greatest gap first."""
    if tables.calibration.is_empty():
        return []
    failing = tables.calibration.with_columns(pl.col("units").abs().alias("size"))
    rows = failing.sort(["size", "location_id", "item_id"], descending=[True, False, False]).head(SHOWN)
    return [
        {
            "item_id": row["item_id"],
            "location_id": row["location_id"],
            "kind": KINDS[row["kind"]] + _aside(row),
            "gaps": f"{row['mismatches']:,}",
            "units": quantity(row["units"]),
            "units_raw": row["units"],
            "first": str(row["first_on"]),
            "last": str(row["last_on"]),
        }
        for row in rows.iter_rows(named=True)
    ]


def _aside(row: dict[str, Any]) -> str:
    """A word on sales that a data rule set aside: the planner has nothing to recount where they are what is missing."""
    aside = row.get("aside") or 0.0
    if abs(aside) < TOLERANCE:
        return ""
    sentence = f"; sales of {quantity(aside)} were set aside by a data rule (see Data quality)"
    just = abs(aside + row["units"]) < TOLERANCE
    return f"{sentence}, just what is missing here: the stock says that they were true" if just else sentence


def service(tables: Tables) -> list[dict[str, Any]]:
    """Achieved service on lead-time windows by demand class, against the target."""
    if not tables.audit.height:
        return []
    joined = tables.audit.join(tables.skus.select(*facts.KEY, "demand_class"), on=facts.KEY, how="inner")
    grouped = joined.group_by("demand_class").agg(
        pl.len().alias("skus"),
        pl.col("windows", "covered", "covered_seen").cast(pl.Int64).sum(),
        pl.col("expected").sum(),
        pl.col("target").first(),
    )
    found = {row["demand_class"]: row for row in grouped.iter_rows(named=True)}
    order = [name for name in facts.CLASSES["demand_class"] if name in found]
    return [_service_row(found[name]) for name in order]


def _service_row(row: dict[str, Any]) -> dict[str, str]:
    low, high = (row[name] / row["windows"] for name in ("covered", "covered_seen"))
    missed = max(row["target"] - high, 0.0) if high < row["target"] else max(low - row["target"], 0.0)
    return {
        "name": row["demand_class"].replace("_", " "),
        "skus": f"{row['skus']:,}",
        "windows": f"{row['windows']:,}",
        "target": percent(row["target"]),
        "expected": percent(row["expected"] / row["windows"]),
        "achieved": percent(low) if high - low < 0.0005 else f"{percent(low)} to {percent(high)}",
        "gap": "within" if not missed else points(-missed if high < row["target"] else missed),
    }
