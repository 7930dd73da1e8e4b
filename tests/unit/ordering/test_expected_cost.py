"""Orders of least expected cost: against a direct search, an exact convolution, and their limits."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.ordering import expected_cost


def problem(skus: int = 1, **changes):
    ones = np.ones(skus)
    base = expected_cost.Problem(
        mean=np.full((skus, 4), 5.0), variance=np.full((skus, 4), 9.0), unit=ones, on_hand=6.0 * ones,
        lead_time=np.full(skus, 14), lead_time_std=0.0 * ones, arriving=np.array([[0.0, 0.0, 5.0], [0.0, 7.0, 5.0]]),
        holding_cost=0.2 * ones, shortage_cost=ones, ordering_cost=0.0 * ones, pack=ones, minimum=ones, review=7,
    )  # fmt: skip
    return replace(base, **changes)


def probabilities(mean: float, variance: float) -> np.ndarray:
    from scipy import stats

    r = mean**2 / (variance - mean)
    return stats.nbinom.pmf(np.arange(200), r, mean / variance)


def test_the_order_is_the_exact_newsvendor_s_after_projecting_lost_sales():
    p = probabilities(5.0, 9.0)
    stock = {6: 1.0}
    for arrival in (5, 5):
        after: dict[int, float] = {}
        for units, chance in stock.items():
            for demand in range(200):
                left = max(units + arrival - demand, 0)
                after[left] = after.get(left, 0.0) + chance * p[demand]
        stock = after
    cover = p.cumsum()
    held = [sum(chance * cover[units + q] for units, chance in stock.items()) for q in range(40)]
    exact = int(np.argmax(np.array(held) >= 1.0 / 1.2))
    for seed in (1, 2, 3):
        orders = expected_cost.orders(problem(), seed)
        assert abs(orders.quantity[0] - exact) <= 1
        assert orders.covered[0] == pytest.approx(held[int(orders.quantity[0])], abs=0.02)
        assert orders.left[0] == pytest.approx(sum(units * chance for units, chance in stock.items()), abs=0.15)


def test_the_sample_holds_the_moments_it_was_drawn_from():
    paths = expected_cost.sampled(np.array([[3.0, 8.0]]), np.array([[3.0, 20.0]]), np.ones(1), 1, 2_000)
    assert paths.shape == (1, 2_000, 2)
    assert paths.mean(axis=1)[0] == pytest.approx([3.0, 8.0], rel=0.01)
    assert paths.var(axis=1)[0] == pytest.approx([3.0, 20.0], rel=0.05)
    assert abs(np.corrcoef(paths[0].T)[0, 1]) < 0.06


def test_a_sku_s_order_does_not_depend_on_the_others_or_on_chunks(monkeypatch):
    rng = np.random.default_rng(3)
    mean = rng.gamma(1.0, 5.0, (9, 4))
    many = problem(9, mean=mean, variance=2.0 * mean, lead_time=np.array([14, 14, 7, 3, 14, 0, 10, 14, 7]))
    whole = expected_cost.orders(many, 5).quantity
    monkeypatch.setattr(expected_cost, "CELLS", 2 * 3 * expected_cost.PATHS)
    assert expected_cost.orders(many, 5).quantity.tolist() == whole.tolist()
    alone = problem(1, mean=mean[4:5], variance=2.0 * mean[4:5], arriving=np.zeros((0, 3)))
    assert expected_cost.orders(alone, 5).quantity[0] == whole[4]


def test_a_part_of_the_skus_keeps_its_own_open_orders():
    """Each SKU's order is that of the whole, whichever others are asked with it, and in whichever order."""
    rng = np.random.default_rng(8)
    arriving = np.array([[float(n % 9), float(rng.integers(0, 20)), 1.0 + n % 9] for n in range(18)])
    many = problem(9, arriving=arriving, on_hand=np.zeros(9))
    whole = expected_cost.orders(many, 5)
    assert len(set(whole.quantity.tolist())) > 3
    for part in ([7, 2, 5], [0], [8, 1]):
        rows = np.array(part)
        orders = expected_cost.orders(many.take(rows), 5)
        assert orders.quantity.tolist() == whole.quantity[rows].tolist()
        assert orders.left.tolist() == whole.left[rows].tolist()


