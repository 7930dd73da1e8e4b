"""The space of a location, and containers by volume: never more than fits, and what fits is what saves most."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from pipelines.core.business_rules import VendorTerms
from pipelines.purchase import codes as c
from pipelines.purchase import flips, lines, prices, quantity, ranking, risk, storage
from pipelines.purchase.decide import decide
from tests.unit.purchase.catalogue import AS_OF, config, make
from tests.unit.purchase.test_flips import LINES, _flips, _ordered_after

NO_BREAKS = make(1)[1].clear()


def _catalogue(skus, seed, *, unknown=True, locations=("WH01",)):
    """SKUs with volumes; one in seven has none, or one that nobody can have measured."""
    rows, breaks = make(skus, seed=seed)
    rng, place = np.random.default_rng(seed), np.arange(skus)
    volume = pl.Series(np.round(rng.uniform(0.001, 0.2, skus), 4))
    if unknown:
        volume = volume.scatter(place[place % 7 == 0], None).scatter(place[place % 21 == 0], 0.0)
    return rows.with_columns(
        unit_volume=volume, location_id=pl.Series(np.array(locations)[place % len(locations)])
    ), breaks


def _taken(rows, table):
    """Space at each location after ordering."""
    volume = rows["unit_volume"].fill_null(0.0)
    units = table["inventory_position"].clip(0.0) + table["quantity"]
    return dict(
        rows.select("location_id", space=units * volume).group_by("location_id").agg(pl.col("space").sum()).iter_rows()
    )


def test_lines_are_cut_to_the_space_of_their_location_and_nowhere_else():
    rows, breaks = _catalogue(400, 5, locations=("WH01", "WH02", "WH03"))
    free = decide(rows, breaks, AS_OF, config()).table
    wanted, there = _taken(rows, free), _taken(rows, free.with_columns(quantity=pl.lit(0.0)))
    limits = {"WH01": (there["WH01"] + wanted["WH01"]) / 2, "WH02": wanted["WH02"] * 1.01}
    held = decide(rows, breaks, AS_OF, config(storage=limits)).table
    assert _taken(rows, held)["WH01"] <= limits["WH01"] * (1 + 1e-8)
    assert _taken(rows, held)["WH01"] > there["WH01"] + 0.8 * (limits["WH01"] - there["WH01"]), "the space is used"
    cut = held["quantity"] < free["quantity"]
    assert set(held.filter(cut)["reason_code"]) == {"ORDER_CUT_BY_STORAGE", "NO_ORDER_STORAGE_FULL"}
    here = (rows["location_id"] == "WH01") & (rows["unit_volume"].fill_null(0.0) > 0)
    assert not (cut & ~here).any()
    same = [name for name in held.columns if not name.startswith("flip")]
    assert held.filter(~here).select(same).equals(free.filter(~here).select(same))
    some = held.filter(held["reason_code"] == "NO_ORDER_STORAGE_FULL").row(0, named=True)
    assert some["reason"].startswith("No order: the space of location WH01 is taken by units that save more, ")
    packs = (held["quantity"] / rows["pack_size"]).to_numpy()
    assert np.allclose(packs, np.round(packs))
    ordered = (held["quantity"] > 0).to_numpy()
    assert (held["quantity"].to_numpy()[ordered] >= rows["min_order_qty"].to_numpy()[ordered]).all()


@pytest.mark.parametrize("space", [0.0, 1e-6])
def test_no_space_no_order(space):
    rows, breaks = _catalogue(100, 6, unknown=False)
    table = decide(rows, breaks, AS_OF, config(storage={"*": space})).table
    assert table["quantity"].sum() == 0
    assert (table["reason_code"] == "NO_ORDER_STORAGE_FULL").sum() > 20


def test_what_is_taken_saves_as_much_as_the_best_choice_but_for_one_step():
    """Against every feasible choice of packs: what greedy gives away is at most what the first step that did not fit would have saved."""
    cut = 0
    for seed in range(60):
        rows, _ = _catalogue(4, seed, unknown=False)
        rows = rows.with_columns(
            has_supplier=pl.lit(value=True), purchase_price=pl.lit(3.0), pack_size=pl.lit(10.0), min_order_qty=pl.lit(1.0),
            on_hand=pl.lit(0.0), proposed=pl.lit(0.0), due=pl.lit(0.0), created_on=pl.lit(None, pl.Date),
            discontinued_on=pl.lit(None, pl.Date), supplier_blocked=pl.lit(value=False), reorder_point=pl.lit(30.0),
            order_up_to=pl.lit(60.0), holding_cost_per_day=pl.lit(0.0),
        )  # fmt: skip
        sku = lines.build(rows, AS_OF, config())
        draft = quantity.decide(sku)
        whole = draft.quantity.copy()
        space = float((whole * sku.volume).sum()) * (0.2 + 0.6 * (seed % 7) / 7)
        storage.cut(draft, sku, rows["location_id"].to_list(), {"WH01": space}, prices.steps(rows, NO_BREAKS))
        assert (draft.quantity * sku.volume).sum() <= space + 1e-6

        each = ranking.expected_saving(
            sku, np.tile(np.arange(6) * 10.0, 4), np.full(24, 10.0), np.repeat(np.arange(4), 6)
        ).reshape(4, 6)

        def saved(packs, each=each):
            return sum(each[n, : int(count)].sum() for n, count in enumerate(packs))

        fits = [
            packs
            for packs in product(*(range(int(n // 10) + 1) for n in whole))
            if (np.array(packs) * 10.0 * sku.volume).sum() <= space
        ]
        best, ours = max(map(saved, fits)), draft.quantity / 10.0
        refused = [saved(ours + np.eye(4)[n]) - saved(ours) for n in range(4) if draft.quantity[n] < whole[n]]
        assert best - saved(ours) <= max(refused, default=0.0) + 1e-6 * abs(best)
        cut += bool(refused)
    assert cut > 50


def test_the_flip_stays_exact_where_there_is_room():
    rows, breaks = _catalogue(300, 3)
    free = decide(rows, breaks, AS_OF, config()).table
    settings = config(storage={"*": 3 * _taken(rows, free)["WH01"]})
    table = decide(rows, breaks, AS_OF, settings).table
    assert table["flip"].equals(free["flip"]), "space that nobody needs changes nothing"
    chosen = _flips(table, [flips.ON_HAND, flips.LEVELS], LINES)
    for share, flipped in ((1.0, True), (0.9, False)):
        now = _ordered_after(rows, breaks, settings, [(line, name, share * change) for line, name, change, _ in chosen])
        assert [(n != one[3]) for n, one in zip(now, chosen, strict=True)] == [flipped] * len(chosen)


def test_the_expected_saving_is_the_newsvendors_integral():
    """p times the demand served less h T times what is left over, unit by unit on a fine mesh."""
    rows, _ = _catalogue(4, 3)
    sku = lines.build(rows.with_columns(proposed=pl.lit(0.0)), AS_OF, config())
    which, stock, units = np.array([0, 1, 2, 3]), np.array([0.0, 5.0, 12.0, 30.0]), np.array([10.0, 40.0, 6.0, 0.0])
    savings = ranking.expected_saving(sku, stock, units, which)
    for i, low, more, saving in zip(which, stock, units, savings, strict=True):
        mesh = low + (np.arange(4_000) + 0.5) * more / 4_000
        chance = risk.exceedance(np.repeat(sku.grid[[i]], 4_000, axis=0), mesh)
        served, left = chance.mean() * more, (1.0 - chance).mean() * more
        expected = sku.shortage_cost[i] * served - sku.holding_per_day[i] * sku.days[i] * left
        assert saving == pytest.approx(expected, rel=0.02, abs=1e-3)
    assert (np.abs(savings[:3]) > 0.1).all()


def test_the_space_that_a_supplier_s_order_could_ask_for():
    """Levels or half a year's demand of each SKU, a pack and the least line, times its volume; all SKUs of the supplier together."""
    sku = SimpleNamespace(
        order_up_to=np.array([100.0, 10.0, 50.0, -40.0]),
        demand_per_day=np.array([0.1, 1.0, 0.0, 0.0]),
        pack=np.full(4, 5.0),
        vendor=np.array([0, 0, 1, -1]),
    )
    draft = SimpleNamespace(least=np.array([10.0, 10.0, 10.0, 60.0]))
    most = storage._most(draft, sku, np.array([1.0, 2.0, 0.5, 0.1]))
    assert most.tolist() == [115.0 + 2 * 197.0] * 2 + [32.5, 6.5]


