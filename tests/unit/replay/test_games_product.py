"""The files that a company of the bench writes: books that a planner's ERP would hold at each close."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pipelines.onboarding import load
from tests.bench import games, games_data
from tests.bench.games_product import Company


class Recorded(Company):
    """Orders three units of everything and keeps what its files said."""

    def _run(self, as_of: date) -> np.ndarray:
        frames, _, notes = load.check_files(self.folder, lambda *_: None)
        assert not [note for note in notes if "updated_at" not in note]
        self.books = [*getattr(self, "books", []), (as_of, frames)]
        return np.full(self.series.demand.shape[0], 3.0)


@pytest.fixture(params=[(1, False), (7, True)])
def played(request, tmp_path):
    rng = np.random.default_rng(2)
    starts = [date(2025, 1, 6) + timedelta(days=7 * n) for n in range(30)]
    series = games_data.Series(
        rng.poisson(4.0, (5, 30)).astype(float), starts, np.array(["a"] * 5), np.array(["L1", "L2", "L1", "L2", "L1"])
    )
    spread, unseen = request.param
    company = Recorded(series, tmp_path, spread)
    return series, company, games.play(series, 20, company.order, unseen=unseen), request.param


def test_stock_moves_by_receipts_and_sales_of_the_books(played):
    _, company, _, (_, unseen) = played
    _, frames = company.books[-1]
    key = ["item_id", "location_id"]
    stock = (
        frames["stock_levels"]
        .sort("counted_on")
        .group_by(key, maintain_order=True)
        .agg("on_hand", "counted_on")
        .sort(key)
    )
    first, last = stock["counted_on"][0][0], stock["counted_on"][0][-1]
    within = frames["sales"].filter((pl.col("sold_on") > first) & (pl.col("sold_on") <= last))
    sold = dict(within.group_by("item_id").agg(pl.col("quantity").sum()).iter_rows())
    received = frames["purchase_order_lines"].filter(pl.col("received_on").is_between(first, last, closed="right"))
    came = dict(received.group_by("item_id").agg(pl.col("quantity_received").sum()).iter_rows())
    for item, counts in stock.select("item_id", "on_hand").iter_rows():
        booked = counts[0] + came.get(item, 0.0) - sold.get(item, 0.0)
        # Where demand beyond the stock is booked as if it were sold, the books sell more than there was.
        assert counts[-1] == booked if unseen else counts[-1] >= booked


def test_open_orders_arrive_when_the_game_lets_them(played):
    _, company, _, _ = played
    as_of, frames = company.books[3]
    lines = frames["purchase_order_lines"]
    opened = lines.filter(pl.col("received_on").is_null())
    assert opened["promised_on"].unique().sort().to_list() == [as_of + timedelta(days=1), as_of + timedelta(days=8)]
    took = frames["purchase_orders"].join(lines.drop_nulls("received_on"), on="po_id")
    assert took.height > 0
    assert ((took["received_on"] - took["ordered_on"]).dt.total_days() - 1).unique().to_list() == [14]


def test_the_week_s_sales_are_booked_whole_and_nothing_later(played):
    series, company, _, (spread, unseen) = played
    as_of, frames = company.books[0]
    sales = frames["sales"]
    assert sales["sold_on"].max() <= as_of
    assert sales["quantity"].sum() == series.demand[:, :20].sum()
    assert (sales["sold_on"].dt.weekday() == 7).all() == (spread == 1)
    assert (
        sum(frames["sales"]["quantity"].sum() for _, frames in company.books[-1:]) <= series.demand[:, :27].sum()
        or not unseen
    )


def test_the_cost_is_the_game_s_with_the_same_orders(played):
    series, _, cost, _ = played
    again = games.play(series, 20, lambda known, stock, arriving: np.full(stock.size, 3.0))
    assert cost.tolist() == again.tolist()
