"""Which SKUs order by expected cost, and that purchase gets levels that order exactly that."""

import re
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pipelines import settings
from pipelines.core.quantiles import COLUMNS
from pipelines.policy import lost_sales
from pipelines.policy.job import table

AS_OF = date(2026, 6, 28)
ITEMS = ["bare", "dear", "far", "own", "plain", "stocked"]


def rows() -> pl.DataFrame:
    count = len(ITEMS)
    return pl.DataFrame({
        "item_id": ITEMS, "location_id": ["L"] * count, "is_active": [True] * count, "method": ["tsb"] * count,
        "protection_days": [21] * count, "unit_cost": [1.0] * count, "shortage_cost": [1.0] * count, "forecast_std": [5.0] * count,
        "holding_cost_per_day": [0.2 / 7] * count,
        "ordering_cost": [0.0, 500.0, 0.0, 0.0, 0.0, 0.0], "lead_time_days": [14.0] * count, "reorder_point": [None] * count,
        "order_up_to": [None] * count, "mean_demand": [0.8] * count, "adi": [1.1] * count, "cv2": [0.2] * count,
        "fractional": [None] * count, "forecast_mean": [None, *[16.8] * 5], **{c: [10.0 + n] * count for n, c in enumerate(COLUMNS)},
    }, schema_overrides={"reorder_point": pl.Float64, "order_up_to": pl.Float64, "fractional": pl.Boolean})  # fmt: skip


def coming() -> lost_sales.Coming:
    count = len(ITEMS)
    periods = pl.DataFrame({"item_id": ITEMS, "location_id": ["L"] * count}).join(
        pl.DataFrame({"period": [1, 2, 3, 4], "mean": [5.6] * 4, "std": [3.0] * 4}), how="cross"
    )
    dated = pl.DataFrame(
        {
            "item_id": ["own", "plain", "stocked"],
            "location_id": ["L"] * 3,
            "quantity": [5.0, 5.0, 200.0],
            "expected_on": [AS_OF + timedelta(days=8)] * 2 + [None],
        }
    )
    terms = pl.DataFrame(
        {
            "item_id": ITEMS,
            "location_id": ["L"] * count,
            "has_own_costs": [i != "plain" for i in ITEMS],
            "shortage_cost": [1.0] * count,
            "lead_time_mean": [14.0, 14.0, 30.0, 14.0, 14.0, 14.0],
            "lead_time_std": [0.0] * count,
            "min_order_qty": [1.0] * count,
            "pack_size": [1.0] * count,
            "on_hand": [4.0] * count,
        }
    )
    return lost_sales.Coming(periods, dated, terms)


@pytest.fixture
def policies() -> dict[str, dict]:
    decided = table(rows(), AS_OF, settings.load(), coming())
    return {row["item_id"]: row for row in decided.iter_rows(named=True)}


def test_only_lots_within_a_review_and_within_reach_order_by_expected_cost(policies):
    assert {i for i in ITEMS if policies[i]["policy"] == "expected_cost"} == {"own", "plain", "stocked"}
    assert policies["bare"]["level"] == "safety_stock"
    assert policies["dear"]["policy"] == "normal_lot"


def test_levels_order_the_quantity_from_the_position_and_nothing_where_nothing_is_wanted(policies):
    own, stocked = policies["own"], policies["stocked"]
    # 4 on hand and 5 to come.
    assert own["order_up_to"] > 10.0 and own["order_up_to"] == round(own["order_up_to"])
    assert own["reorder_point"] == own["order_up_to"] - 1.0
    assert "ordering nothing costs least" in stocked["reason"]
    assert "serves days 15 to 21" in own["reason"]
    share = re.search(r"cost least, covering (\d+) % of outcomes", own["reason"])
    assert share is not None and 83 <= int(share[1]) <= 92, "the costs' ratio, to a piece"


def holding(units: float, shortage_cost: float = 1.0) -> lost_sales.Coming:
    """With so many units of each SKU on hand, each lost sale at that cost."""
    known = coming()
    terms = known.terms.with_columns(on_hand=pl.lit(units), shortage_cost=pl.lit(shortage_cost))
    return lost_sales.Coming(known.periods, known.dated, terms)


def test_what_holds_more_than_enough_has_the_level_at_which_an_order_would_pay():
    """204 on hand: one piece less is no reason to order, and 204 is not what it should hold."""

    def own(units: float) -> dict:
        return table(rows(), AS_OF, settings.load(), holding(units)).row(ITEMS.index("own"), named=True)

    plenty = own(204.0)
    level = plenty["reorder_point"]
    assert plenty["order_up_to"] == level + 1.0 < 40.0
    ordered, not_yet = own(level - 5.0), own(level - 4.0)  # 5 are to come
    assert "ordering nothing costs least" not in ordered["reason"]
    assert "ordering nothing costs least" in not_yet["reason"]
    assert not_yet["reorder_point"] == level


