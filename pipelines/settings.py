"""The only reader of files and environment for configuration.

``stockproof.yaml`` (or the file ``STOCKPROOF_CONFIG`` names) is read first; every key can be overridden by an environment variable
``STOCKPROOF_SECTION__KEY``; secrets come from the environment alone. An unknown key, a wrong type or an inconsistent cost set is
refused at start, with the key, the value and what is allowed.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource

from pipelines.config_schema import (
    Advisor,
    Alerts,
    Approvals,
    Backup,
    Costs,
    Erp,
    Forecast,
    Governance,
    Notify,
    Planning,
    Purchase,
    Quality,
    Release,
    Replay,
    Retention,
    Rollout,
    Schedule,
    Section,
    Serve,
    Stack,
    Studies,
    Vendors,
)
from pipelines.core.costs import service_conflicts
from pipelines.core.errors import StockproofError

ROOT = Path(__file__).resolve().parents[1]
"""The project's folder: holds dags/, dbt/ and stockproof.yaml."""


class _File(YamlConfigSettingsSource):
    """The configuration file, less the keys that the environment sets: a mapping set there is the whole of it, not more of the file's."""

    def __call__(self) -> dict[str, Any]:
        """What the file adds to the environment."""
        found, stronger = super().__call__(), self.current_state
        return {name: _without(held, stronger.get(name)) for name, held in found.items()}


def _without(held: Any, keys: Any) -> Any:
    if not isinstance(held, dict) or not isinstance(keys, dict):
        return held
    return {key: value for key, value in held.items() if key not in keys}


class Settings(BaseSettings):
    """The whole configuration. Get it with :func:`load`."""

    model_config = SettingsConfigDict(
        env_prefix="STOCKPROOF_",
        env_nested_delimiter="__",
        env_parse_none_str="null",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
    )

    state_dir: Path = Field(default=Path(".stockproof"), validate_default=True)
    erp: Erp = Erp()
    stack: Stack = Stack()
    planning: Planning = Planning()
    costs: Costs = Costs()
    forecast: Forecast = Forecast()
    governance: Governance = Governance()
    replay: Replay = Replay()
    purchase: Purchase = Purchase()
    vendors: Vendors = Vendors()
    quality: Quality = Quality()
    approvals: Approvals = Approvals()
    release: Release = Release()
    notify: Notify = Notify()
    backup: Backup = Backup()
    retention: Retention = Retention()
    alerts: Alerts = Alerts()
    schedule: Schedule = Schedule()
    studies: Studies = Studies()
    rollout: Rollout = Rollout()
    advisor: Advisor = Advisor()
    serve: Serve = Serve()

    @field_validator("state_dir", mode="after")
    @classmethod
    def _beside_the_file(cls, value: Path) -> Path:
        """A relative state folder lies beside the configuration file, so that a second file is a second stack."""
        return config_file().resolve().parent / value

    @model_validator(mode="after")
    def _costs_agree(self) -> "Settings":
        costs = self.costs
        conflicts = service_conflicts(costs.service_target, costs.service_factor, costs.stockout_to_overstock_ratio)
        if conflicts:
            raise ValueError("costs: " + "; ".join(conflicts))
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, _File(settings_cls, yaml_file=config_file())


SECRETS = {
    "stack.broker_url": "STOCKPROOF_STACK__BROKER_URL",
    "erp.url": "ERP_URL",
    "advisor.api_key": "STOCKPROOF_ADVISOR__API_KEY",
    "release.rest_token": "STOCKPROOF_RELEASE__REST_TOKEN",
    "notify.smtp_url": "STOCKPROOF_NOTIFY__SMTP_URL",
    "notify.webhook_url": "STOCKPROOF_NOTIFY__WEBHOOK_URL",
    "serve.secret": "STOCKPROOF_SERVE__SECRET",
    "notify.apprise_urls": "STOCKPROOF_NOTIFY__APPRISE_URLS",
}
"""Keys that a file must not hold, and the variable to set instead."""

