"""The slow, obvious replay the compiled one is held against: one SKU, dictionaries, one day after the other."""

import math


def order(position, s, S, rule, pack, least, most):
    if math.isnan(s) or position > s:
        return 0.0
    quantity = S - position
    if rule == "batches":
        quantity = S * next(n for n in range(1, 10_000) if position + n * S > s)
    if quantity <= 1e-9:
        return 0.0
    if pack > 0:
        quantity = pack * math.ceil(quantity / pack - 1e-9)
        least = pack * math.ceil(least / pack - 1e-9)
        most = pack * math.floor(most / pack + 1e-9) if math.isfinite(most) else most
    return min(max(quantity, least), most) if least <= most else 0.0


def replay(demand, on_hand, levels, lead_time, *, backorders=False, usable=None, pack=0.0, least=0.0, most=math.inf,
           rule="up_to", receipts=(), first=0, end=None, warmup=0):  # fmt: skip
    """``levels``: day → (s, S) on review days. ``receipts``: (day, units, ordered). Gives a day-by-day diary."""
    end = len(demand) if end is None else end
    due = {}
    for day, units, ordered in receipts:
        due.setdefault(max(day, first), []).append((units, ordered))
    stock, on_order, diary = on_hand, sum(r[2] for r in receipts), []
    for t in range(first, len(demand)):
        arrived = 0.0
        for units, ordered in due.pop(t, []):
            arrived += units
            on_order -= ordered
        stock += arrived
        sold = min(max(stock, 0.0), demand[t])
        stock -= demand[t] if backorders else sold
        quantity = 0.0
        if t in levels and t < end:
            quantity = order(stock + on_order, *levels[t], rule, pack, least, most)
        if quantity > 0:
            due.setdefault(t + lead_time[t] + 1, []).append(
                (quantity * (1.0 if usable is None else usable[t]), quantity)
            )
            on_order += quantity
        diary.append({"day": t, "stock": stock, "sold": sold, "short": demand[t] - sold, "arrived": arrived, "quantity": quantity,
                      "on_order": on_order, "empty": t < end and stock <= 1e-9, "counted": t >= warmup})  # fmt: skip
    return diary
