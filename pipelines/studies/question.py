"""The question of a study: which SKUs, which days, which policies, under which changes. Checked before anything is queued."""

import json
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.core.errors import StockproofError
from pipelines.core.suggestions import refuse_unknown
from pipelines.ordering.rules import EXPECTED_COST, MIN_MAX, RULES

OURS: Final = "ours"
"""The policy of the daily run: the candidate that its own replay selects on earlier days."""

LEVELS: Final = "levels"
"""Reorder points and order-up-to levels given with the question."""

POLICIES: Final = (OURS, MIN_MAX, EXPECTED_COST, LEVELS, *RULES)

MOST_VARIANTS: Final = 24
"""Policies × values of a sweep: each is a replay of its own."""

Factor = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Probability = Annotated[float, Field(gt=0, lt=1)]
Days = Annotated[int, Field(ge=0, le=365)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Filter(_Part):
    """Which SKUs; each list narrows the choice, an empty one does not."""

    items: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()
    demand_classes: tuple[str, ...] = ()
    abc: tuple[str, ...] = ()


class Change(_Part):
    """What differs from the books. A default changes nothing.

    Attributes:
        demand_factor: demand of every day × this.
        spike_factor: demand of the days ``spike_from`` to ``spike_until`` (counted from 0) × this.
        seasonality: amplitude of a yearly sine added to demand, 0.2: ± 20%.
        deviation_factor: distance of each day's demand from the SKU's mean × this.
        lead_time_factor: lead times, agreed and measured, × this.
        supplier_delay_days: days added to each lead time.
        closed_suppliers: these deliver what is ordered from ``closed_from`` to ``closed_until`` (counted from 0; None: the study's ends)
            only after they have opened again.
        price_factor: unit cost × this; holding cost follows.
        min_order_factor: minimum order quantities × this.
        service_target: instead of ``costs.service_target``.
        holding_cost_factor: holding cost × this.
        shortage_cost_factor: shortage cost × this.
        ordering_cost: money per order, instead of the ERP's.
        review_period_days: instead of ``planning.review_period_days``.
    """

    demand_factor: Factor = 1.0
    spike_factor: Factor = 1.0
    spike_from: Days | None = None
    spike_until: Days | None = None
    seasonality: Annotated[float, Field(ge=0, le=1)] = 0.0
    deviation_factor: Annotated[float, Field(ge=0, le=20)] = 1.0
    lead_time_factor: Factor = 1.0
    supplier_delay_days: Days = 0
    closed_suppliers: tuple[str, ...] = ()
    closed_from: Days | None = None
    closed_until: Days | None = None
    price_factor: Factor = 1.0
    min_order_factor: Annotated[float, Field(ge=0, le=1000)] = 1.0
    service_target: Probability | None = None
    holding_cost_factor: Factor = 1.0
    shortage_cost_factor: Factor = 1.0
    ordering_cost: Annotated[float, Field(ge=0)] | None = None
    review_period_days: Annotated[int, Field(ge=1, le=60)] | None = None

    @model_validator(mode="after")
    def _spike_has_days(self) -> Self:
        days = self.spike_from, self.spike_until
        if (self.spike_factor != 1.0) != (None not in days) or (None in days and any(day is not None for day in days)):
            raise ValueError("spike_factor, spike_from and spike_until go together")
        if self.spike_from is not None and self.spike_until is not None and self.spike_from > self.spike_until:
            raise ValueError("spike_from must not come after spike_until")
        return self


SWEPT: Final = ("demand_factor", "lead_time_factor", "supplier_delay_days", "min_order_factor", "service_target", "holding_cost_factor",
                "shortage_cost_factor", "ordering_cost", "review_period_days", "price_factor")  # fmt: skip


class Sweep(_Part):
    """Several values of one parameter of :class:`Change` within one study."""

    parameter: Literal[SWEPT]  # type: ignore[valid-type]
    values: Annotated[tuple[float, ...], Field(min_length=2, max_length=MOST_VARIANTS)]


class Level(_Part):
    """Levels of one SKU for the policy ``levels``."""

    item_id: str
    location_id: str
    reorder_point: Annotated[float, Field(ge=0)]
    order_up_to: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.order_up_to < self.reorder_point:
            raise ValueError(
                f"order_up_to {self.order_up_to} of {self.item_id} lies below its reorder_point {self.reorder_point}"
            )
        return self


class Question(_Part):
    """What a study asks.

    Attributes:
        name: for people; tags: to find it by; author: who asks.
        where: which SKUs; saved: name of a filter of the configuration that narrows them too.
        sample: ``all`` of them, a ``stratified`` random sample, or the best sellers (``top``, biased); size: of a sample.
        days: length; since, until: first and last day instead.
        policies: side by side; the first is the ``simulated`` side of the answer.
        change: what differs from the books; scenario: its name, if it came from one.
        sweep: several values of one parameter.
        levels: of the policy ``levels``.
        stock_budget: money that mean stock may bind: the answer names the best variant within it.
        change_cost: money that the change costs once, for the return on investment.
        retrain_days: forecast with boosted trees too, retrained every so many days of the past.
    """

    name: Annotated[str, Field(max_length=200)] = ""
    tags: tuple[str, ...] = ()
    author: str = ""
    where: Filter = Filter()
    saved: str = ""
    sample: Literal["all", "stratified", "top"] = "all"
    size: Annotated[int, Field(ge=1)] = 200
    days: Annotated[int, Field(ge=7)] = 365
    since: date | None = None
    until: date | None = None
    policies: Annotated[tuple[Literal[POLICIES], ...], Field(min_length=1)] = (OURS,)  # type: ignore[valid-type]
    change: Change = Change()
    scenario: str = "normal"
    sweep: Sweep | None = None
    levels: tuple[Level, ...] = ()
    stock_budget: Annotated[float, Field(gt=0)] | None = None
    change_cost: Annotated[float, Field(ge=0)] | None = None
    retrain_days: Annotated[int, Field(ge=7)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"since {self.since} comes after until {self.until}")
        if len(set(self.policies)) < len(self.policies):
            raise ValueError("policies: each may be named once")
        if (LEVELS in self.policies) != bool(self.levels):
            raise ValueError("the policy `levels` and a file of levels go together")
        if len(variants(self)) > MOST_VARIANTS:
            raise ValueError(f"policies × values of the sweep are {len(variants(self))}; at most {MOST_VARIANTS}")
        for variant in variants(self):  # a swept value must be one that the parameter allows
            change_of(self, variant)
        return self


class Variant(_Part):
    """One replay of a study: a policy under one value of the sweep.

    Attributes:
        policy: of :data:`POLICIES`.
        value: of the swept parameter; None without a sweep.
    """

    policy: str
    value: float | None = None

    @property
    def label(self) -> str:
        """As tables and answers name it."""
        return self.policy if self.value is None else f"{self.policy} @ {self.value:g}"


def variants(question: Question) -> list[Variant]:
    """The replays of a question, the first the one that the answer calls ``simulated``."""
    values: tuple[float | None, ...] = question.sweep.values if question.sweep else (None,)
    return [Variant(policy=policy, value=value) for policy in question.policies for value in values]


def change_of(question: Question, variant: Variant) -> Change:
    """What differs from the books in one variant."""
    if question.sweep is None:
        return question.change
    changed = question.change.model_dump() | {question.sweep.parameter: variant.value}
    return Change.model_validate(changed)


def read(given: dict[str, Any]) -> Question:
    """A question from its JSON form.

    Args:
        given: keys of :class:`Question`.

    Returns:
        The question.

    Raises:
        StockproofError: a key or a value that is not allowed; the message names each.
    """
    refuse_unknown(given.get("policies") or (), list(POLICIES), "the policies", "name some of those")
    try:
        return Question.model_validate_json(json.dumps(given, default=str))
    except ValidationError as fault:
        rows = [f"  {_where(error['loc'])}: {error['msg']}" for error in fault.errors()]
        raise StockproofError(
            "the question is not valid:\n" + "\n".join(rows),
            "`stockproof study submit --help` lists what is allowed",
        ) from None


def _where(path: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in path) or "question"
