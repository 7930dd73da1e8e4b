"""Sections of what runs: ERP, servers, schedule, gates, backup, retention."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from pipelines.config_schema.section import Port, Positive, Section, known_zone


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


class Quality(Section):
    """The data rules (docs/data-rules.md)."""

    spike_sigmas: Positive = 3.0  # a day's sales this many standard deviations above the mean are listed for review
    spike_quarantine_sigmas: Positive = (
        12.0  # a sale this far above is taken for a typing error: out of demand until somebody looks
    )
    spike_min_days: Annotated[int, Field(ge=3)] = 8  # other days with sales a SKU needs before its spikes are judged


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


class Schedule(Section):
    """When the DAGs run (cron, in the time zone named)."""

    daily: str = "0 22 * * *"  # the as-of date is the day of the run, which should be over by then
    training: str = "0 20 * * 0"
    backup: str | None = "30 2 * * *"
    drill: str | None = "0 4 1 * *"  # restores into a scratch server and compares
    release: str | None = None  # None: by hand, `stockproof run release`
    watch: str | None = "*/10 * * * *"  # the alert rules between runs; the DAG is paused until a person unpauses it
    timezone: Annotated[str, AfterValidator(known_zone)] = "UTC"
