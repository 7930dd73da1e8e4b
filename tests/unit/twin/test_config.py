"""Network files: the default says what it should, and what does not hold is refused with the path of the key."""

import copy

import pytest
import yaml

from pipelines.core.errors import StockproofError
from pipelines.twin import config

DEFAULT = config.load().model_dump(mode="json", exclude_none=True)


def changed(path, value):
    """The default network with one key changed (or added, or, for None, taken away)."""
    content = copy.deepcopy(DEFAULT)
    at = content
    *above, last = path.split("/")
    for key in above:
        at = at[key]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return content


def test_the_default_network_is_the_documented_one():
    network = config.load()
    sku = network.skus["SKU_001"]
    assert (sku.demand_mean, sku.demand_std, sku.seasonality, sku.period_days) == (50, 10, 0.2, 30)
    assert (sku.holding_cost_per_day, sku.shortage_cost) == (2, 10)
    assert (network.seed, network.warmup_days) == (42, 7)
    stores = [(store.demand_multiplier, *_levels(store)) for store in network.stores.values()]
    assert stores == [(1.0, 500, 100, 300), (1.2, 600, 120, 360), (1.5, 750, 150, 450)]
    assert _levels(network.warehouses["warehouse_1"]) == (5000, 1000, 3000)
    assert network.warehouses["warehouse_1"].lead_time_days == 2
    supplier = network.suppliers["supplier_1"]
    assert (supplier.lead_time_days, supplier.reliability, supplier.capacity_per_day) == (7, 0.98, None)
    assert {store.ordering for store in network.stores.values()} == {"inventory_position"}


def _levels(site):
    stock = site.stock["*"]
    return stock.on_hand, stock.reorder_point, stock.order_up_to


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("stores/store_1/source", "nowhere", "stores.store_1.source: no supplier or warehouse 'nowhere'"),
        ("warehouses/warehouse_1/source", "warehouse_1", "warehouses.warehouse_1.source: a cycle"),
        ("skus/SKU_001/holding_cost_per_day", -2, "skus.SKU_001.holding_cost_per_day"),
        ("skus/SKU_001/shortage_cost", -1, "skus.SKU_001.shortage_cost"),
        ("skus/SKU_001/demand_mean", "many", "skus.SKU_001.demand_mean"),
        (
            "stores/store_2/stock/*/reorder_point",
            400,
            "stores.store_2.stock.order_up_to: order_up_to 360 is below reorder_point 400",
        ),
        ("stores/store_2/stock/*/on_hand", -1, "stores.store_2.stock.on_hand"),
        (
            "stores/store_1/stock",
            {"SKU_9": {"reorder_point": 1, "order_up_to": 2}},
            "stores.store_1.stock.SKU_9: no SKU",
        ),
        ("stores/store_1/stock", {}, "stores.store_1.stock.SKU_001: missing"),
        ("suppliers/supplier_1/reliability", 1.2, "suppliers.supplier_1.reliability"),
        ("suppliers/supplier_1/lead_time_days", -1, "suppliers.supplier_1.lead_time_days"),
        ("suppliers/supplier_1/capacity_per_day", 0, "suppliers.supplier_1.capacity_per_day"),
        ("suppliers/supplier_1/colour", "red", "suppliers.supplier_1.colour"),
        ("stores/store_1/ordering", "guess", "stores.store_1.ordering"),
        ("warmup_days", 90, "warmup_days"),
        ("stores", {}, "stores"),
        ("skus", None, "skus"),
        (
            "stores/supplier_1",
            {"source": "warehouse_1", "stock": {"*": {"reorder_point": 1, "order_up_to": 2}}},
            "same id",
        ),
    ],
)
def test_what_does_not_hold_is_refused_with_its_path(path, value, named):
    with pytest.raises(StockproofError) as fault:
        config.parse(changed(path, value))
    assert named in fault.value.message
    assert fault.value.remedy


def test_a_longer_cycle_is_refused():
    content = copy.deepcopy(DEFAULT)
    second = dict(content["warehouses"]["warehouse_1"], source="warehouse_1")
    content["warehouses"] = {
        "warehouse_1": dict(content["warehouses"]["warehouse_1"], source="warehouse_2"),
        "warehouse_2": second,
    }
    with pytest.raises(StockproofError, match=r"warehouses\.warehouse_1\.source: a cycle"):
        config.parse(content)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("stores: [")
    for path in (broken, tmp_path / "absent.yaml"):
        with pytest.raises(StockproofError, match=path.name):
            config.load(path)


def test_a_network_written_and_read_again_is_the_same(tmp_path):
    path = tmp_path / "again.yaml"
    path.write_text(yaml.safe_dump(DEFAULT))
    assert config.load(path) == config.load()
