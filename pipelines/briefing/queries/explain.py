"""Why a SKU is ordered or not, from the tables of a run: the one answer of command, page and interface."""

from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from pipelines import settings
from pipelines.briefing import explanation_words as words
from pipelines.briefing import tables as failed_steps
from pipelines.briefing.explanation import (
    Arrival,
    Bucket,
    Candidate,
    Choice,
    Day,
    Decision,
    Explanation,
    Forecast,
    Levels,
    Placed,
    Stock,
    Supplier,
)
from pipelines.briefing.queries import last_run, positions
from pipelines.core.errors import NotFound
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.core.suggestions import refuse_unknown
from pipelines.io import warehouse

_HERE: Final = "{t}.as_of = :as_of and {t}.item_id = :item and (:location = '' or {t}.location_id = :location)"

_GRID: Final = ", ".join(f"f.{column}" for column in COLUMNS)

_QUERIES: Final = {
    "decisions": f"""
select d.*, p.safety_stock, p.service_target, p.protection_days, coalesce(p.reason, '') as policy_reason,
    coalesce(i.item_name, d.item_id) as item_name, coalesce(l.location_name, d.location_id) as location_name,
    coalesce(v.supplier_name, d.supplier_id) as supplier_name, coalesce(s.category, i.category, '') as category,
    coalesce(s.abc_class, '') as abc_class, coalesce(s.demand_class, '') as demand_class,
    cast(s.lead_time_days as double precision) as lead_time_days, cast(s.reorder_point as double precision) as erp_reorder_point,
    cast(s.order_up_to as double precision) as erp_order_up_to, s.as_of is not null as in_marts
from plan.decisions d
left join plan.policies p on p.as_of = d.as_of and p.item_id = d.item_id and p.location_id = d.location_id
left join marts.dim_item i on i.item_id = d.item_id
left join marts.dim_location l on l.location_id = d.location_id
left join marts.dim_supplier v on v.supplier_id = d.supplier_id
left join marts.dim_sku s on s.as_of = d.as_of and s.item_id = d.item_id and s.location_id = d.location_id
where {_HERE.format(t="d")} order by d.location_id collate "C"
""",
    "intervals": f"""
select f.location_id, f.method, f.model_version, f.reason, f.protection_days, f.mean, f.std, {_GRID},
    coalesce(a.note, '') as adjusted, coalesce(a.base_mean, f.mean) as mean_before_adjustment, coalesce(x.rules, '') as set_aside
from plan.lead_time_forecasts f
left join plan.adjusted_forecasts a on a.as_of = f.as_of and a.item_id = f.item_id and a.location_id = f.location_id
left join plan.forecasts_set_aside x on x.as_of = f.as_of and x.item_id = f.item_id and x.location_id = f.location_id
where {_HERE.format(t="f")}
""",
    "buckets": f"""
select f.location_id, f.horizon, f.bucket_on, f.mean, {_GRID} from plan.forecasts f where {_HERE.format(t="f")} order by f.horizon
""",
    "candidates": f"select c.* from plan.candidates c where {_HERE.format(t='c')} order by c.cost_judged, c.candidate",
    "choices": f"select c.* from plan.choices c where {_HERE.format(t='c')}",
    "passports": f"select p.* from plan.passports p where {_HERE.format(t='p')}",
    "placed": """
select o.location_id, o.order_id, l.line_no, o.state, l.quantity, l.needs_review
from orders.lines l join orders.orders o using (order_id)
where o.as_of = :as_of and l.item_id = :item and (:location = '' or o.location_id = :location) order by o.order_id, l.line_no
""",
}


def explain(item_id: str, location_id: str | None = None, as_of: date | None = None) -> list[Explanation]:
    """Why an item is ordered or not, one document a location.

    Args:
        item_id: the item.
        location_id: this location alone; None: all of the item's.
        as_of: the run's date; None: the newest run.

    Returns:
        The documents, by location.

    Raises:
        NotFound: no run has decided orders of that date, or the run knows no such item or location.
    """
    day = last_run.decided_on(as_of)
    rows = warehouse.read_many(_QUERIES, as_of=day, item=item_id, location=location_id or "")
    decisions = rows.pop("decisions")
    if decisions.is_empty():
        _refuse(item_id, location_id, day)
    degraded = failed_steps.degraded(day)
    arrivals = _arrivals(item_id, day) if decisions["in_marts"].any() else pl.DataFrame()
    return [
        _document(
            row,
            {name: _at(frame, row["location_id"]) for name, frame in rows.items()},
            _at(arrivals, row["location_id"]),
            degraded,
        )
        for row in decisions.iter_rows(named=True)
    ]


def _refuse(item_id: str, location_id: str | None, day: date) -> None:
    known = warehouse.read("select item_id, location_id from plan.decisions where as_of = :as_of", as_of=day)
    where = f"the run of {day}"
    refuse_unknown([item_id], known["item_id"].to_list(), where, "write the id as the ERP does", NotFound)
    there = known.filter(item_id=item_id)["location_id"].to_list()
    refuse_unknown([location_id or ""], there, f"{where}, item {item_id},", f"it is at {', '.join(there)}", NotFound)


def _at(frame: pl.DataFrame, location_id: str) -> list[dict[str, Any]]:
    return frame.filter(location_id=location_id).to_dicts() if frame.height else []


def _arrivals(item_id: str, day: date) -> pl.DataFrame:
    config = settings.load()
    default = round(config.planning.default_lead_time_days) + config.planning.review_period_days
    return positions.dated(day, config.purchase.late_days, default, item_id=item_id)