def test_more_on_order_orders_less_and_late_lines_do_not_help_before_they_come():
    now = expected_cost.orders(problem(), 1).quantity[0]
    more = expected_cost.orders(problem(arriving=np.array([[0.0, 0.0, 5.0], [0.0, 7.0, 25.0]])), 1).quantity[0]
    beyond = expected_cost.orders(problem(arriving=np.array([[0.0, 0.0, 5.0], [0.0, 7.0, 5.0], [0.0, 21.0, 99.0]])), 1)
    in_time = expected_cost.orders(problem(arriving=np.array([[0.0, 0.0, 5.0], [0.0, 7.0, 5.0], [0.0, 14.0, 99.0]])), 1)
    assert more < now
    assert beyond.quantity[0] == now
    assert in_time.quantity[0] == 0.0


@pytest.mark.parametrize("terms", [{}, {"ordering_cost": 1.5}, {"pack": 6.0, "minimum": 12.0}, {"unit": 0.01}])
def test_the_surplus_is_what_must_be_missing_for_an_order_to_pay(terms):
    """Asked of each stock in turn, and with what is to come eaten up, too."""
    stock = np.arange(0.0, 60.0, 4.0)
    skus = stock.size
    arriving = np.array([[float(n), 7.0, 6.0 * (n % 3)] for n in range(skus)])
    each = {name: np.full(skus, value) for name, value in terms.items()}
    many = problem(skus, on_hand=stock, arriving=arriving, **each)
    orders = expected_cost.orders(many, 4, 500, search_surplus=True)
    assert (orders.surplus[orders.quantity > 0] == 0).all()
    idle = orders.quantity <= 0
    never = idle & (orders.surplus > stock)
    assert (idle & ~never).sum() >= 5
    for missing, pays in ((orders.surplus, ~never), (orders.surplus - many.unit, False & never)):
        less = replace(many, on_hand=np.maximum(stock - missing, 0.0))
        assert ((expected_cost.orders(less, 4, 500).quantity > 0)[idle] == pays[idle]).all()


def test_no_surplus_is_enough_where_no_order_ever_pays():
    orders = expected_cost.orders(problem(ordering_cost=np.full(1, 1e6)), 1, search_surplus=True)
    assert (orders.quantity[0], orders.surplus[0]) == (0.0, 7.0)


def test_an_uncertain_lead_time_orders_more():
    sure, unsure = (
        expected_cost.orders(problem(lead_time_std=np.full(1, std), shortage_cost=np.full(1, 20.0)), 1).quantity[0]
        for std in (0.0, 6.0)
    )
    assert unsure > sure


def test_the_days_before_the_arrival_and_those_served_partition_the_forecast():
    assert expected_cost.cuts(10, 7) == [(0, 7), (7, 10), (10, 17)]
    assert expected_cost.reaches(np.array([14, 15]), 7, 4).tolist() == [True, False]
    orders = expected_cost.orders(problem(mean=np.array([[5.0, 7.0, 14.0, 14.0]]), lead_time=np.array([10])), 1)
    assert orders.served[0] == pytest.approx(7.0 * 4 / 7 + 14.0 * 3 / 7)


def test_kilograms_are_ordered_as_grams_and_tonnes_of_the_same_demand_are():
    quantities = []
    for factor in (1.0, 0.001, 1e-6):  # grams, which come whole, kilograms, tonnes
        mean = np.full((1, 4), 340.0) * factor
        orders = expected_cost.orders(
            problem(
                mean=mean,
                variance=0.2 * mean**2,
                on_hand=np.array([300.0]) * factor,
                pack=np.zeros(1),
                minimum=np.zeros(1),
                unit=expected_cost.unit_of(np.array([factor == 1.0]), mean),
                arriving=np.array([[0.0, 7.0, 250.0 * factor]]),
            ),
            1,
        )
        quantities.append(orders.quantity[0] / factor)
    assert quantities[1:] == pytest.approx(quantities[:1] * 2, rel=0.01)
