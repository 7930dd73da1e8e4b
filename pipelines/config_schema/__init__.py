"""The sections of the configuration: every key with its type, its limits and its default. :mod:`pipelines.settings` reads them.

Not in here: reading files and the environment, and what a key does.
"""

from pipelines.config_schema.people import Advisor, Alerts, Approvals, Notify, Release, Serve
from pipelines.config_schema.planning import (
    Costs,
    Forecast,
    Governance,
    Planning,
    Purchase,
    Replay,
    Rollout,
    Stage,
    Studies,
    Vendors,
)
from pipelines.config_schema.running import Backup, Erp, Quality, Retention, Schedule, Stack
from pipelines.config_schema.section import Section

__all__ = [
    "Advisor",
    "Alerts",
    "Approvals",
    "Backup",
    "Costs",
    "Erp",
    "Forecast",
    "Governance",
    "Notify",
    "Planning",
    "Purchase",
    "Quality",
    "Release",
    "Replay",
    "Retention",
    "Rollout",
    "Schedule",
    "Section",
    "Serve",
    "Stack",
    "Stage",
    "Studies",
    "Vendors",
]
