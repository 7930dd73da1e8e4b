"""The sample ERP: its books balance, it is reproducible, and what is wrong with it is listed."""

import json
from datetime import date, datetime, time, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipelines.core.contract import BY_NAME, TABLES
from pipelines.core.errors import StockproofError
from pipelines.sample import dirty
from pipelines.sample.balance import balance_errors
from pipelines.sample.config import SampleConfig
from pipelines.sample.generate import Frames, generate

SKU = ["item_id", "location_id"]
UNTIL = date(2026, 6, 28)


def errors_in(frames: Frames) -> pl.DataFrame:
    return balance_errors(
        frames["stock_levels"], frames["sales"], frames["purchase_orders"], frames["purchase_order_lines"]
    )


def key_of(table: str, frame: pl.DataFrame) -> set[str]:
    return {
        json.dumps({k: v if isinstance(v, int | float) else str(v) for k, v in row.items()})
        for row in frame.select(BY_NAME[table].key).to_dicts()
    }


@pytest.fixture(scope="module")
def medium() -> Frames:
    return generate(SampleConfig(items=240, days=365, suppliers=20))


configs = st.builds(
    SampleConfig,
    items=st.integers(1, 12),
    days=st.integers(28, 150),
    until=st.dates(date(2024, 3, 1), date(2027, 1, 1)),
    stores=st.integers(0, 2),
    suppliers=st.integers(2, 6),
    seed=st.integers(0, 2**32 - 1),
    dirty=st.just(False),
    counting_error_share=st.sampled_from([0.0, 1.0]),
)


