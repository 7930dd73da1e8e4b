"""The way from an order line back to the rows it rests on, each step read again and compared with the next. Answers, never writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.governance import trace_tables as tables
from pipelines.io import registry
from pipelines.replay import hashes
from pipelines.replay import tables as replay_tables

FINGERPRINTS: Final = ("demand_hash", "stock_hash", "receipts_hash", "master_hash")
"""Of a passport, recomputed from the marts."""


@dataclass(frozen=True)
class Step:
    """One step of the way.

    Attributes:
        name: ``approval``, ``line``, ``decision``, ``policy``, ``passport``, ``model``, ``marts`` or ``rows``.
        facts: what is stored there.
        agrees: it was read again and equals what the step above holds; None where there is nothing left to compare with.
        why: why it does not agree, or cannot be compared; empty where it agrees.
    """

    name: str
    facts: Mapping[str, Any]
    agrees: bool | None
    why: str = ""


def trace(line: str) -> list[Step]:
    """The steps of an order line, from its signature down to the rows of the ERP.

    Args:
        line: ``ORDER:LINE``, as `stockproof orders show` prints it.

    Returns:
        The steps.

    Raises:
        StockproofError: there is no such line.
    """
    order, _, number = line.partition(":")
    found = tables.line(order, int(number)) if number.isdigit() else None
    if found is None:
        raise StockproofError(
            f"there is no order line {line}", "`stockproof orders show ORDER` lists lines; write ORDER:LINE"
        )
    day, key = found["as_of"], {"item_id": found["item_id"], "location_id": found["location_id"]}
    held = {name: tables.row(name, day, **key) for name in tables.STEPS}
    decision, policy, forecast = (held[name] for name in ("decision", "policy", "forecast"))
    steps = [
        Step("approval", {"events": tables.events(order)}, None, ""),
        Step("line", found, None, ""),
        _same("decision", decision, {"quantity": found["proposed_quantity"], "supplier_id": found["supplier_id"]}),
        _same(
            "log", held["log"], {"order_qty": (decision or {}).get("quantity"), "level": (decision or {}).get("level")}
        ),
        _same(
            "policy",
            policy,
            {name: (decision or {}).get(name) for name in ("model_version", "data_hash", "code_version")},
        ),
        _passport(held["passport"], day, held["marts"], key),
        _same("forecast", forecast, {name: (policy or {}).get(name) for name in ("data_hash", "code_version")}),
        _model(forecast),
        *_marts(day, decision, key),
    ]
    return steps


def _same(name: str, row: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> Step:
    """A step that holds what the step above does."""
    if row is None:
        return Step(name, {}, None, "none of this date is kept")
    wrong = [f"{key} is {row[key]}, above {value}" for key, value in wanted.items() if row[key] != value]
    return Step(name, row, not wrong if wanted else None, "; ".join(wrong))


def _model(forecast: Mapping[str, Any] | None) -> Step:
    label = str((forecast or {}).get("model_version", ""))
    version = next((v for v in registry.versions() if v.label == label), None)
    if version is None:
        return Step("model", {"model_version": label}, None, "no registered version: fitted in the run")
    tags = {name: version.tags.get(name, "") for name in ("data_hash", "config_hash", "code_version")}
    agrees = tags["code_version"] == (forecast or {}).get("code_version")
    facts = {"model_version": label, "trained_as_of": version.trained_as_of, **tags}
    return Step("model", facts, agrees, "" if agrees else "the registered version was trained by other code")


def _passport(
    passport: Mapping[str, Any] | None, day: date, marts: Mapping[str, Any] | None, key: Mapping[str, str]
) -> Step:
    """The passport, its fingerprints of the SKU's demand, stock, receipts and master data computed again from the marts."""
    if passport is None or marts is None:
        return _same("passport", passport, {})
    rows = replay_tables.of_skus(day, pl.DataFrame([key]), settings.load().planning.history_days)
    again = hashes.row_hashes(rows).to_dicts()[0]
    return _same("passport", passport, {name: again[name] for name in FINGERPRINTS})


def _marts(day: date, decision: Mapping[str, Any] | None, key: Mapping[str, str]) -> list[Step]:
    """The marts, where they still hold the date, and the newest rows of the ERP behind them."""
    sku = tables.row("marts", day, **key)
    if sku is None:
        gone = f"the marts hold another date: `stockproof run daily --as-of {day}` builds these"
        return [Step("marts", {}, None, gone), Step("rows", tables.rows(day, **key), None, gone)]
    kept = tables.rows(day, **key)
    stock = (decision or {}).get("on_hand")
    marts = Step(
        "marts",
        sku,
        stock == max(sku["on_hand"] or 0.0, 0.0),
        "" if stock == sku["on_hand"] else f"on hand {sku['on_hand']}",
    )
    equal = kept["units"] == tables.demand(kept["newest"], **key)
    why = "" if equal else "the mart holds other units of that day: returns, kits, predecessors or a gate lie between"
    return [marts, Step("rows", kept, equal, why)]
