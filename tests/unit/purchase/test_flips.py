"""The reported smallest change, applied, flips the decision; nine tenths of it do not."""

import re

import polars as pl
import pytest

from pipelines.purchase import flips
from pipelines.purchase.decide import decide
from tests.unit.purchase.catalogue import AS_OF, config, make

LINES = 200


def _with_change(rows, line, name, change):
    """A copy of the catalogue, at a location of its own, with one input of one SKU changed."""
    columns = {flips.ON_HAND: ("on_hand",), flips.LEVELS: ("reorder_point", "order_up_to")}[name]
    here = pl.int_range(pl.len()) == line
    return rows.with_columns(pl.when(here).then(pl.col(c) + change).otherwise(pl.col(c)).alias(c) for c in columns)


def _ordered_after(rows, breaks, settings, changes):
    """Whether each line is ordered after its change: one decision over as many copies of the catalogue as there are changes."""
    copies = [
        _with_change(rows, line, name, change).with_columns(location_id=pl.lit(f"W{number:04d}"))
        for number, (line, name, change) in enumerate(changes)
    ]
    quantity = decide(pl.concat(copies), breaks, AS_OF, settings).table["quantity"].to_numpy()
    return [bool(quantity[number * rows.height + line] > 0) for number, (line, _, _) in enumerate(changes)]


def _flips(table, names, lines):
    found = table.with_row_index("line").filter(pl.col("flip_input").is_in(names) & pl.col("flip_change").is_not_null())
    picked = found.sample(min(lines, found.height), seed=1)
    return [
        (row["line"], row["flip_input"], row["flip_change"], row["quantity"] > 0)
        for row in picked.iter_rows(named=True)
    ]


@pytest.mark.parametrize("consolidate", [True, False])
def test_the_change_flips_and_nine_tenths_do_not(consolidate):
    rows, breaks = make(300, seed=3)
    settings = config(consolidate=consolidate)
    table = decide(rows, breaks, AS_OF, settings).table
    chosen = _flips(table, [flips.ON_HAND, flips.LEVELS], LINES)
    assert len(chosen) == LINES
    for share, flipped in ((1.0, True), (0.9, False)):
        now = _ordered_after(rows, breaks, settings, [(line, name, share * change) for line, name, change, _ in chosen])
        wrong = [one for one, is_ordered in zip(chosen, now, strict=True) if (is_ordered != one[3]) is not flipped]
        assert wrong == []


def test_with_order_minimums_too():
    rows, breaks = make(300, seed=3)
    settings = config(
        vendor_terms={"*": {"order_minimum": 20_000.0}, "S01": {"container_units": 500, "container_cost": 90}}
    )
    chosen = _flips(decide(rows, breaks, AS_OF, settings).table, [flips.ON_HAND, flips.LEVELS], LINES)
    assert len(chosen) > 20
    for share, flipped in ((1.0, True), (0.9, False)):
        now = _ordered_after(rows, breaks, settings, [(line, name, share * change) for line, name, change, _ in chosen])
        assert [(n != one[3]) for n, one in zip(now, chosen, strict=True)] == [flipped] * len(chosen)


def _changed(settings, name, change):
    purchase = settings.purchase
    if name == flips.VENDOR_MINIMUM:
        terms = {"*": purchase.vendor_terms["*"].model_copy(update={"order_minimum": 40_000.0 + change})}
        return settings.model_copy(update={"purchase": purchase.model_copy(update={"vendor_terms": terms})})
    return settings.model_copy(
        update={"purchase": purchase.model_copy(update={name: getattr(purchase, name) + change})}
    )


@pytest.mark.parametrize(
    ("name", "case"),
    [
        (flips.MAXIMUM, {"max_quantity": 4.0}),
        (flips.VENDOR_MINIMUM, {"vendor_terms": {"*": {"order_minimum": 40_000.0}}}),
        (flips.BUDGET, {"budget": 6000.0}),
    ],
)
def test_limits_flip_it_as_stated(name, case):
    rows, breaks = make(300, seed=3)
    settings = config(**case)
    chosen = _flips(decide(rows, breaks, AS_OF, settings).table, [name], 15)
    assert len(chosen) == 15
    for line, _, change, was in chosen:
        for share, flipped in ((1.0, True), (0.9, False)):
            now = decide(rows, breaks, AS_OF, _changed(settings, name, share * change)).table["quantity"][line] > 0
            assert (now != was) is flipped, (line, name, change, share)


def test_most_lines_have_one_and_the_words_match():
    rows, breaks = make(2_000, seed=4)
    table = decide(rows, breaks, AS_OF, config()).table
    plain = table.filter(pl.col("reason_code").is_in(["ORDER_BELOW_REORDER_POINT", "NO_ORDER_POSITION_SUFFICIENT"]))
    assert plain["flip_change"].null_count() / plain.height < 0.05
    assert (table["flip"] == "").sum() == table["flip_change"].null_count()
    one = table.filter((pl.col("reason_code") == "NO_ORDER_POSITION_SUFFICIENT") & (pl.col("flip_input") == "on_hand"))
    row = one.row(0, named=True)
    assert row["flip"] == f"With {-row['flip_change']:.0f} less on hand it would be ordered"


def _fractional(rows):
    """Half of the catalogue comes in kilograms, with stock and levels to match; a tenth has far more than it needs."""
    odd, surplus = pl.int_range(pl.len()) % 2 == 1, pl.int_range(pl.len()) % 10 == 3
    return rows.with_columns(
        whole=~odd,
        pack_size=pl.when(odd).then(0.0).otherwise("pack_size"),
        on_hand=pl.when(odd).then(pl.col("on_hand") * 1.0371).otherwise("on_hand")
        + pl.when(surplus).then(5000.0).otherwise(0.0),
        reorder_point=pl.when(odd).then(pl.col("reorder_point") * 1.00613).otherwise("reorder_point"),
        order_up_to=pl.when(odd).then(pl.col("order_up_to") * 1.00613).otherwise("order_up_to"),
    )


def test_the_change_in_words_flips_it_too_also_of_surplus_and_fractions():
    rows, breaks = make(300, seed=3)
    rows, settings = _fractional(rows), config()
    table = decide(rows, breaks, AS_OF, settings).table
    chosen = _flips(table, [flips.ON_HAND, flips.LEVELS], LINES)
    assert len(chosen) == LINES
    surplus = table.with_row_index("line").filter(pl.col("on_hand") > 5000)["line"].to_list()
    assert len({line for line, *_ in chosen} & set(surplus)) > 10
    changes = []
    for line, name, change, _ in chosen:
        size = float(re.search(r"\d+(\.\d+)?", table["flip"][line]).group())
        changes.append((line, name, size if change > 0 else -size))
    now = _ordered_after(rows, breaks, settings, changes)
    wrong = [table["flip"][one[0]] for one, is_ordered in zip(chosen, now, strict=True) if is_ordered == one[3]]
    assert wrong == []
