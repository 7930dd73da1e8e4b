"""Sections of people and programs around the day: approval, release, messages, the desk and the advisor."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipelines.config_schema.section import NotNegative, Positive, Section, Share


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
