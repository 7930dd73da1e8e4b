"""Lead-time distributions: shrinkage, censoring, the late tail and what was not yet known."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.core.quantiles import LEVELS
from pipelines.vendors import lead_times
from pipelines.vendors.lead_times import Lines, Options

PLAIN = Options(half_life_days=1e9, item_prior=1e-9, supplier_prior=1e-9, window_days=0)
AS_OF = 20_000


def lines(
    days: list[int], pair: list[int], supplier: list[int], *, ordered: list[int] | None = None, agreed: float = 9.0
) -> Lines:
    start = np.array(ordered if ordered is not None else [AS_OF - 400] * len(days), dtype=np.int64)
    received = np.where(np.array(days) >= 0, start + np.array(days) + 1, -1)
    return Lines(
        np.array(pair, dtype=np.int64),
        np.arange(len(days), dtype=np.int64),
        start,
        received.astype(np.int64),
        np.array(supplier, dtype=np.int64),
        np.full(len(supplier), agreed),
    )


def test_without_priors_it_is_the_empirical_distribution() -> None:
    fitted = lead_times.fit(lines([3, 5, 5, 8, 20], [0] * 5, [0]), AS_OF, (0.2, 0.5, 0.8, 0.9), PLAIN)
    assert fitted.quantiles.tolist() == [[3.0, 5.0, 8.0, 20.0]]
    assert fitted.mean[0] == pytest.approx(8.2, abs=0.01) and fitted.std[0] == pytest.approx(
        np.std([3, 5, 5, 8, 20]), abs=0.01
    )


def test_an_open_line_counts_as_at_least_its_age() -> None:
    known = lines([5, 5, 5, 30], [0] * 4, [0])
    waiting = lines([5, 5, 5, -1], [0] * 4, [0], ordered=[AS_OF - 400] * 3 + [AS_OF - 21])
    three = lines([5, 5, 5], [0] * 3, [0])
    median = [lead_times.fit(each, AS_OF, (0.5, 0.95), PLAIN).quantiles[0] for each in (known, waiting, three)]
    assert [m[0] for m in median] == [5.0, 5.0, 5.0]
    assert median[1][1] >= 20.0 > median[2][1]  # the open one is 20 days old: it takes at least that


def test_kaplan_meier_agrees_with_the_product_limit_by_hand() -> None:
    # events at 2 and 6, censored at 4: S(2) = 2/3, S(6) = 0
    fitted = lead_times.fit(
        lines([2, -1, 6], [0] * 3, [0], ordered=[AS_OF - 400, AS_OF - 5, AS_OF - 400]), AS_OF, (0.33, 0.34, 0.99), PLAIN
    )
    assert fitted.quantiles[0].tolist() == [2.0, 6.0, 6.0]


def test_few_receipts_lean_on_the_supplier_and_a_new_item_has_its_distribution() -> None:
    days = [10] * 40 + [30] * 2
    fitted = lead_times.fit(lines(days, [0] * 40 + [1] * 2, [0, 0, 0]), AS_OF, (0.5,), replace(PLAIN, item_prior=10.0))
    assert fitted.quantiles[:, 0].tolist() == [10.0, 10.0, 10.0]
    many = lead_times.fit(
        lines([10] * 40 + [30] * 40, [0] * 40 + [1] * 40, [0, 0]), AS_OF, (0.5,), replace(PLAIN, item_prior=10.0)
    )
    assert many.quantiles[:, 0].tolist() == [10.0, 30.0]


def test_suppliers_share_their_spread_in_proportion_to_what_was_agreed() -> None:
    suppliers = 200
    books = lines([4, 9, 19] * suppliers, list(np.repeat(np.arange(suppliers), 3)), list(range(suppliers + 1)))
    books = replace(books, agreed=np.append(np.full(suppliers, 9.0), 49.0))
    found = lead_times.fit(books, AS_OF, (0.1, 0.5, 0.9), replace(PLAIN, supplier_prior=5.0))
    assert found.quantiles[-1].tolist() == [24.0, 49.0, 99.0]


def test_one_suppliers_receipts_say_nothing_of_the_others() -> None:
    alone = lines([39] * 6, [0] * 6, [0, 1])
    beside = lines([39] * 6 + [9] * 4, [0] * 6 + [1, 2, 3, 4], [0, 1, 2, 3, 4, 5])
    for books in (alone, beside):
        found = lead_times.fit(books, AS_OF, (0.1, 0.5, 0.8), replace(PLAIN, supplier_prior=5.0))
        assert found.quantiles[-1].tolist() == [9.0, 9.0, 9.0]


def test_one_supplier_that_is_late_does_not_stretch_the_tail_of_all() -> None:
    months = [AS_OF - 30 * n for n in range(20, 0, -1)]
    late = [9] * 10 + [59] * 10
    days, pair, ordered = late + [9] * 60, [0] * 20 + list(np.repeat([1, 2, 3], 20)), months * 4
    found = lead_times.fit(lines(days, pair, [0, 1, 2, 3], ordered=ordered), AS_OF, (0.5, 0.95), Options())
    assert found.stretch.tolist() == pytest.approx([1.0, 1.0], abs=0.02)


def test_nothing_received_means_as_agreed() -> None:
    fitted = lead_times.fit(lines([], [], [0]), AS_OF, (0.5, 0.95), Options())
    assert fitted.quantiles.tolist() == [[9.0, 9.0]]


def test_a_forgotten_order_in_books_without_receipts_says_nothing_of_any_vendor() -> None:
    """Its age, 400 days where 9 were agreed, became everybody's lead time: 844 days where another supplier had agreed on 20."""
    books = replace(lines([-1], [0], [0, 1, 1]), agreed=np.array([9.0, 9.0, 20.0]))
    fitted = lead_times.fit(books, AS_OF, (0.5, 0.95), Options())
    assert fitted.quantiles.tolist() == [[9.0, 9.0], [9.0, 9.0], [20.0, 20.0]]
    assert fitted.mean.tolist() == [9.0, 9.0, 20.0] and fitted.std.max() < 1e-6


