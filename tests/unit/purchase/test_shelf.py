"""A shelf of limited size: no line brings the position above it, and every line is the best that fits."""

import numpy as np
import polars as pl
import pytest

from pipelines.purchase import flips
from pipelines.purchase.decide import decide
from tests.unit.purchase.catalogue import AS_OF, config, make
from tests.unit.purchase.test_flips import LINES, _flips, _ordered_after

SHELVES = [
    {"name": "small shelf", "when": {"category": "glue"}, "then": {"cap_stock": 40}},
    {"name": "smaller for C", "when": {"abc_class": "C"}, "then": {"cap_stock": 25}},
]


def _shelf(rows):
    glue, last = (rows["category"] == "glue").to_numpy(), (rows["abc_class"] == "C").to_numpy()
    return np.minimum(np.where(glue, 40.0, np.inf), np.where(last, 25.0, np.inf))


def test_own_lines_equal_brute_force():
    """Over all whole packs: as much as without the shelf, or the most that fits it, or nothing where the smallest line does not."""
    rows, breaks = make(4_000, seed=11)
    free = decide(rows, breaks, AS_OF, config(consolidate=False)).table
    held = decide(rows, breaks, AS_OF, config(consolidate=False, rules=SHELVES)).table
    shelf, cut = _shelf(rows), 0
    for n, (before, now, position, pack, least) in enumerate(
        zip(
            free["quantity"],
            held["quantity"],
            held["inventory_position"],
            rows["pack_size"],
            rows["min_order_qty"],
            strict=True,
        )
    ):
        feasible = [k * pack for k in range(int(before / pack + 0.5) + 1) if k and k * pack >= least]
        fitting = [q for q in feasible if position + q <= shelf[n] + 1e-6]
        assert now == pytest.approx(max(fitting, default=0.0)), (n, before, position, shelf[n])
        cut += now < before
    assert cut > 500
    changed = held.filter(held["quantity"] < free["quantity"])
    assert changed["rules"].str.contains("small").all()
    assert set(changed["reason_code"]) == {"ORDER_CAPPED_BY_RULE", "NO_ORDER_CAPPED_BELOW_MINIMUM"}


@pytest.mark.parametrize(
    "terms", [{}, {"*": {"order_minimum": 3_000.0}}, {"*": {"container_units": 400, "container_cost": 4_000.0}}]
)
def test_nobody_goes_beyond_it(terms):
    rows, breaks = make(200, seed=2)
    table = decide(rows, breaks, AS_OF, config(rules=SHELVES, vendor_terms=terms)).table
    ordered = (table["quantity"] > 0).to_numpy()
    after = (table["inventory_position"] + table["quantity"]).to_numpy()
    assert (after[ordered] <= _shelf(rows)[ordered] + 1e-5).all()
    joined = table.filter(
        pl.col("reason_code").is_in(["ORDER_JOINS_VENDOR_ORDER", "ORDER_FILLS_CONTAINER", "ORDER_FILLS_VENDOR_MINIMUM"])
    )
    assert joined.height > 0


@pytest.mark.parametrize("consolidate", [True, False])
def test_the_flip_stays_exact(consolidate):
    rows, breaks = make(300, seed=3)
    settings = config(consolidate=consolidate, rules=SHELVES)
    table = decide(rows, breaks, AS_OF, settings).table
    chosen = _flips(table, [flips.ON_HAND, flips.LEVELS], LINES)
    assert len(chosen) == LINES
    full = table.filter((pl.col("reason_code") == "NO_ORDER_CAPPED_BELOW_MINIMUM") & (pl.col("flip") != ""))
    assert full.height > 5, "a full shelf says how much less on it would do"
    for share, flipped in ((1.0, True), (0.9, False)):
        now = _ordered_after(rows, breaks, settings, [(line, name, share * change) for line, name, change, _ in chosen])
        wrong = [one for one, is_ordered in zip(chosen, now, strict=True) if (is_ordered != one[3]) is not flipped]
        assert wrong == []
