"""The sections of the configuration: every key with its type, its limits and its default. :mod:`pipelines.settings` reads them."""

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pipelines.core.business_rules import BusinessRule, VendorTerms

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Port = Annotated[int, Field(ge=1024, le=65535)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone; write an IANA name, e.g. Europe/Berlin") from None
    return name


class Section(BaseModel):
    """A part of the configuration; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Erp(Section):
    """Where the ERP is and how its schema reads."""

    url: str | None = None  # secret: environment only; None: the embedded sample ERP
    profile: str = "canonical"
    overlap_days: Annotated[int, Field(ge=0, le=365)] = 3
    slice_rows: Annotated[int, Field(ge=1_000)] = 2_000_000
    max_staleness_days: Annotated[int, Field(ge=0, le=36_500)] = 7
    timeout_seconds: Positive = 600.0  # silence of the ERP after which a query is given up


class Stack(Section):
    """Ports of the embedded stack, all on 127.0.0.1, and who the servers are when they are not embedded."""

    postgres_port: Port = 15432
    mariadb_port: Port = 13306
    mlflow_port: Port = 15000
    airflow_port: Port = 18080
    desk_port: Port = 18000
    warehouse_url: str | None = None
    mlflow_url: str | None = None
    airflow_url: str | None = None
    broker_url: str | None = (
        None  # secret: environment only; Celery workers take the tasks instead of the scheduler's own
    )
    desk_url: str | None = None


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


class Quality(Section):
    """The data rules (docs/data-rules.md)."""

    spike_sigmas: Positive = 3.0  # a day's sales this many standard deviations above the mean are listed for review
    spike_quarantine_sigmas: Positive = (
        12.0  # a sale this far above is taken for a typing error: out of demand until somebody looks
    )
    spike_min_days: Annotated[int, Field(ge=3)] = 8  # other days with sales a SKU needs before its spikes are judged


class Approvals(Section):
    """Who may approve orders of which value."""

    author: str | None = None  # who acts where --by names nobody; None: the user of the operating system
    roles: dict[str, NotNegative | None] = {"planner": 10_000.0, "manager": 100_000.0, "director": None}
    authors: dict[str, str] = {}  # author → role; empty: everybody may approve everything

    @model_validator(mode="after")
    def _roles_exist(self) -> "Approvals":
        lost = sorted(f"{name} has the role {role}" for name, role in self.authors.items() if role not in self.roles)
        if lost:
            raise ValueError(f"{', '.join(lost)}; the roles are {', '.join(self.roles)}")
        return self


class Release(Section):
    """How approved orders reach the ERP."""

    adapter: Literal["auto", "erp", "file", "rest"] = "auto"  # auto: erp where the profile is canonical, else file
    rest_url: str | None = None  # takes POST /purchase-orders
    rest_token: str | None = None  # secret: environment only
    attempts: Annotated[int, Field(ge=1, le=20)] = 5  # of one request, with growing pauses


class Notify(Section):
    """Who is notified of new proposals and released orders."""

    smtp_url: str | None = None  # secret: environment only, smtp://user:password@host:587
    sender: str = "stockproof@localhost"
    recipients: list[str] = []
    webhook_url: str | None = None  # secret: environment only
    apprise_urls: list[str] = []  # secret: environment only, JSON; any address that Apprise knows
    timeout_seconds: Positive = 10.0


Way = Literal["email", "webhook", "apprise"]


class Alerts(Section):
    """Which alerts exist, and by which way each level is sent (docs/alerts.md)."""

    rules_file: str | None = None  # None: the rules that come with Stockproof
    critical: list[Way] = ["email", "webhook", "apprise"]
    warning: list[Way] = ["email", "webhook", "apprise"]
    info: list[Way] = ["email", "webhook", "apprise"]
    runbook: str = "docs/runbooks/{name}.md"  # link in each message; {name} is the rule's runbook page
    metrics_file: str | None = None  # where each run writes its metrics for Prometheus' textfile collector


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


class Serve(Section):
    """The API and the desk."""

    workers: Annotated[int, Field(ge=1, le=64)] = 2  # processes
    secret: str | None = None  # secret: environment only; signs tokens. None: made by `stockproof up`
    public_url: str | None = None  # address behind a proxy, e.g. https://desk.example.org
    cache_url: str = "mem://"  # or redis://host:6379/0, shared by all workers
    session_hours: Positive = 12.0
    token_minutes: Positive = 60.0
    body_limit: Annotated[int, Field(ge=1_024)] = 1_048_576  # bytes of a request
    requests_per_minute: Annotated[int, Field(ge=1)] = 1_200  # of one user or address, in each worker
    sign_in_attempts: Annotated[int, Field(ge=1)] = 10  # of one name from one address within five minutes


class Backup(Section):
    """Backups of the embedded PostgreSQL and the registry's files (docs/backup.md)."""

    folder: Path | None = None  # None: ``backup`` in the state folder
    full_days: Annotated[int, Field(ge=1, le=365)] = 7  # days from one full base backup to the next; increments between
    keep_full: Annotated[int, Field(ge=1, le=365)] = 2  # full base backups kept, each with its increments and log
    max_age_hours: Positive = 26.0  # of the newest base backup; older: alert
    archive_timeout_seconds: Annotated[int, Field(ge=10, le=3600)] = 240  # bounds what a lost disk costs
    copy_command: str | None = None  # copies {folder} to another machine after each archived file


class Retention(Section):
    """How long what grows with every day is kept (docs/scale.md)."""

    plan_months: Annotated[int, Field(ge=3, le=1200)] | None = (
        None  # of forecasts, replay candidates and outcomes; None: all
    )


class Advisor(Section):
    """An optional language model that reviews exceptions (docs/advisor.md)."""

    url: str | None = None  # OpenAI-compatible address, ending in /v1; None: no advisor
    model: str = "gpt-4o-mini"
    api_key: str | None = None  # secret: environment only
    timeout_seconds: Positive = 20.0
    max_tokens: Annotated[int, Field(ge=50, le=10_000)] = 400  # of an answer
    price_in: NotNegative = 0.15  # money per million tokens sent
    price_out: NotNegative = 0.6  # money per million tokens of answers
    monthly_limit: NotNegative = 10.0  # money a calendar month; no call is made that could pass it
    max_lines: Annotated[int, Field(ge=1)] = 20  # exceptions reviewed a run
    max_change: Share = 0.5  # of the proposed quantity
    spacing_seconds: NotNegative = 1.0  # between two calls


class Schedule(Section):
    """When the DAGs run (cron, in the time zone named)."""

    daily: str = "0 22 * * *"  # the as-of date is the day of the run, which should be over by then
    training: str = "0 20 * * 0"
    backup: str | None = "30 2 * * *"
    drill: str | None = "0 4 1 * *"  # restores into a scratch server and compares
    release: str | None = None  # None: by hand, `stockproof run release`
    watch: str | None = "*/10 * * * *"  # the alert rules between runs; the DAG is paused until a person unpauses it
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
