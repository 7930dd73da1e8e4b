"""The marts' arithmetic once more, slow and obvious: dictionaries and loops over the raw rows."""

import math
from collections import defaultdict
from datetime import date, timedelta
from statistics import fmean, pvariance
from typing import Any

from pipelines.core.calendar import DAYS_IN, Bucket, bucket_start

CANCEL_DAYS = 90

Sku = tuple[str, str]
Rows = list[dict[str, Any]]


def daily_demand(sales: Rows) -> dict[Sku, dict[date, float]]:
    """Units by SKU and day: sales net of returns, at least zero; a credit beyond its day's sales cancels an earlier day's."""
    net: dict[Sku, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    back: dict[Sku, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for sale in sales:
        net[sale["location_id"], sale["item_id"]][sale["sold_on"]] += sale["quantity"]
        back[sale["location_id"], sale["item_id"]][sale["sold_on"]] -= min(sale["quantity"], 0.0)
    return {sku: _without_cancelled(days, back[sku]) for sku, days in net.items()}


def _without_cancelled(net: dict[date, float], back: dict[date, float]) -> dict[date, float]:
    demand, taken = dict(net), defaultdict(int)
    for day in sorted(day for day, quantity in net.items() if quantity < 0):
        credit = back[day]
        fitting = [
            one for one in net if net[one] >= credit and timedelta(days=1) <= day - one <= timedelta(days=CANCEL_DAYS)
        ]
        fitting.sort(key=lambda one: (net[one], -one.toordinal()))
        if taken[credit] < len(fitting):
            demand[fitting[taken[credit]]] -= credit
            demand[day] += credit
        taken[credit] += 1
    return {day: max(quantity, 0.0) for day, quantity in demand.items()}


def stockout_days(tables: dict[str, Rows], as_of: date) -> dict[Sku, set[date]]:
    """Days that close empty; uncounted days after one until a count, sale, receipt or the item's end, before it back to the last sale."""
    counts: dict[Sku, dict[date, float]] = defaultdict(dict)
    for row in tables["stock_levels"]:
        counts[row["location_id"], row["item_id"]][row["counted_on"]] = row["on_hand"]
    demand = daily_demand(tables["sales"])
    ended = {row["item_id"]: row["discontinued_on"] or date.max for row in tables["items"]}
    place = {row["po_id"]: row["location_id"] for row in tables["purchase_orders"]}
    arrivals = {
        (place[line["po_id"]], line["item_id"], line["received_on"])
        for line in tables["purchase_order_lines"]
        if line["received_on"]
    }
    out: dict[Sku, set[date]] = {}
    for sku, counted in counts.items():
        empty, out[sku] = False, set()
        day = min(counted)
        while day <= as_of:
            if day in counted:
                empty = counted[day] <= 0
            elif demand.get(sku, {}).get(day, 0) > 0 or (*sku, day) in arrivals or day >= ended[sku[1]]:
                empty = False
            if empty:
                out[sku].add(day)
            day += timedelta(days=1)
        for day, left in counted.items():
            back = day if left <= 0 else min(counted)
            while back > min(counted) and (back == day or back not in counted):
                if (*sku, back) in arrivals and not demand.get(sku, {}).get(back, 0) > 0:
                    break
                if demand.get(sku, {}).get(back, 0) > 0:
                    sold_out = (back + timedelta(days=n) for n in range((day - back).days))
                    out[sku] |= {closed for closed in sold_out if closed < ended[sku[1]]}
                    break
                back -= timedelta(days=1)
        out[sku] |= _derived(tables, sku, counted, as_of, ended[sku[1]])
    return out


def _derived(tables: dict[str, Rows], sku: Sku, counted: dict[date, float], as_of: date, ended: date) -> set[date]:
    """Uncounted days that close empty by the next count and the movements up to it, where the books are whole."""
    place = {row["po_id"]: row["location_id"] for row in tables["purchase_orders"]}
    moved, received = defaultdict(float), defaultdict(float)
    for row in tables["sales"]:
        if (row["location_id"], row["item_id"]) == sku:
            moved[row["sold_on"]] -= row["quantity"]
    for line in tables["purchase_order_lines"]:
        accepted = (line["quantity_received"] or 0.0) - (line["quantity_rejected"] or 0.0)
        if (place[line["po_id"]], line["item_id"]) == sku and line["received_on"] and accepted > 0:
            moved[line["received_on"]] += accepted
            received[line["received_on"]] += accepted
    out, before = set(), None
    for count in sorted(counted):
        days = sorted(day for day in moved if day <= count and (before is None or day > before))
        left = {day: counted[count] - sum(moved[d] for d in days if d > day) for day in days}
        started = None if before is None else counted[before] + sum(moved[d] for d in days) - counted[count]
        known = abs(started) <= 1e-6 if started is not None else sum(received[d] for d in days) > 0
        if known and days and min(left.values()) >= -1e-6:
            for day, until in zip(days, [*days[1:], count], strict=True):
                if left[day] <= 1e-6:
                    out |= {
                        d for n in range((until - day).days) if (d := day + timedelta(days=n)) < ended and d <= as_of
                    }
        before = count
    return out


def closed_periods(
    tables: dict[str, Rows], as_of: date, review: int
) -> dict[tuple[str, str, int], tuple[float, float]]:
    """(location, item, periods back) → share closed and units sold in it, of periods in which a SKU ran out."""
    demand = daily_demand(tables["sales"])
    place = {row["po_id"]: row["location_id"] for row in tables["purchase_orders"]}
    counted: dict[Sku, dict[date, float]] = defaultdict(dict)
    for row in tables["stock_levels"]:
        counted[row["location_id"], row["item_id"]][row["counted_on"]] = row["on_hand"]
    books = _booking(tables, as_of, review)
    found, oversold = {}, []
    for sku, days in stockout_days(tables, as_of).items():
        for back in {(as_of - day).days // review for day in days}:
            end = as_of - timedelta(days=review * back)
            period = [end - timedelta(days=k) for k in range(review)]
            counts, sold = counted[sku], demand.get(sku, {})
            closed = [k for k in range(review) if period[k] in days]
            total = sum(sold.get(day, 0.0) for day in period)
            arrived = sum(
                max(line["quantity_received"] - line["quantity_rejected"], 0.0)
                for line in tables["purchase_order_lines"]
                if (place[line["po_id"]], line["item_id"]) == sku and line["received_on"] in period
            )
            before = end - timedelta(days=review)
            if before in counts and end in counts:
                oversold.append(counts[end] + total - counts[before] - arrived)
            share = len(set(closed) & books[sku[0]]) / len(books[sku[0]])
            hidden = sum(sold.get(period[k], 0.0) for k in closed)
            found[(*sku, back)] = (share, hidden if share else 0.0)
    more, less = sum(units > 1e-6 for units in oversold), sum(units < -1e-6 for units in oversold)
    recorded = more > 4 * less and more >= 0.05 * len(oversold)
    return {key: (0.0, 0.0) if recorded else values for key, values in found.items()}


def _booking(tables: dict[str, Rows], as_of: date, review: int) -> dict[str, set[int]]:
    """Location → days of a period, counted back from its end, on which it ever sold or found anything."""
    out: dict[str, set[int]] = defaultdict(set)
    for (place, _), days in daily_demand(tables["sales"]).items():
        out[place] |= {(as_of - day).days % review for day, units in days.items() if units > 0 and day <= as_of}
    for row in tables["stock_levels"]:
        if row["on_hand"] > 0 and row["counted_on"] <= as_of:
            out[row["location_id"]].add((as_of - row["counted_on"]).days % review)
    return out


def demand_class(adi: float | None, cv2: float | None) -> str:
    """Syntetos-Boylan-Croston class."""
    if adi is None or cv2 is None:
        return "no_demand"
    if adi < 1.32:
        return "smooth" if cv2 < 0.49 else "erratic"
    return "intermittent" if cv2 < 0.49 else "lumpy"


def demand_stats(
    demand: dict[date, float], out: set[date], as_of: date, end: date, bucket: Bucket
) -> tuple[float | None, float | None]:
    """ADI and CV² of one SKU, walking its buckets one by one.

    Args:
        demand: units by day.
        out: stockout days.
        as_of: last day of the newest bucket.
        end: last day of the SKU's life.
        bucket: day or week.

    Returns:
        Both None without demand.
    """
    sizes: dict[date, float] = defaultdict(float)
    for day, quantity in demand.items():
        sizes[bucket_start(day, as_of, bucket)] += quantity
    censored = {bucket_start(day, as_of, bucket) for day in out}
    sold = sorted(start for start, quantity in sizes.items() if quantity > 0)
    if not sold:
        return None, None
    start, counted = sold[0], 0
    while start <= max(bucket_start(min(end, as_of), as_of, bucket), sold[-1]):
        counted += not (start in censored and sizes.get(start, 0) == 0)
        start += timedelta(days=DAYS_IN[bucket])
    quantities = [sizes[start] for start in sold]
    return counted / len(sold), pvariance(quantities) / fmean(quantities) ** 2


def abc(values: dict[Sku, float]) -> dict[Sku, str]:
    """A up to and with the SKU that crosses 80 % of value, B likewise 95 %, C the rest."""
    total, ahead, classes = sum(values.values()), 0.0, {}
    for sku in sorted(values, key=lambda sku: (-values[sku], sku)):
        value = values[sku]
        classes[sku] = "C" if value <= 0 else "A" if ahead < 0.8 * total else "B" if ahead < 0.95 * total else "C"
        ahead += value
    return classes


def lead_time(took: list[int], of_supplier: list[int], k: int = 5) -> tuple[float, float]:
    """Mean and deviation of an item's lead time, shrunk towards its supplier's."""
    n = len(took)
    own = pvariance(took) if took else 0.0
    mean = ((fmean(took) * n if took else 0.0) + k * fmean(of_supplier)) / (n + k)
    return mean, math.sqrt((n * own + k * pvariance(of_supplier)) / (n + k))