def test_where_no_order_pays_the_level_is_below_any_stock():
    decided = table(rows(), AS_OF, settings.load(), holding(4.0, shortage_cost=1e-9)).row(
        ITEMS.index("own"), named=True
    )
    assert (decided["policy"], decided["reorder_point"], decided["order_up_to"]) == ("expected_cost", 4.0, 5.0)
    kilos = rows().with_columns(fractional=pl.lit(value=True))
    bare = table(kilos, AS_OF, settings.load(), holding(4.0, shortage_cost=1e-9)).row(
        ITEMS.index("stocked"), named=True
    )
    assert bare["reorder_point"] == bare["order_up_to"] == pytest.approx(199.99)
    own = holding(4.0, shortage_cost=1e-9)
    none_due = lost_sales.Coming(own.periods, own.dated.clear(), own.terms)
    assert table(kilos, AS_OF, settings.load(), none_due).row(ITEMS.index("own"), named=True)["order_up_to"] == 0.0


def test_own_costs_decide_the_ratio_else_the_service_target(policies):
    assert policies["own"]["service_target"] == pytest.approx(1 / 1.2)
    assert policies["plain"]["service_target"] == pytest.approx(0.95)
    assert policies["plain"]["order_up_to"] > policies["own"]["order_up_to"]


def test_backorders_keep_the_quantile_of_the_protection_interval():
    config = settings.load()
    config = config.model_copy(update={"planning": config.planning.model_copy(update={"unmet_demand": "backorder"})})
    assert "expected_cost" not in table(rows(), AS_OF, config, coming())["policy"].to_list()


def test_open_lines_at_their_dates_not_their_sum():
    """A line that comes after the days served began covers none of the demand before."""
    late = coming()
    moved = late.dated.with_columns(expected_on=pl.lit(AS_OF + timedelta(days=15)))
    decided = table(rows(), AS_OF, settings.load(), lost_sales.Coming(late.periods, moved, late.terms))
    early = table(rows(), AS_OF, settings.load(), late)
    ordered = [t.filter(pl.col("item_id") == "own")["order_up_to"][0] for t in (decided, early)]
    assert ordered[0] < ordered[1]
    assert np.isfinite(ordered).all()


def test_what_is_due_and_when():
    """Days from tomorrow; undated and overdue lines are tomorrow's. The position is what is there and all that counts."""
    due = [AS_OF + timedelta(days=1), AS_OF + timedelta(days=8), AS_OF - timedelta(days=3), None]
    dated = pl.DataFrame(
        {"item_id": ["far", "own", "own", "plain"], "location_id": ["L"] * 4, "quantity": [1.0, 5.0, 2.0, 3.0]}
    )
    dated = dated.with_columns(expected_on=pl.Series(due, dtype=pl.Date))
    decided = lost_sales._arriving(rows(), dated, AS_OF)
    assert decided.tolist() == [[2.0, 0.0, 1.0], [3.0, 7.0, 5.0], [3.0, -4.0, 2.0], [4.0, 0.0, 3.0]]
    known = lost_sales.Coming(coming().periods, dated, coming().terms)
    assert known.position(rows()).tolist() == [4.0, 4.0, 5.0, 11.0, 7.0, 4.0]


def tonnes(unit_rows: pl.DataFrame, known: lost_sales.Coming, factor: float, pack: float) -> dict:
    """The SKU ``own`` booked in units of ``factor``, bought in packs."""
    numbers = ["mean_demand", "forecast_mean", "forecast_std", *COLUMNS]
    fractional = pl.lit(factor != 1.0 or None, pl.Boolean)
    scaled = unit_rows.with_columns(*(pl.col(name) * factor for name in numbers), fractional=fractional)
    costs = pl.col("shortage_cost", "holding_cost_per_day") / factor
    terms = known.terms.with_columns(
        pl.col("shortage_cost") / factor, pl.col("on_hand") * factor, pack_size=pl.lit(pack), min_order_qty=pl.lit(0.0)
    )
    scaled_known = lost_sales.Coming(
        known.periods.with_columns(pl.col("mean", "std") * factor),
        known.dated.with_columns(pl.col("quantity") * factor),
        terms,
    )
    decided = table(scaled.with_columns(costs), AS_OF, settings.load(), scaled_known)
    return decided.filter(pl.col("item_id") == "own").row(0, named=True)


def test_what_is_booked_in_tonnes_is_ordered_as_the_same_in_kilograms():
    """purchase.min_quantity is a piece, not a tonne: to buy a tonne for 9 kg would never pay, so nothing would be ordered."""
    kilos, booked = (tonnes(rows(), coming(), factor, 0.0) for factor in (1.0, 0.001))
    assert kilos["policy"] == booked["policy"] == "expected_cost"
    ordered = [row["order_up_to"] - 9.0 * factor for row, factor in ((kilos, 1.0), (booked, 0.001))]
    assert ordered[0] > 5
    assert ordered[1] == pytest.approx(ordered[0] * 0.001, rel=0.15)


def test_a_pack_of_many_reviews_demand_is_no_lot_of_one_review_because_it_is_less_than_one_unit():
    """Half a tonne of what sells 5.6 kg a review is two years of stock; a unit is allowed where a unit is what is asked for."""
    assert tonnes(rows(), coming(), 0.001, 0.5)["policy"] == "normal_lot"
    assert tonnes(rows(), coming(), 0.001, 0.005)["policy"] == "expected_cost"