def test_what_comes_after_the_date_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    ordered = (AS_OF - rng.integers(1, 700, 300)).tolist()
    days = rng.integers(1, 60, 300).tolist()
    books = lines(days, rng.integers(0, 6, 300).tolist(), [0, 0, 0, 1, 1, 1], ordered=ordered)
    later = np.where(books.received > AS_OF, books.received + 500, books.received)
    more = replace(
        books,
        pair=np.append(books.pair, 2),
        delivery=np.append(books.delivery, 999),
        ordered=np.append(books.ordered, AS_OF + 3),
        received=np.append(later, AS_OF + 9),
    )
    assert np.array_equal(lead_times.fit(books, AS_OF).quantiles, lead_times.fit(more, AS_OF).quantiles)


def test_a_tail_that_grew_longer_stretches_the_quantiles_until_they_cover() -> None:
    rng = np.random.default_rng(4)
    ordered = np.sort(AS_OF - 60 - rng.integers(0, 1400, 4000))
    scale = np.where(ordered > AS_OF - 700, 2.0, 1.0)  # everything takes twice as long for two years
    days = np.round(rng.gamma(9.0, 1.0, 4000) * scale).astype(int).tolist()
    books = lines(days, rng.integers(0, 4, 4000).tolist(), [0, 0, 1, 1], ordered=ordered.tolist())
    fitted = lead_times.fit(books, AS_OF, LEVELS, Options(half_life_days=1e9, window_days=300))
    bare = lead_times.fit(books, AS_OF, LEVELS, Options(half_life_days=1e9, window_days=0))
    fresh = np.round(rng.gamma(9.0, 1.0, 4000) * 2.0)
    at = LEVELS.index(0.95)
    assert (fresh <= bare.quantiles[0, at]).mean() < 0.93 < 0.94 < (fresh <= fitted.quantiles[0, at]).mean() < 0.99
    assert fitted.stretch[at] > 1.0


def test_lines_of_one_delivery_are_one_observation() -> None:
    books = replace(lines([5] * 3 + [40] * 30, [0] * 33, [0]), delivery=np.array([0, 1, 2] + [3] * 30))
    other = replace(
        books,
        pair=np.array([0] * 3 + list(range(1, 31))),
        supplier=np.zeros(31, dtype=np.int64),
        agreed=np.full(31, 9.0),
    )
    fitted = lead_times.fit(other, AS_OF, (0.5,), replace(PLAIN, item_prior=1e9))
    assert fitted.quantiles[0, 0] == 5.0  # three deliveries of five days against one of forty
