"""A network as its owner writes it: YAML, typed, and refused with the path of the key that does not hold."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.core.errors import StockproofError

Ordering = Literal["inventory_position", "on_hand"]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Limit = Annotated[float, Field(gt=0, allow_inf_nan=False)] | None

_REMEDY = "`docs/twin.md` lists every key; `pipelines/twin/networks/default.yaml` is a network that works"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sku(_Part):
    """An item's demand and costs, the same at every site unless the site says otherwise.

    Attributes:
        demand_mean: units a day at a store of multiplier 1.
        demand_std: standard deviation of the noise added each day, units.
        seasonality: amplitude of the sine, share of the mean.
        period_days: length of the sine.
        holding_cost_per_day: money for a unit on hand at a day's end.
        shortage_cost: money for a unit of demand that is lost, or for one waiting a day.
        ordering_cost: money for an order placed.
        whole_units: demand and usable quantities are rounded to whole units.
    """

    demand_mean: Amount
    demand_std: Amount = 0.0
    seasonality: Share = 0.0
    period_days: Annotated[float, Field(gt=0)] = 30.0
    holding_cost_per_day: Amount
    shortage_cost: Amount
    ordering_cost: Amount = 0.0
    whole_units: bool = True


class Stock(_Part):
    """Stock and policy of a SKU at a site.

    Attributes:
        on_hand: units before the first day.
        reorder_point: s; an order is placed at or below it. Equal to ``order_up_to``: base stock.
        order_up_to: S.
        min_order_qty: smallest order, units.
        max_order_qty: largest order, units; none: no limit.
        pack_size: orders are whole packs; 0: any quantity.
        holding_cost_per_day: instead of the SKU's.
    """

    on_hand: Amount = 0.0
    reorder_point: Annotated[float, Field(allow_inf_nan=False)]
    order_up_to: Annotated[float, Field(allow_inf_nan=False)]
    min_order_qty: Amount = 0.0
    max_order_qty: Limit = None
    pack_size: Amount = 0.0
    holding_cost_per_day: Amount | None = None

    @field_validator("order_up_to")
    @classmethod
    def _not_below(cls, value: float, info: Any) -> float:
        low = info.data.get("reorder_point")
        if low is not None and low > value:
            raise ValueError(f"order_up_to {value:g} is below reorder_point {low:g}: s must not exceed S")
        return value


class _Source(_Part):
    """A site that ships.

    Attributes:
        lead_time_days: days on the way; shipped on day t, for sale on day t + lead time + 1.
        lead_time_std_days: standard deviation of the lead time, normal, rounded, not below 0.
        reliability: probability that an order is accepted; a refused one is reported and the site may order again next day.
        usable_share: mean share of a shipment that arrives usable.
        usable_share_std: standard deviation of it, normal, cut at 0 and 1.
        capacity_per_day: units of a SKU it ships in a day at most; the rest is owed.
    """

    lead_time_days: Annotated[int, Field(ge=0, le=365)]
    lead_time_std_days: Annotated[float, Field(ge=0, le=100)] = 0.0
    reliability: Share = 1.0
    usable_share: Share = 1.0
    usable_share_std: Share = 0.0
    capacity_per_day: Limit = None


class Supplier(_Source):
    """A source without end, outside the network."""


class _Site(_Part):
    """A site that holds stock.

    Attributes:
        source: the site that supplies it.
        stock: stock and policy, of every SKU or by SKU.
        ordering: what its policy looks at: the inventory position (on hand + on order − owed) or the stock on hand alone.
        review_period_days: its policy looks every so many days, first on day 0.
        demand_multiplier: customers' demand here, times the SKU's mean; 0: no customers.
        unmet: customers' unmet demand is lost or waits.
    """

    source: str
    stock: dict[str, Stock]
    ordering: Ordering = "inventory_position"
    review_period_days: Annotated[int, Field(ge=1)] = 1
    demand_multiplier: Amount = 0.0
    unmet: Literal["lost", "backorder"] = "lost"

    @field_validator("stock", mode="before")
    @classmethod
    def _for_all(cls, value: Any) -> Any:
        return {"*": value} if isinstance(value, Mapping) and "order_up_to" in value else value


class Warehouse(_Site, _Source):
    """A site that ships to others and owes what it cannot ship."""


class Store(_Site):
    """A site that sells."""

    demand_multiplier: Amount = 1.0


class TwinNetwork(_Part):
    """A tree: suppliers at the root, stores (or warehouses) at the leaves.

    Attributes:
        name: what reports call it.
        seed: root of every random number.
        days: days of an episode, warm-up included; day 0 is the first.
        warmup_days: first days that are simulated and not counted.
        deliveries: ``close``: at the end of the day before the one they serve, so that day's costs count them; ``morning``: on the day.
        skus: items by id.
        suppliers: sources without end by id.
        warehouses: sites that ship by id.
        stores: sites that sell by id.
    """

    name: str = "network"
    seed: Annotated[int, Field(ge=0)] = 42
    days: Annotated[int, Field(ge=1, le=100_000)] = 90
    warmup_days: Annotated[int, Field(ge=0)] = 7
    deliveries: Literal["close", "morning"] = "close"
    skus: Annotated[dict[str, Sku], Field(min_length=1)]
    suppliers: Annotated[dict[str, Supplier], Field(min_length=1)]
    warehouses: dict[str, Warehouse] = {}
    stores: Annotated[dict[str, Store], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_a_tree(self) -> "TwinNetwork":
        for fault in self._faults():
            raise ValueError(fault)
        return self

    def _faults(self) -> Iterator[str]:
        sources = {**self.suppliers, **self.warehouses}
        if len({*sources, *self.stores}) < len(self.suppliers) + len(self.warehouses) + len(self.stores):
            yield "suppliers, warehouses, stores: two sites have the same id"
        if self.warmup_days >= self.days:
            yield f"warmup_days: {self.warmup_days} of {self.days} days leave none to count"
        for group, sites in (("warehouses", self.warehouses), ("stores", self.stores)):
            for name, site in sites.items():
                if site.source not in sources:
                    known = ", ".join(sorted(sources))
                    yield f"{group}.{name}.source: no supplier or warehouse '{site.source}'; there are {known}"
                yield from _stock_faults(f"{group}.{name}.stock", site.stock, self.skus)
        for name in self.warehouses:
            seen, at = {name}, name
            while at in self.warehouses:
                at = self.warehouses[at].source
                if at in seen:
                    yield f"warehouses.{name}.source: a cycle, {name} is supplied by itself through {at}"
                    break
                seen.add(at)

    @property
    def sites(self) -> dict[str, Supplier | Warehouse | Store]:
        """Every site by id: suppliers, warehouses, stores, in the file's order."""
        return {**self.suppliers, **self.warehouses, **self.stores}

    @property
    def buyers(self) -> dict[str, Warehouse | Store]:
        """Sites that hold stock, by id."""
        return {**self.warehouses, **self.stores}


