"""Sums over the receipt lines of each supplier × item in one pass, compiled."""

import math
from typing import Any, Final

import numpy as np

from pipelines.core.compiled import njit

SUMS: Final = (
    "n", "t", "tt", "lead", "lead2", "full", "received", "rejected", "spend", "priced", "recovered", "promised",
    "log_lead", "t_log_lead", "log_lead2", "late", "t_late", "late2", "bad", "t_bad", "bad2", "log_price", "t_log_price", "log_price2",
)  # fmt: skip
"""Columns of :func:`sums`, in order."""


@njit(nogil=True)
def pairs(supplier: Any, item: Any, suppliers: int, items: int) -> tuple[Any, Any, Any]:
    """Number the pairs by supplier, then item, with two counting sorts: (pair of each line [N], supplier [P], item [P])."""
    size = supplier.size
    by_item, place = np.zeros(items + 1, np.int64), np.empty(size, np.int64)
    for n in range(size):
        by_item[item[n] + 1] += 1
    for k in range(items):
        by_item[k + 1] += by_item[k]
    for n in range(size):
        place[by_item[item[n]]] = n
        by_item[item[n]] += 1
    by_supplier, order = np.zeros(suppliers + 1, np.int64), np.empty(size, np.int64)
    for n in range(size):
        by_supplier[supplier[n] + 1] += 1
    for k in range(suppliers):
        by_supplier[k + 1] += by_supplier[k]
    for n in place:
        order[by_supplier[supplier[n]]] = n
        by_supplier[supplier[n]] += 1
    pair = np.empty(size, np.int64)
    whose, what = np.empty(size, np.int64), np.empty(size, np.int64)
    count = 0
    for n in order:
        if count == 0 or whose[count - 1] != supplier[n] or what[count - 1] != item[n]:
            whose[count], what[count] = supplier[n], item[n]
            count += 1
        pair[n] = count - 1
    return pair, whose[:count].copy(), what[:count].copy()


@njit(nogil=True)
def sums(  # noqa: PLR0913, PLR0917
    out: Any, first: int, last: int, pair: Any, years: Any, half: float, lead: Any, late: Any, days_late: Any, full: Any,
    received: Any, rejected: Any, price: Any, promise: Any,
) -> None:  # fmt: skip
    """Add the lines of pairs ``first`` to ``last`` (exclusive) to ``out`` [P, 24], columns as :data:`SUMS`; a price of 0 is no price."""
    for n in range(pair.size):
        if pair[n] < first or pair[n] >= last:
            continue
        row = out[pair[n]]
        t = years[n]
        log_lead = math.log(lead[n] + 1.0)
        is_late = 1.0 if late[n] else 0.0
        bad = rejected[n] / received[n] if received[n] > 0 else 0.0
        row[0] += 1.0
        row[1] += t
        row[2] += t * t
        row[3] += lead[n]
        row[4] += lead[n] * lead[n]
        row[5] += full[n]
        row[6] += received[n]
        row[7] += rejected[n]
        if price[n] > 0:
            log_price = math.log(price[n])
            row[8] += received[n] * price[n]
            row[9] += received[n]
            row[21] += log_price
            row[22] += t * log_price
            row[23] += log_price * log_price
        if late[n]:
            row[10] += 2.0 ** (-days_late[n] / half)
        row[11] += promise[n]
        row[12] += log_lead
        row[13] += t * log_lead
        row[14] += log_lead * log_lead
        row[15] += is_late
        row[16] += t * is_late
        row[17] += is_late
        row[18] += bad
        row[19] += t * bad
        row[20] += bad * bad
