"""The explanation of one SKU's decision: a typed document that command, page and interface share. Pure."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A part of the document."""

    model_config = ConfigDict(frozen=True)


class Decision(Part):
    """What is decided.

    Attributes:
        ordered: a quantity is proposed.
        code: reason code, :data:`pipelines.purchase.codes.CODES`.
        sentence: the reason with its numbers.
        level: who decided: ``policy``, or a level that stepped in.
        decided_by: the same in words.
        level_reason: why another level than the policy decided; empty where the policy did.
        priority: high, medium or low.
        quantity: units; 0 where nothing is ordered.
        unit_price: money a unit; None where there is no price.
        order_value: money.
        expected_on: when the goods are expected by what the vendor really takes; agreed_on: by what it agreed to.
        expected_from: what the expected day rests on.
        expected_saving: money that the line is expected to save against not ordering.
    """

    ordered: bool
    code: str
    sentence: str
    level: str
    decided_by: str
    level_reason: str
    priority: str
    quantity: float
    unit_price: float | None
    order_value: float
    expected_on: date | None
    agreed_on: date | None
    expected_from: str
    expected_saving: float


class Supplier(Part):
    """Who is ordered from, on which terms; units, money, days."""

    supplier_id: str
    supplier_name: str
    lead_time_days: float | None
    pack_size: float | None
    min_order_qty: float | None
    ordering_cost: float
    landed_cost: float | None
    reason: str


class Stock(Part):
    """What is there and what comes, units.

    Attributes:
        on_hand: on the shelf.
        due: open lines of the ERP that count.
        proposed: orders of ours that the ERP does not show yet.
        position: the sum.
        projected_without: position less the demand expected over the protection interval; projected: with the order.
        risk: probability that the shelf runs out over it, if nothing is ordered.
    """

    on_hand: float
    due: float
    proposed: float
    position: float
    projected_without: float
    projected: float
    risk: float


class Levels(Part):
    """The levels in force, units, and what they were computed for."""

    policy: str
    reorder_point: float
    order_up_to: float
    safety_stock: float | None
    service_target: float | None
    protection_days: int | None
    reason: str
    erp_reorder_point: float | None
    erp_order_up_to: float | None


class Arrival(Part):
    """Goods to come: a line of the ERP, or of an order of ours that it does not show yet."""

    day: date | None
    quantity: float
    ours: bool


class Day(Part):
    """The shelf at the close of a day, units: what arrives, the demand expected, stock without and with the proposed order."""

    day: date
    arriving: float
    demand: float
    stock: float
    with_order: float


class Bucket(Part):
    """The forecast of a day or week; ``quantiles`` in the order of :data:`pipelines.core.quantiles.LEVELS`."""

    bucket_on: date
    days: int
    mean: float
    quantiles: list[float]


class Forecast(Part):
    """Demand over the protection interval, with its fan by bucket; units."""

    method: str
    model_version: str
    reason: str
    protection_days: int
    mean: float
    std: float
    quantiles: dict[str, float]
    adjusted: str
    mean_before_adjustment: float
    set_aside: str
    buckets: list[Bucket]


class Candidate(Part):
    """What a policy would have cost on the SKU's own past, money, in the days that select, that guard and that report."""

    candidate: str
    forecaster: str
    cost_select: float
    cost_guard: float
    cost_judged: float
    chosen: bool


class Choice(Part):
    """Which policy is in force, and what the days of the guard proved; money a day."""

    choice: str
    basis: str
    reason: str
    candidate: str
    saving_per_day: float | None
    saving_low: float | None
    saving_high: float | None
    guard_days: int
    confidence: float


class Side(Part):
    """Figures of one policy on the SKU's own past: shares, units of money."""

    name: str
    fill_rate: float | None
    in_stock_rate: float
    mean_stock_value: float
    holding_cost: float
    shortage_cost: float
    ordering_cost: float
    total_cost: float


class Passport(Part):
    """The replay of the policy in force on the days that report, as ``plan.passports`` holds it.

    Attributes:
        sentences: the same in words.
        sides: ours, the ERP's rule and the books, where each could be replayed.
        saving: money over those days against the ERP's rule, with the ends of its interval; None where there is nothing to compare.
        saving_imputed: the same on demand imputed for the days without stock.
        lost_units_low: units lost, on seen and on imputed demand.
        key: hashes of what it was computed from; ``stockproof study verify`` computes it again.
    """

    choice: str
    policy: str
    judged_from: date
    judged_until: date
    days: int
    censored_days: int
    calibrated: bool
    sides: list[Side]
    saving: float | None
    saving_low: float | None
    saving_high: float | None
    saving_imputed: float | None
    lost_units_low: float
    lost_units_high: float
    sentences: list[str]
    key: dict[str, str]


class Flip(Part):
    """The smallest change of one input that reverses the decision; ``input`` is empty where no single number does it."""

    input: str
    change: float | None
    sentence: str


class Obstacle(Part):
    """What stood in the way, or must be known beside the decision.

    Attributes:
        kind: rule, minimum, pack, price, supplier, budget, space, item, forecast, run, alert or review.
        sentence: in words.
    """

    kind: str
    sentence: str


class Placed(Part):
    """The order that holds the line, its state and the quantity as it stands there."""

    order_id: str
    line_no: int
    state: str
    quantity: float
    needs_review: bool


class Explanation(Part):
    """Why a SKU is ordered or not, with everything it rests on."""

    as_of: date
    item_id: str
    item_name: str
    location_id: str
    location_name: str
    category: str
    abc_class: str
    demand_class: str
    decision: Decision
    flip: Flip
    obstacles: list[Obstacle]
    orders: list[Placed]
    supplier: Supplier | None
    stock: Stock
    levels: Levels
    arrivals: list[Arrival]
    projection: Annotated[list[Day], Field(description="Empty where the marts hold another date than the run's.")]
    forecast: Forecast | None
    choice: Choice | None
    candidates: list[Candidate]
    passport: Passport | None
    without_passport: str