# Read by Settings' own sources or by config_file(); everything else that begins with STOCKPROOF_ must be a key.
_NOT_KEYS = {"STOCKPROOF_CONFIG", "STOCKPROOF_DATA", "STOCKPROOF_ERP_URL"}


def config_file() -> Path:
    """The configuration file in force."""
    return Path(os.environ.get("STOCKPROOF_CONFIG") or ROOT / "stockproof.yaml")


@cache
def load() -> Settings:
    """Read and check the configuration, once a process.

    Returns:
        The settings.

    Raises:
        StockproofError: file missing or unreadable, unknown key, wrong type or an inconsistent cost set.
    """
    source = config_file()
    if not source.is_file():
        raise StockproofError(
            f"configuration file {source} does not exist", "set STOCKPROOF_CONFIG to a file, or unset it"
        )
    _refuse_secrets(source)
    _refuse_unknown_environment()
    overrides: dict[str, Any] = {}
    erp_url = os.environ.get("ERP_URL") or os.environ.get("STOCKPROOF_ERP_URL")
    try:
        settings = Settings(**overrides)
    except ValidationError as fault:
        raise StockproofError(
            _explain(fault, source), "docs/configuration.md lists every key with its type and default"
        ) from None
    if erp_url and settings.erp.url is None:
        settings = settings.model_copy(update={"erp": settings.erp.model_copy(update={"url": erp_url})})
    return settings


def _refuse_secrets(source: Path) -> None:
    try:
        content = yaml.safe_load(source.read_text()) or {}
    except (OSError, yaml.YAMLError) as fault:
        raise StockproofError(f"configuration file {source} cannot be read: {fault}", "fix the YAML") from None
    if not isinstance(content, dict):
        raise StockproofError(
            f"configuration file {source} must hold sections, not a {type(content).__name__}",
            "see docs/configuration.md",
        )
    for key, variable in SECRETS.items():
        section, _, name = key.partition(".")
        held = content.get(section)
        if isinstance(held, dict) and held.get(name):
            raise StockproofError(
                f"{source}: {key} holds a password and does not belong in a file", f"set {variable} in the environment"
            )


def _refuse_unknown_environment() -> None:
    allowed = _NOT_KEYS | {
        f"STOCKPROOF_{name}".upper() if not _is_section(field.annotation) else f"STOCKPROOF_{name}__{key}".upper()
        for name, field in Settings.model_fields.items()
        for key in (field.annotation.model_fields if _is_section(field.annotation) else [""])  # type: ignore[union-attr]
    }
    unknown = sorted(name for name in os.environ if name.startswith("STOCKPROOF_") and name.upper() not in allowed)
    if unknown:
        raise StockproofError(
            f"unknown configuration key in the environment: {', '.join(unknown)}",
            "docs/configuration.md lists every key",
        )


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)


def _explain(fault: ValidationError, source: Path) -> str:
    lines = [f"configuration refused ({source} and STOCKPROOF_… variables):"]
    for error in fault.errors():
        key = ".".join(str(part) for part in error["loc"] if part != "[key]") or "(whole configuration)"
        if error["type"] == "extra_forbidden":
            lines.append(f"  {key}: unknown key; allowed here: {', '.join(_siblings(error['loc']))}")
        elif key == "(whole configuration)":
            lines.append(f"  {error['msg'].removeprefix('Value error, ')}")
        else:
            lines.append(f"  {key} = {error['input']!r}: {error['msg']}")
    return "\n".join(lines)


def _siblings(loc: tuple[int | str, ...]) -> list[str]:
    model: Any = Settings
    for part in loc[:-1]:
        if hasattr(model, "model_fields"):
            names = {field.alias or name: name for name, field in model.model_fields.items()}
            model = model.model_fields[names[str(part)]].annotation
        else:  # an entry of a list or a mapping: its type is the container's last argument that is no ellipsis
            model = [argument for argument in get_args(model) if argument is not Ellipsis][-1]
    return sorted(field.alias or name for name, field in model.model_fields.items())