def _document(
    row: dict[str, Any], found: dict[str, list[dict[str, Any]]], arrivals: list[dict[str, Any]], degraded: str
) -> Explanation:
    interval, choice = next(iter(found["intervals"]), None), next(iter(found["choices"]), None)
    forecast = _forecast(interval, found["buckets"], row["as_of"]) if interval else None
    confidence = choice["confidence"] if choice else settings.load().forecast.confidence_level
    passport = next((words.passport(one, confidence) for one in found["passports"]), None)
    without = choice["reason"] if choice else "No replay of this SKU was made on this date."
    coming = [Arrival(day=one["expected_on"], quantity=one["quantity"], ours=one["ours"]) for one in arrivals]
    head = ("as_of", "item_id", "item_name", "location_id", "location_name", "category", "abc_class", "demand_class")
    return Explanation(
        **{name: row[name] for name in head},
        decision=_decision(row),
        flip=words.flip(row),
        obstacles=words.obstacles(row, forecast.set_aside if forecast else "", degraded),
        orders=[Placed(**{name: one[name] for name in Placed.model_fields}) for one in found["placed"]],
        supplier=_supplier(row),
        stock=Stock(
            position=row["inventory_position"],
            projected=row["projected_stock"],
            **{name: row[name] for name in ("on_hand", "due", "proposed", "projected_without", "risk")},
        ),
        levels=Levels(reason=row["policy_reason"], **{n: row[n] for n in Levels.model_fields if n != "reason"}),
        arrivals=coming,
        projection=_projection(row, coming, forecast) if row["in_marts"] else [],
        forecast=forecast,
        choice=Choice(**{name: choice[name] for name in Choice.model_fields}) if choice else None,
        candidates=_candidates(found["candidates"], choice),
        passport=passport,
        without_passport="" if passport else without,
    )


def _decision(row: dict[str, Any]) -> Decision:
    same = ("level", "level_reason", "priority", "quantity", "unit_price", "order_value", "expected_on", "agreed_on", "expected_from",
            "expected_saving")  # fmt: skip
    by = words.DECIDED_BY.get(row["level"], row["level"])
    return Decision(
        ordered=row["quantity"] > 0,
        code=row["reason_code"],
        sentence=row["reason"],
        decided_by=by,
        **{n: row[n] for n in same},
    )


def _supplier(row: dict[str, Any]) -> Supplier | None:
    if row["supplier_id"] is None:
        return None
    same = (
        "supplier_id",
        "supplier_name",
        "lead_time_days",
        "pack_size",
        "min_order_qty",
        "ordering_cost",
        "landed_cost",
    )
    return Supplier(reason=row["supplier_reason"], **{name: row[name] for name in same})


def _candidates(rows: list[dict[str, Any]], choice: dict[str, Any] | None) -> list[Candidate]:
    chosen = choice["candidate"] if choice and choice["choice"] == "ours" else None
    names = [name for name in Candidate.model_fields if name != "chosen"]
    return [Candidate(chosen=row["candidate"] == chosen, **{name: row[name] for name in names}) for row in rows]


def _forecast(row: dict[str, Any], buckets: list[dict[str, Any]], as_of: date) -> Forecast:
    ends = [as_of, *(one["bucket_on"] for one in buckets)]
    fan = [
        Bucket(
            bucket_on=one["bucket_on"],
            days=(one["bucket_on"] - before).days,
            mean=one["mean"],
            quantiles=[one[column] for column in COLUMNS],
        )
        for one, before in zip(buckets, ends, strict=False)
    ]
    grid = {str(level): row[column] for level, column in zip(LEVELS, COLUMNS, strict=True)}
    own = [name for name in Forecast.model_fields if name not in ("quantiles", "buckets")]
    return Forecast(quantiles=grid, buckets=fan, **{name: row[name] for name in own})


def _projection(row: dict[str, Any], arrivals: list[Arrival], forecast: Forecast | None) -> list[Day]:
    """The shelf day by day, if demand were as expected, to the end of the buckets forecast or of the protection interval."""
    if forecast is None:
        return []
    day, without, with_order, found = row["as_of"], row["on_hand"], row["on_hand"], []
    # A line without a date is one that its supplier owes: it is taken to come as one ordered today would.
    undated = row["expected_on"] or day + timedelta(days=forecast.protection_days)
    for demand in _demand(forecast):
        day += timedelta(days=1)
        first = day == row["as_of"] + timedelta(days=1)
        due = [(one.day or undated, one.quantity) for one in arrivals]
        arriving = sum(quantity for on, quantity in due if on == day or (first and on < day))
        ordered = row["quantity"] if row["expected_on"] == day else 0.0
        without = max(without + arriving - demand, 0.0)
        with_order = max(with_order + arriving + ordered - demand, 0.0)
        found.append(Day(day=day, arriving=arriving, demand=demand, stock=without, with_order=with_order))
    return found


def _demand(forecast: Forecast) -> list[float]:
    """Expected demand by day: the buckets', and beyond them what is left of the protection interval's, evenly."""
    known = [bucket.mean / max(bucket.days, 1) for bucket in forecast.buckets for _ in range(bucket.days)]
    beyond = forecast.protection_days - len(known)
    rest = max(forecast.mean - sum(known), 0.0) / beyond if beyond > 0 else 0.0
    return [*known, *([rest] * beyond)]