@pytest.mark.parametrize("share", [0.3, 0.7, 0.97])
def test_the_flip_of_space_is_exact(share):
    rows, breaks = _catalogue(300, 3)
    free = decide(rows, breaks, AS_OF, config()).table
    there = _taken(rows, free.with_columns(quantity=pl.lit(0.0)))["WH01"]
    space = there + share * (_taken(rows, free)["WH01"] - there)
    table = decide(rows, breaks, AS_OF, config(storage={"WH01": space})).table
    chosen = _flips(table, [flips.STORAGE], LINES)
    assert {was for *_, was in chosen} == {True, False}
    for line, _, change, was in chosen[:40]:
        for part, flipped in ((1.0, True), (0.9, False)):
            now = (
                decide(rows, breaks, AS_OF, config(storage={"WH01": space + part * change})).table["quantity"][line] > 0
            )
            assert (now != was) is flipped, (line, change, part)
    # What is bought by its stock says so by its stock, unless space could decide about it.
    plain = _flips(table, [flips.ON_HAND, flips.LEVELS], LINES)
    known = rows["unit_volume"].fill_null(0.0) > 0
    assert plain
    assert not any(known[line] for line, *_ in plain)


def test_a_container_is_filled_by_volume():
    rows, breaks = _catalogue(200, 2)
    plain = decide(rows, breaks, AS_OF, config()).table
    full = decide(
        rows, breaks, AS_OF, config(vendor_terms={"*": {"container_volume": 30.0, "container_cost": 3_000.0}})
    ).table
    more = full["quantity"] - plain["quantity"]
    assert (more >= 0).all()
    assert more.sum() > 0
    known = rows["unit_volume"].fill_null(0.0) > 0
    assert (more.filter(~known) == 0).all(), "who knows whether it still fits?"
    volume, filled = rows["unit_volume"].fill_null(0.0), 0
    for name in plain["supplier_id"].drop_nulls().unique():
        of_supplier = plain["supplier_id"] == name
        before, now = ((table["quantity"] * volume).filter(of_supplier).sum() for table in (plain, full))
        assert np.ceil(now / 30.0 - 1e-9) == np.ceil(before / 30.0 - 1e-9), name
        filled += now > before
    assert filled > 5
    ordered = full.filter(pl.col("reason_code") == c.CODES[c.FILLS_CONTAINER])
    assert ordered["reason"].str.contains("to fill the container of supplier").all()


def test_a_container_has_one_measure():
    with pytest.raises(ValidationError, match="give one of them"):
        VendorTerms(container_units=400, container_volume=30)