@given(configs)
@examples(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_books_balance_but_for_the_listed_counting_errors(config: SampleConfig) -> None:
    frames = generate(config)
    found = errors_in(frames).select(*SKU, "counted_on", "difference")
    assert_frame_equal(found, frames["counting_errors"].sort(*SKU, "counted_on"), check_row_order=True)
    if not config.counting_error_share:
        assert found.is_empty()
    stock = frames["stock_levels"]
    assert stock["on_hand"].min() >= 0
    lives = stock.group_by(SKU).agg(
        pl.len(), pl.col("counted_on").min().alias("first"), pl.col("counted_on").max().alias("last")
    )
    days = (pl.col("last") - pl.col("first")).dt.total_days() + 1
    assert lives.filter(days != pl.col("len")).is_empty(), "a day of a SKU's life has no count, or two"
    end = datetime.combine(config.until, time.max)
    assert all(frames[t.name]["updated_at"].max() <= end for t in TABLES if t.is_versioned and frames[t.name].height)


def test_every_counting_error_share_is_honoured() -> None:
    every = generate(SampleConfig(items=20, days=60, dirty=False, counting_error_share=1.0))
    assert every["counting_errors"].height == every["stock_levels"].select(SKU).n_unique()


def test_same_seed_same_rows_and_chunks_change_nothing() -> None:
    config = SampleConfig(items=23, days=90, stores=1, suppliers=7)
    one, other = generate(config), generate(config, items_a_chunk=5)
    for name, frame in one.items():
        order = frame.columns
        assert_frame_equal(frame.sort(order), other[name].sort(order))
    assert not generate(SampleConfig(items=23, days=90, stores=1, suppliers=7, seed=7))["sales"].equals(one["sales"])


def test_more_items_change_nothing_for_an_item() -> None:
    few = generate(SampleConfig(items=6, days=90, dirty=False))
    many = generate(SampleConfig(items=14, days=90, dirty=False))
    own = pl.col("item_id").is_in(few["items"]["item_id"].to_list())
    for name in ("items", "item_suppliers", "price_breaks", "sales", "stock_levels", "item_policies", "promotions"):
        assert_frame_equal(few[name], many[name].filter(own))
    lines = pl.exclude("line_no")  # the number of a line depends on what else is on the order
    order = ["po_id", "item_id", "quantity_ordered", "received_on"]
    assert_frame_equal(
        few["purchase_order_lines"].select(lines).sort(order),
        many["purchase_order_lines"].filter(own).select(lines).sort(order),
    )


def test_planted_rows_are_exactly_the_listed_ones(medium: Frames) -> None:
    clean = generate(SampleConfig(items=240, days=365, suppliers=20, dirty=False))
    assert clean["planted"].is_empty()
    differing = 0
    for table in TABLES:
        rows, columns = medium[table.name], list(table.names)
        # A duplicate differs from its twin by its count alone, so rows are compared as a multiset.
        counted = rows.with_columns(_copy=pl.int_range(pl.len()).over(columns))
        was = clean[table.name].with_columns(_copy=pl.int_range(pl.len()).over(columns))
        new = counted.join(was, on=[*columns, "_copy"], how="anti", nulls_equal=True)
        listed = medium["planted"].filter(pl.col("table") == table.name)["key"]
        assert key_of(table.name, new) == set(listed), table.name
        assert new.height == listed.len()
        differing += new.height
    kinds = dict(medium["planted"].group_by("kind").len().iter_rows())
    assert kinds == dict.fromkeys(
        [dirty.NEGATIVE_STOCK, dirty.UNKNOWN_ITEM, dirty.ZERO_LEAD_TIME, dirty.DUPLICATED_KEY, dirty.SPIKE], 3
    )
    assert differing == 15


def test_planted_rows_are_what_their_kind_says(medium: Frames) -> None:
    def planted(kind: str, table: str) -> pl.DataFrame:
        listed = medium["planted"].filter(pl.col("kind") == kind)
        assert set(listed["table"]) == {table}
        keys = pl.DataFrame([json.loads(key) for key in listed["key"]])
        typed = medium[table].with_columns(pl.col(pl.Date).cast(pl.String))
        return typed.join(keys, on=keys.columns, how="semi")

    assert (planted(dirty.NEGATIVE_STOCK, "stock_levels")["on_hand"] < 0).all()
    assert not set(planted(dirty.UNKNOWN_ITEM, "sales")["item_id"]) & set(medium["items"]["item_id"])
    zero = planted(dirty.ZERO_LEAD_TIME, "item_suppliers")
    assert (zero["lead_time_days"] == 0).all()
    assert sorted(zero["is_primary"]) == [False, False, True]
    assert planted(dirty.DUPLICATED_KEY, "sales").height == 6
    sold = medium["sales"].filter(pl.col("quantity") > 0)
    days = sold.group_by(*SKU, "sold_on").agg(pl.col("quantity").sum())
    far = (pl.col("quantity") - pl.col("quantity").mean()) / pl.col("quantity").std()
    beyond = days.with_columns(sigma=far.over(SKU)).filter(pl.col("sigma").is_finite() & (pl.col("sigma") > 12))
    assert set(beyond["item_id"]) == set(planted(dirty.SPIKE, "sales")["item_id"]), "12 sigma, and nothing natural is"
    assert beyond.height == 3


def test_books_balance_once_the_listed_rows_are_out(medium: Frames) -> None:
    def without(table: str, kind: str) -> pl.DataFrame:
        listed = medium["planted"].filter(pl.col("kind") == kind)["key"]
        keys = pl.DataFrame([json.loads(key) for key in listed])
        dates = [pl.col(name).str.to_date() for name in keys.columns if name.endswith("_on")]
        return medium[table].join(keys.with_columns(dates), on=keys.columns, how="anti")

    # Of two identical sales one stays; a sale of an unknown item has no stock to be checked against.
    cleaned = medium | {
        "sales": without("sales", dirty.SPIKE).unique(),
        "stock_levels": without("stock_levels", dirty.NEGATIVE_STOCK),
    }
    expected = medium["counting_errors"].select(*SKU, "counted_on", "difference").sort(*SKU)
    assert_frame_equal(errors_in(cleaned).select(*SKU, "counted_on", "difference"), expected)
    # Left in: a spike and a duplicate break one day each, a negative count its own and the next.
    assert errors_in(medium).height == expected.height + 3 + 3 + 6


def test_orders_read_as_an_erp_writes_them(medium: Frames) -> None:
    lines = (
        medium["purchase_order_lines"]
        .drop("status")
        .join(
            medium["purchase_orders"].select("po_id", "supplier_id", "location_id", "ordered_on", "status"), on="po_id"
        )
    )
    assert medium["purchase_orders"]["po_id"].is_unique().all()
    assert lines.select("po_id", "line_no").is_unique().all()
    assert lines.height == medium["purchase_order_lines"].height
    pending = lines.filter(pl.col("received_on").is_null())
    assert (pending["quantity_received"] == 0).all()
    assert set(pending["status"]) == {"open", "cancelled"}
    done = lines.filter(pl.col("received_on").is_not_null())
    assert (done["received_on"] > done["ordered_on"]).all()
    assert done["received_on"].max() <= UNTIL
    assert (done["quantity_rejected"] <= done["quantity_received"]).all()
    assert (done["quantity_received"] <= done["quantity_ordered"]).all()
    assert (done["quantity_rejected"] > 0).any()
    assert (done["quantity_received"] < done["quantity_ordered"]).any()
    assert 0.05 < (done["received_on"] > done["promised_on"]).mean() < 0.5
    halves = lines.group_by("po_id", "item_id").len().filter(pl.col("len") == 2)
    assert halves.height, "no delivery came in two parts"
    # An order from before the opening stock may have lost the half that came before it.
    whole = lines.filter(pl.col("ordered_on") > UNTIL - timedelta(days=365))
    ordered = whole.group_by("po_id", "supplier_id", "item_id").agg(pl.col("quantity_ordered").sum())
    terms = ordered.join(medium["item_suppliers"], on=["item_id", "supplier_id"])
    assert terms.height == ordered.height
    packs = terms["quantity_ordered"] / terms["pack_size"]
    assert ((packs - packs.round()).abs() < 1e-6).all()
    assert (terms["quantity_ordered"] >= terms["min_order_qty"] - 1e-6).all()


def test_the_incumbent_leaves_room_for_improvement(medium: Frames) -> None:
    stock = medium["stock_levels"].filter(pl.col("on_hand") >= 0)
    in_stock = (stock["on_hand"] > 0).mean()
    assert 0.88 < in_stock < 0.96
    sales = medium["sales"].filter(pl.col("quantity") > 0)
    share_of_days = sales.group_by("item_id").agg(pl.col("sold_on").n_unique() / 365)["sold_on"]
    assert 0.6 < (share_of_days < 1 / 1.32).mean() < 0.9, "almost all items are intermittent"
    assert (medium["sales"]["quantity"] < 0).sum() > 0, "no returns"
    days = medium["items"].select("created_on", "discontinued_on")
    assert days.filter(pl.col("created_on") > date(2025, 6, 28)).height > 0, "no new items"
    assert days["discontinued_on"].is_not_null().sum() > 0, "no discontinued items"
    metres = medium["items"].filter(pl.col("category") == "Cable and hose")["item_id"]
    assert (sales.filter(pl.col("item_id").is_in(metres.to_list()))["quantity"] % 1 != 0).any(), (
        "no fractional quantities"
    )


def test_frames_have_the_contracts_columns_and_no_forbidden_nulls(medium: Frames) -> None:
    for table in TABLES:
        assert tuple(medium[table.name].columns) == table.names
        for column in table.columns:
            if not column.nullable:
                assert medium[table.name][column.name].null_count() == 0, f"{table.name}.{column.name}"


@pytest.mark.parametrize(
    ("wrong", "named"), [({"items": 0}, "items = 0"), ({"days": 5}, "days = 5"), ({"counting_error_share": 2.0}, "2.0")]
)
def test_impossible_parameters_are_refused(wrong: dict, named: str) -> None:
    with pytest.raises(StockproofError, match=named) as refused:
        SampleConfig(**wrong)
    assert refused.value.remedy
