"""From mart frames to the panel."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pipelines.core.errors import StockproofError
from pipelines.core.panel import classify, mask_demand, recoded
from pipelines.core.panel_frames import build

AS_OF = date(2026, 6, 28)


def _day(back: int) -> date:
    return AS_OF - timedelta(days=back)


LONG_AGO = _day(300)


def _sku(
    *ids: str, created: date | None = LONG_AGO, gone: date | None = None, books: date | None = None
) -> pl.DataFrame:
    return pl.DataFrame(
        {"item_id": ids, "location_id": ["W"] * len(ids), "category": ["c"] * len(ids), "unit_price": [2.0] * len(ids)}
    ).with_columns(
        created_on=pl.lit(created, pl.Date),
        discontinued_on=pl.lit(gone, pl.Date),
        first_demand_on=pl.lit(_day(8), pl.Date),
        demand_class=pl.lit("smooth"),
        lead_time_mean=pl.lit(3.0),
        lead_time_std=pl.lit(1.0),
        books_from=pl.lit(books, pl.Date),
    )


def _demand(*rows: tuple[str, int, float, bool]) -> pl.DataFrame:
    dated = [(item, "W", _day(back), quantity, out) for item, back, quantity, out in rows]
    schema = {
        "item_id": pl.String,
        "location_id": pl.String,
        "bucket_on": pl.Date,
        "quantity": pl.Float64,
        "is_stockout": pl.Boolean,
    }
    return pl.DataFrame(dated, schema=schema, orient="row")


def _build(sku: pl.DataFrame, demand: pl.DataFrame, bucket: str = "day", history: int = 10, promotions=(), events=()):
    promoted = pl.DataFrame(
        [("a", "W", d) for d in promotions],
        schema={"item_id": pl.String, "location_id": pl.String, "day": pl.Date},
        orient="row",
    )
    named = pl.DataFrame(
        [(d, "fair") for d in events], schema={"bucket_on": pl.Date, "events": pl.String}, orient="row"
    )
    return build(sku, demand, promoted, named, as_of=AS_OF, bucket=bucket, history_days=history, future=3)


def test_skus_are_ordered_and_buckets_end_on_the_as_of_date() -> None:
    panel = _build(_sku("b", "a"), _demand(("a", 0, 4.0, False), ("b", 9, 2.0, False)))
    assert panel.item_ids.tolist() == ["a", "b"]
    assert panel.demand.tolist() == [[0.0] * 9 + [4.0], [2.0] + [0.0] * 9]
    assert panel.starts()[-1] == AS_OF


def test_a_stockout_hides_demand_unless_more_was_sold_than_usual() -> None:
    rows = [("a", back, 2.0, False) for back in range(3, 10)]
    panel = _build(_sku("a"), _demand(*rows, ("a", 2, 0.0, True), ("a", 1, 1.0, True), ("a", 0, 9.0, True)))
    assert np.isnan(panel.demand[0, -3:]).tolist() == [True, True, False]
    assert panel.demand[0, -1] == 9.0 and panel.censored[0, -3:].all()


def test_a_sku_is_unknown_before_its_creation_and_after_its_end() -> None:
    panel = _build(_sku("a", created=_day(4), gone=_day(1)), _demand(("a", 3, 1.0, False)))
    assert np.isfinite(panel.demand[0]).tolist() == [False] * 5 + [True] * 3 + [False] * 2
    unborn = _build(_sku("a", created=None), _demand(("a", 8, 1.0, False)))
    assert np.isfinite(unborn.demand[0]).tolist() == [False] + [True] * 9


def test_an_old_item_is_unknown_before_the_books_begin() -> None:
    """Sales of a few months, of items listed for years: the months before are no months without demand."""
    panel = _build(_sku("a", books=_day(4)), _demand(("a", 3, 1.0, False)))
    assert np.isfinite(panel.demand[0]).tolist() == [False] * 5 + [True] * 5
    younger = _build(_sku("a", created=_day(2), books=_day(4)), _demand(("a", 1, 1.0, False)))
    assert np.isfinite(younger.demand[0]).tolist() == [False] * 7 + [True] * 3


@pytest.mark.parametrize("bucket", ["day", "week"])
def test_days_without_a_sale_before_a_late_creation_are_zeros_once_it_has_sold(bucket: str) -> None:
    """An ERP that took over the books of another has sales of years before the items were created in it."""
    width = 7 if bucket == "week" else 1
    rows = [("a", back * width, 6.0, False) for back in (2, 5, 8)]
    moved = _build(_sku("a", created=_day(width)), _demand(*rows), bucket, 10 * width)
    assert np.isnan(moved.demand[0, 0])
    assert moved.demand[0, 1:].tolist() == [6.0, 0.0, 0.0, 6.0, 0.0, 0.0, 6.0, 0.0, 0.0]
    ended = _build(_sku("a", created=_day(width), gone=_day(4 * width)), _demand(*rows[1:]), bucket, 10 * width)
    assert np.isfinite(ended.demand[0]).tolist() == [False, True, True, True, True, bucket == "week", *[False] * 4]


def test_weekly_buckets_and_the_share_of_promotion_days() -> None:
    panel = _build(
        _sku("a"), _demand(("a", 6, 5.0, False)), "week", 21, promotions=[_day(0), _day(-1), _day(-2)], events=[_day(6)]
    )
    assert panel.demand.tolist() == [[0.0, 0.0, 5.0]]
    np.testing.assert_allclose(panel.local["promotion"][0], [0, 0, 1 / 7, 2 / 7, 0, 0], rtol=1e-6)
    assert panel.calendar["event"].tolist() == [0, 0, 1, 0, 0, 0]


@pytest.mark.parametrize("quantity", [-1.0, float("nan"), float("inf"), None])
def test_impossible_demand_is_refused_by_name(quantity: float | None) -> None:
    with pytest.raises(StockproofError, match="of a at W"):
        _build(_sku("a"), _demand(("a", 1, quantity, False)))


def test_a_sku_twice_is_refused() -> None:
    with pytest.raises(StockproofError, match="twice"):
        _build(_sku("a", "a"), _demand())


def test_until_forgets_what_came_later_and_classifies_again() -> None:
    panel = _build(_sku("a", "b"), _demand(("a", 9, 1.0, False), ("a", 0, 50.0, False), ("b", 0, 3.0, False)))
    past = panel.until(6)
    assert (past.length, past.as_of) == (6, _day(4))
    assert past.demand_class.tolist() == ["intermittent", "no_demand"]
    assert past.starts(1)[-1] == _day(3)


def test_classes_at_their_borders() -> None:
    every = np.tile([4.0, 4.0], 10)
    assert classify(np.stack([every, every * np.tile([0.2, 3.8], 10), np.tile([4.0, 0, 0], 7)[:20]])).tolist() == [
        "smooth",
        "erratic",
        "intermittent",
    ]


def test_mask_keeps_what_is_open_and_alive() -> None:
    alive = np.array([[False, True, True]])
    assert np.isnan(mask_demand(np.ones((1, 3)), alive, np.zeros((1, 3), bool))).tolist() == [[True, False, False]]


def test_groups_are_named_in_the_order_of_their_codes_and_found_again_in_another_catalogue() -> None:
    sku = _sku("a", "b", "c").with_columns(
        category=pl.Series(["nuts", None, "bolts"]), location_id=pl.Series(["W", "W", "V"])
    )
    whole = _build(sku, _demand())
    assert whole.names["category"] == ("", "bolts", "nuts") and whole.names["location"] == ("V", "W")
    named = [whole.names["group"][code].split("\x1f") for code in whole.group]
    assert named == [["bolts", "V"], ["nuts", "W"], ["", "W"]]
    part = _build(sku.filter(pl.col("item_id") != "b"), _demand())
    again = recoded(part, whole.names)
    assert part.group.tolist() == [0, 1] and again.group.tolist() == whole.group[:2].tolist()
    assert again.statics["category"].tolist() == [1.0, 2.0] and again.statics["location"].tolist() == [0.0, 1.0]
    unknown = recoded(whole, part.names)
    assert unknown.group.tolist()[:2] == [0, 1] and unknown.group[2] >= 2 and np.isnan(unknown.statics["category"][2])
    assert recoded(again, whole.names) is again and recoded(part, {}) is part


def test_an_empty_catalogue_is_an_empty_panel() -> None:
    assert _build(_sku("a").head(0), _demand()).skus == 0


def test_an_odd_newest_week_of_a_place_is_unknown() -> None:
    rows = [("a", back, 5.0, False) for back in range(7, 120)]  # sold every day, but nothing in the newest week
    panel = _build(_sku("a"), _demand(*rows), history=120)
    assert np.isnan(panel.demand[0, -7:]).all() and np.isfinite(panel.demand[0, -20:-7]).all()
