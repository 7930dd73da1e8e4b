"""A company's own rules on purchase lines, as data: a condition on a SKU or its line, and what follows from it."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

LineField = Literal[
    "item_id", "location_id", "category", "abc_class", "demand_class", "item_priority", "supplier_id", "level", "policy",
    "lead_time_days", "mean_demand", "unit_cost", "on_hand", "on_order", "reorder_point", "order_up_to", "pack_size", "min_order_qty",
    "quantity", "unit_price", "order_value", "risk", "reason_code", "inventory_position", "days_of_cover",
]  # fmt: skip
"""What a condition may ask."""

FIELDS: tuple[str, ...] = get_args(LineField)

DYNAMIC = ("quantity", "unit_price", "order_value", "risk", "reason_code", "inventory_position", "days_of_cover")
"""Fields of the line: not known before its supplier and its quantity are."""

Text = str | float | bool


class Strict(BaseModel):
    """An unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(Strict):
    """What a field must be; several tests all hold. ``field: value`` and ``field: [values]`` stand for ``is``."""

    any_of: tuple[Text, ...] | None = Field(default=None, alias="is")
    none_of: tuple[Text, ...] | None = Field(default=None, alias="not")
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {
                key: [value] if key in ("is", "not") and not isinstance(value, list) else value
                for key, value in given.items()
            }
        return {"is": given if isinstance(given, list) else [given]}

    @model_validator(mode="after")
    def _tests_something(self) -> "Condition":
        if not self.model_dump(exclude_none=True):
            raise ValueError("a condition needs a value, a list, or one of is, not, above, below, at_least, at_most")
        return self


class Effect(Strict):
    """What follows. Caps are limits of the line: units, money, days of expected demand; or of the stock the line may bring about."""

    freeze: bool = False
    review: bool = False
    cap_quantity: Annotated[float, Field(ge=0)] | None = None
    cap_value: Annotated[float, Field(ge=0)] | None = None
    cap_days: Annotated[float, Field(ge=0)] | None = None
    cap_stock: Annotated[float, Field(ge=0)] | None = None  # units a shelf holds: inventory position after ordering
    block_supplier: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _one_supplier(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("block_supplier"), str):
            return given | {"block_supplier": [given["block_supplier"]]}
        return given

    @model_validator(mode="after")
    def _does_something(self) -> "Effect":
        if not self.model_dump(exclude_defaults=True):
            raise ValueError(
                "an effect needs one of freeze, review, cap_quantity, cap_value, cap_days, cap_stock, block_supplier"
            )
        return self


class BusinessRule(Strict):
    """Where all conditions hold, the effects apply, and the line names the rule."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    when: dict[LineField, Condition] = {}
    then: Effect

    @model_validator(mode="after")
    def _blocks_in_time(self) -> "BusinessRule":
        late = sorted(set(self.when) & set(DYNAMIC))
        if self.then.block_supplier and late:
            raise ValueError(f"when.{late[0]}: not known before the supplier is chosen, so it cannot block one")
        return self


class VendorTerms(Strict):
    """What a supplier asks of an order, ``"*"`` for every supplier without terms of its own."""

    order_minimum: Annotated[float, Field(ge=0)] = 0.0  # money; a smaller order is filled up or held back
    container_units: Annotated[float, Field(gt=0)] | None = None  # units a truck or container holds
    container_volume: Annotated[float, Field(gt=0)] | None = (
        None  # its volume, in the measure of the items' unit_volume
    )
    container_cost: Annotated[float, Field(ge=0)] = 0.0  # money per truck or container

    @model_validator(mode="after")
    def _one_measure(self) -> "VendorTerms":
        if self.container_units is not None and self.container_volume is not None:
            raise ValueError(
                "container_units and container_volume: give one of them, whichever fills the container first"
            )
        return self

    @property
    def container(self) -> float | None:
        """What a container holds, in units or volume; None: orders come in no containers."""
        return self.container_units if self.container_volume is None else self.container_volume
