"""Decisions: for every SKU how much to order, from whom, at which price and why; quantity 0 where nothing is ordered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import polars as pl

from pipelines import settings
from pipelines.briefing import tables as failed_steps
from pipelines.io import warehouse
from pipelines.purchase import rollout, tables
from pipelines.purchase.decide import Decisions, decide, decide_inputs
from pipelines.settings import Settings

# One row a SKU whose decision is new: a run repeated with the same outcome adds nothing to the trail.
_LOG = """
insert into plan.decision_log (as_of, item_id, location_id, supplier_id, decision, order_qty, current_stock, pending_orders,
    projected_stock, reasoning, cost, risk, level, model_version, data_hash, code_version)
select d.as_of, d.item_id, d.location_id, d.supplier_id, d.reason_code, d.quantity, d.on_hand, d.due + d.proposed, d.projected_stock,
    d.reason, d.order_value, d.risk, d.level, d.model_version, d.data_hash, d.code_version
from plan.decisions d
left join lateral (
    select * from plan.decision_log l where l.as_of = d.as_of and l.location_id = d.location_id and l.item_id = d.item_id
    order by l.log_id desc limit 1) last on true
where d.as_of = :as_of and (last.supplier_id, last.decision, last.order_qty, last.current_stock, last.pending_orders, last.projected_stock,
    last.reasoning, last.cost, last.risk, last.level, last.model_version, last.data_hash, last.code_version)
    is distinct from (d.supplier_id, d.reason_code, d.quantity, d.on_hand,
    d.due + d.proposed, d.projected_stock, d.reason, d.order_value, d.risk, d.level, d.model_version, d.data_hash, d.code_version)
order by d.location_id collate "C", d.item_id collate "C"
"""


# Which model a decision rests on: that of its policy.
_TRACE = """
update plan.decisions d set model_version = p.model_version, data_hash = p.data_hash, code_version = p.code_version
from plan.policies p
where d.as_of = :as_of and p.as_of = d.as_of and p.item_id = d.item_id and p.location_id = d.location_id
"""


def run(as_of: date, items: Sequence[str] = (), failed: Sequence[str] = ()) -> dict[str, int | float | str]:
    """Write plan.decisions of a date: one row for every SKU. Safe to repeat.

    What no SKU decides alone (suppliers' orders, the budget) is decided over the whole catalogue, also where only some items are written.

    Args:
        as_of: the run's date.
        items: these items alone; empty: all. Rows of other items stay as they are.
        failed: steps that failed before, by name; shown beside the orders.

    Returns:
        Number of SKUs, lines and suppliers ordered from, the value of the orders, alerts and lines that a person must see.

    Raises:
        StockproofError: the marts hold another date.
    """
    config = settings.load()
    found = tables.read(as_of, config)
    if not found.rows.height:
        warehouse.refuse_other_marts(as_of)
    made, carried = _decided(found, as_of, config)
    decided = made.table
    if items:
        decided = decided.filter(pl.col("item_id").is_in(list(items)))
    if carried is not None:
        some = carried.filter(pl.col("item_id").is_in(list(items))) if items else carried
        warehouse.replace(
            "plan.rollout_lines", some, {"as_of": as_of} | ({"item_id": sorted(set(items))} if items else {})
        )
    if items:
        warehouse.replace("plan.decisions", decided, {"as_of": as_of, "item_id": sorted(set(items))})
    else:
        whole = {"plan.decisions": decided, "plan.decision_units": made.units, "plan.joint_trials": made.trials}
        warehouse.replace_all(whole, {"as_of": as_of})
    failed_steps.note(as_of, failed, whole=not items)
    warehouse.execute(_TRACE, as_of=as_of)
    warehouse.execute(_LOG, as_of=as_of)
    ordered = decided.filter(pl.col("quantity") > 0)
    return {
        "skus": decided.height,
        "lines": ordered.height,
        "suppliers": ordered["supplier_id"].n_unique(),
        "order_value": round(float(ordered["order_value"].sum()), 2),
        "alerts": decided.filter(pl.col("alert_code") != "").height,
        "to_review": int(decided["needs_review"].sum()),
        "suppliers_joined": int(made.trials["joins"].sum()) if made.trials.height else 0,
        **{f"by_{level}": count for level, count in sorted(decided["level"].value_counts().iter_rows())},
    }


def _decided(found: tables.Inputs, as_of: date, config: Settings) -> tuple[Decisions, pl.DataFrame | None]:
    """The decisions, and in a rollout rows of plan.rollout_lines: whose quantity each line carries, and what ours would have been."""
    ours = decide_inputs(found, found.rows, as_of, config)
    if not config.rollout.enabled:
        return ours, None
    who = rollout.carried(found.rows, tables.assigned(as_of), next(iter(config.rollout.stages)))
    mixed = decide_inputs(found, rollout.with_incumbent(found.rows, who), as_of, config)
    decided, carried = rollout.lines(mixed.table, ours.table, who, as_of)
    return replace(mixed, table=decided), carried


def table(rows: pl.DataFrame, breaks: pl.DataFrame, as_of: date, config: Settings) -> pl.DataFrame:
    """Rows of plan.decisions, in the order of the SKUs; see :func:`pipelines.purchase.decide.decide`."""
    return decide(rows, breaks, as_of, config).table