def _stock_faults(path: str, stock: Mapping[str, Stock], skus: Mapping[str, Sku]) -> Iterator[str]:
    for sku in stock:
        if sku != "*" and sku not in skus:
            yield f"{path}.{sku}: no SKU '{sku}'; there are {', '.join(sorted(skus))}"
    missing = [sku for sku in skus if sku not in stock and "*" not in stock]
    if missing:
        yield f"{path}.{missing[0]}: missing; every site has a stock entry for every SKU, or one for all"


def load(path: Path | str | None = None) -> TwinNetwork:
    """Read a network file.

    Args:
        path: YAML; None: the default network.

    Returns:
        The network.

    Raises:
        StockproofError: the file cannot be read, or a key does not hold; its path is named.
    """
    name = str(path) if path else "networks/default.yaml"
    try:
        text = Path(path).read_text() if path else (files("pipelines.twin") / "networks" / "default.yaml").read_text()
        content = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise StockproofError(f"network file {name}: {' '.join(str(fault).split())}", _REMEDY) from None
    return parse(content, name)


def parse(content: Any, name: str = "network") -> TwinNetwork:
    """Check a network given as plain mappings; see :func:`load`."""
    try:
        return TwinNetwork.model_validate(content)
    except ValidationError as fault:
        lines = [_sentence(error) for error in fault.errors()]
        raise StockproofError(f"{name}: {'; '.join(lines)}", _REMEDY) from None


def _sentence(error: Any) -> str:
    path = ".".join(str(part) for part in error["loc"] if part != "*")
    words = str(error["msg"]).removeprefix("Value error, ")
    given = error.get("input")
    value = f" (given: {given!r})" if isinstance(given, str | int | float) else ""
    return f"{path}: {words}{value}" if path else words
