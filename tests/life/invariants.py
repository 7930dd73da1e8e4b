"""What must hold after each step, whatever happened before. Each function gives its violations, a line each."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from pipelines.io import erp, warehouse
from tests.life.planner import Signed
from tests.life.truth import EPS, SENT, SETTLED, Truth
from tests.life.ways import Ways, outbox

UNSIGNED = ("proposed", "overridden", "refused")

FOLLOWS = {
    "proposed": ("", "superseded", "withdrawn"), "overridden": UNSIGNED, "approved": UNSIGNED, "rejected": (*UNSIGNED, "approved"),
    "superseded": ("", "withdrawn", *UNSIGNED), "submitted": ("approved",), "refused": ("submitted",), "acknowledged": ("submitted",),
    "received": ("acknowledged",), "cancelled": ("acknowledged",), "closed": ("acknowledged",), "withdrawn": ("proposed", "superseded"),
}  # fmt: skip
"""State → those that documentation (docs/orders.md) draws an arrow from; "" is the beginning."""


def bought_once(truth: Truth) -> Iterable[str]:
    """Nothing is proposed that is there, due or signed already; never more than is missing, whole packs and minimums apart."""
    for key, lines in truth.proposed.items():
        low, high = truth.levels[key]
        position, units = truth.position(key), sum(line["quantity"] for _, line in lines)
        stated = f"{key}: {units:g} proposed at a position of {position:g} ({_parts(truth, key)}), {low:g}/{high:g}"
        if len(lines) > 1:
            yield f"{stated}: on {len(lines)} orders"
        supplier, line = lines[0]
        joins = line["reason_code"] == "ORDER_JOINS_VENDOR_ORDER"
        if position > (high if joins else low) + EPS:
            yield f"{stated}: nothing is needed ({line['reason_code']})"
        elif units > truth.most(key, supplier) + EPS:
            yield f"{stated}: at most {truth.most(key, supplier):g}"


def not_forgotten(truth: Truth) -> Iterable[str]:
    """What is at its minimum is proposed, unless the item ended, nobody offers it, or a planner has touched an order of the day."""
    touched = {
        (order["supplier_id"], order["location_id"])
        for order in truth.orders
        if order["as_of"] == truth.day and order["state"] not in ("proposed", "superseded")
    }
    for key, (low, high) in truth.levels.items():
        vendors = truth.vendors(key[0])
        asked = not any((supplier, key[1]) in touched for supplier in vendors)
        if vendors and asked and not _ended(truth, key[0]) and truth.position(key) <= low and key not in truth.proposed:
            yield f"{key}: nothing proposed at a position of {truth.position(key):g} ({_parts(truth, key)}), {low:g}/{high:g}"


def may_be_bought(truth: Truth) -> Iterable[str]:
    """Only what has not ended, from suppliers that are active, by the newest run alone."""
    for key, lines in truth.proposed.items():
        if _ended(truth, key[0]):
            yield f"{key}: proposed though it ended on {truth.ends[key[0]]}"
        for supplier, _ in lines:
            if supplier not in truth.active:
                yield f"{key}: proposed from {supplier}, which is inactive"
    for order in truth.orders:
        if order["state"] == "proposed" and order["as_of"] != truth.day:
            yield f"{order['order_id']} of {order['as_of']} still waits after the run of {truth.day}"


def position(truth: Truth) -> Iterable[str]:
    """The position of each decision is what lies there, what is due and what is pending."""
    rows = warehouse.read(
        "select item_id, location_id, inventory_position from plan.decisions where as_of = :d", d=truth.day
    )
    found = {(item, place): units for item, place, units in rows.iter_rows()}
    if missing := sorted(truth.levels.keys() - found.keys()):
        yield f"no decision for {missing}"
    for key in truth.levels.keys() & found.keys():
        if abs(found[key] - truth.position(key)) > EPS:
            yield f"{key}: position {found[key]:g} where {truth.position(key):g} is right ({_parts(truth, key)})"


def states(truth: Truth) -> Iterable[str]:
    """Each order went from state to state as documented, and is in the one that its last event names."""
    rows = warehouse.read("select order_id, event from orders.events where line_no is null order by event_id")
    history: dict[str, list[str]] = {}
    for name, event in rows.iter_rows():
        history.setdefault(name, []).append(event)
    for name, events in history.items():
        for before, after in zip(["", *events], events, strict=False):
            if after in FOLLOWS and before not in FOLLOWS[after]:
                yield f"{name}: {after} follows {before or 'nothing'} in {events}"
    for order in truth.orders:
        last = [event for event in history[order["order_id"]] if event in FOLLOWS][-1]
        if last != order["state"]:
            yield f"{order['order_id']} is {order['state']}, its last event {last}"


def ends(truth: Truth) -> Iterable[str]:
    """After a run, an order is received or cancelled exactly where nothing of it is to come."""
    for order in truth.orders:
        po = truth.shown.get(order["order_id"])
        if po is None:
            continue
        right = "acknowledged" if po not in truth.settled else "received" if truth.settled[po] else "cancelled"
        if order["state"] != right:
            yield f"{order['order_id']} is {order['state']}, {right} is right ({po}: {truth.settled.get(po)} came)"


def once(signed: dict[str, Signed], truth: Truth, ways: Ways, seen: set[str]) -> Iterable[str]:
    """Each signed order is on the other side exactly once, with the units that were signed; nothing else of ours is."""
    with erp.transaction() as connection:
        query = """select h.po_id, h.external_ref, l.item_id, l.quantity_ordered from purchase_orders h
            join purchase_order_lines l on l.po_id = h.po_id where h.external_ref is not null or h.po_id like 'SP-%'"""
        rows = list(connection.execute(sa.text(query)))
    heads = Counter(ref for _, ref in {(row[0], row[1]) for row in rows})
    keys = {one.key: name for name, one in signed.items()}
    for ref in heads.keys() - keys.keys():
        yield f"the ERP holds {ref}, which nobody signed"
    for key, number in heads.items():
        if number > 1:
            yield f"the ERP holds {keys.get(key, key)} {number} times"
    there = set(heads) | {path.stem for path in outbox().glob("*.json")} | set(ways.answers.orders)
    for order in truth.orders:
        name = order["order_id"]
        if order["state"] in SENT and name not in signed:
            yield f"{name} is {order['state']}, and nobody signed it"
        if order["state"] in SENT[2:] and order["key"] not in there and name not in seen:
            yield f"{name} is {order['state']}, and is nowhere"
    for ref in there - keys.keys():
        yield f"{ref} went out, and nobody signed it"


def sent_as_signed(signed: dict[str, Signed], truth: Truth) -> Iterable[str]:
    """An order keeps the units it was signed with."""
    for order in truth.orders:
        if order["order_id"] in signed:
            units = {line["item_id"]: line["quantity"] for line in order["lines"] if line["quantity"] > 0}
            if units != signed[order["order_id"]].units:
                yield f"{order['order_id']} holds {units}, signed were {signed[order['order_id']].units}"
    known = {order["order_id"] for order in truth.orders}
    yield from (f"{name} was signed and is gone" for name in signed.keys() - known)


def released(truth: Truth, day: date) -> Iterable[str]:
    """After a release that succeeded, nothing that was signed waits."""
    for order in truth.orders:
        if order["state"] in ("approved", "submitted") and order["as_of"] <= day:
            yield f"{order['order_id']} is {order['state']} after the release"


def settled_stay(before: Truth, after: Truth) -> Iterable[str]:
    """What was rejected, superseded or cancelled does not come back, unless it is proposed again untouched."""
    now = {order["order_id"]: order["state"] for order in after.orders}
    for order in before.orders:
        if order["state"] in SETTLED and now.get(order["order_id"], "") in SENT:
            yield f"{order['order_id']} was {order['state']} and is {now[order['order_id']]}"


def _ended(truth: Truth, item: str) -> bool:
    return item in truth.ends and truth.ends[item] <= truth.day


def _parts(truth: Truth, key: tuple[str, str]) -> str:
    return f"{truth.on_hand.get(key, 0.0):g} on hand, {truth.due[key]:g} due, {truth.pending[key]:g} pending"
