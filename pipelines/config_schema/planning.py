"""Sections of what is planned: demand, costs, forecasts, replay, purchase, vendors, studies, rollout."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipelines.config_schema.section import NotNegative, Positive, Section, Share
from pipelines.core.business_rules import BusinessRule, VendorTerms


class Planning(Section):
    """The planning unit's clock."""

    bucket: Literal["day", "week", "month"] = "day"
    review_period_days: Annotated[int, Field(ge=1, le=365)] = 7
    horizon_days: Annotated[int, Field(ge=1, le=365)] = 28
    history_days: Annotated[int, Field(ge=30, le=36_500)] = 730
    default_lead_time_days: Positive = 14.0  # where nothing was agreed with a supplier and nothing observed
    unmet_demand: Literal["lost", "backorder"] = "lost"

    @property
    def grain(self) -> Literal["day", "week"]:
        """Buckets that demand is forecast in: what is known by month is spread over its days and forecast in weeks."""
        return "day" if self.bucket == "day" else "week"


class Costs(Section):
    """Cost rates. They imply a service level; a set that contradicts itself is refused (see core.costs)."""

    holding_cost_rate: Positive = 0.2  # per unit of stock value and year
    ordering_cost: NotNegative = 50.0  # per order, where the ERP names none
    service_target: Share = 0.95  # cycle service level over the protection interval
    service_factor: Positive | None = 1.65  # z of the service target; checked against it
    stockout_to_overstock_ratio: Positive | None = (
        None  # e.g. 3 for 3:1; implies a service level of ratio / (1 + ratio)
    )


class Forecast(Section):
    """Forecasters and their backtest."""

    periods: Annotated[int, Field(ge=1, le=366)] = 12
    confidence_level: Share = 0.95
    min_training_data: Annotated[int, Field(ge=2)] = 30
    seasonality: bool = True
    ensemble: bool = True
    backtest_origins: Annotated[int, Field(ge=1, le=52)] = 3
    members: list[str] = [
        "seasonal_naive", "moving_average", "ses", "croston", "adida", "window_bootstrap", "hurdle", "ensemble", "lightgbm", "xgboost",
        "lightgbm_aligned", "lightgbm_quantile",
    ]  # fmt: skip
    objective: Literal["tweedie", "poisson", "quantile", "asymmetric"] = "tweedie"  # of the boosters
    threads: Annotated[int, Field(ge=1, le=64)] = 2
    seed: Annotated[int, Field(ge=0, le=2_147_483_647)] = 42  # what all libraries take
    gate_ratio: Annotated[float, Field(gt=1)] = 3.0  # catalogue's forecast against last quarter and last year
    gate_share: Annotated[float, Field(gt=0, le=1)] = 0.25  # of the selling SKUs: forecast to sell nothing, or too wide
    gate_deviation: Annotated[float, Field(gt=0)] = 3.0  # standard deviation in means that is too wide


class Governance(Section):
    """How models are released, watched and taken back."""

    promotion_error: Annotated[float, Field(gt=0, lt=0.5)] = 0.05  # probability that an equal model is promoted
    false_alarm_days: Annotated[int, Field(ge=30)] = (
        730  # days of quiet between two false alarms of drift, on average at least
    )
    rollback_error: Annotated[float, Field(gt=0, lt=0.5)] = 0.05  # probability that a champion no worse is taken back
    shadow: bool = True  # the challenger forecasts every day beside the champion
    challenger_share: Annotated[float, Field(ge=0, le=0.5)] = 0.0  # share of the SKUs that the challenger serves


class Replay(Section):
    """The replay of policies against recorded demand."""

    days: Annotated[int, Field(ge=28)] = 365
    chunk_size: Annotated[int, Field(ge=1)] = 1024  # SKUs a mapped task
    warmup_days: Annotated[int, Field(ge=0)] = 0
    judged_days: Annotated[int, Field(ge=14)] = (
        112  # the last so many days report the saving; earlier ones choose and guard
    )


class Purchase(Section):
    """Limits of a purchase order line, and how lines become a supplier's order."""

    min_quantity: NotNegative = 1.0
    max_quantity: Positive | None = None  # None: 10,000, or what half a year of the item sells
    late_days: Annotated[int, Field(ge=0)] = 14  # an open line overdue by more is no longer counted on
    absurd_multiple: Annotated[float, Field(gt=1)] = 10.0  # levels this many times what the past explains are refused
    supplier_saving: Annotated[float, Field(ge=0, lt=1)] = 0.03  # landed cost another supplier must save to be chosen
    consolidate: bool = True  # lines join a supplier's order where that saves more than it holds
    line_cost_share: Annotated[float, Field(ge=0, le=1)] = 0.1  # of the ordering cost: what a further line costs
    budget: NotNegative | None = None  # money a run may spend
    storage: dict[str, NotNegative] = {}  # by location: volume it holds, in the measure of the items' unit_volume
    vendor_terms: dict[str, VendorTerms] = {}
    rules: list[BusinessRule] = []


class Vendors(Section):
    """Weights of the six vendor dimensions; they sum to one."""

    delivery_time: NotNegative = 0.25
    on_time_delivery: NotNegative = 0.20
    quality_score: NotNegative = 0.20
    cost_efficiency: NotNegative = 0.15
    reliability: NotNegative = 0.10
    responsiveness: NotNegative = 0.10

    @model_validator(mode="after")
    def _sum_to_one(self) -> "Vendors":
        total = sum(self.model_dump().values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the six weights sum to {total:g}; they must sum to 1")
        return self


class Studies(Section):
    """What-if studies."""

    scenarios: dict[str, dict[str, Any]] = {}  # name → keys of pipelines.studies.question.Change
    filters: dict[str, dict[str, list[str]]] = {}  # name → keys of pipelines.studies.question.Filter


class Stage(Section):
    """A stage of the rollout."""

    classes: list[str]  # values of rollout.rank_by that our policy decides; "*": all
    days: Annotated[int, Field(ge=1)]  # the least it lasts
    control: Annotated[float, Field(ge=0, lt=1)] = 0.0  # share of these SKUs that a draw leaves with the incumbent


class Rollout(Section):
    """How our policy takes over step by step, and steps back by itself (docs/rollout.md)."""

    enabled: bool = False
    group_by: Literal["none", "category", "location_id", "supplier_id"] = "none"  # groups take their stages one by one
    rank_by: Literal["abc_class", "priority"] = "abc_class"
    stages: dict[str, Stage] = {
        "shadow": Stage(classes=[], days=14),
        "pilot": Stage(classes=["C"], days=14, control=0.2),
        "wider": Stage(classes=["B", "C"], days=21, control=0.1),
        "all": Stage(classes=["*"], days=1),
    }
    priority: list[str] = ["A"]  # values of rank_by whose fill rate has a target of its own
    min_saving: Share = 0.10  # of the incumbent's cost
    min_fill: Share = 0.90
    min_fill_priority: Share = 0.95
    max_overrides: Share = 0.20  # of the lines that people decided
    rollback_fill: Share = 0.85
    rollback_fill_days: Annotated[int, Field(ge=1)] = 3
    rollback_cost: Positive = 0.15  # above what the incumbent costs
    rollback_cost_days: Annotated[int, Field(ge=1)] = 5
    rollback_openings: Annotated[int, Field(ge=0)] = 2  # of circuit breakers, in seven days
    rollback_overrides: Share = 0.30  # in seven days
    false_alarm: Share = 0.025  # of the sequential test on cost, over a whole stage
    seed: Annotated[int, Field(ge=0, le=2_147_483_647)] = 42  # of the draw

    @model_validator(mode="after")
    def _stages_widen(self) -> "Rollout":
        stages = list(self.stages.values())
        if not stages or stages[0].classes:
            raise ValueError("stages: in the first one, which watches, our policy decides no class: classes: []")
        return self
