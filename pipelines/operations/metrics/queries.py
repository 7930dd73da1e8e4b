"""Metrics as samples and as Prometheus' text; never writes."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import httpx
import psutil
import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import erp, files, warehouse
from pipelines.operations.alerts.rules import Sample
from pipelines.operations.metrics import tables
from pipelines.operations.metrics.catalogue import METRICS

PATIENCE = 3.0
"""Seconds a part may take to answer."""


def samples(*, probe: bool = False) -> list[Sample]:
    """What the running system and its newest runs measure.

    Args:
        probe: ask the ERP and the registry whether they answer, too.

    Returns:
        Samples; without the warehouse, those that need none.
    """
    found = _machine()
    try:
        with warehouse.transaction() as connection:
            found += tables.samples(tables.LIVE, connection)
        found.append(Sample("stockproof_up", 1.0, {"part": "warehouse"}))
    except (StockproofError, sa.exc.OperationalError):
        found.append(Sample("stockproof_up", 0.0, {"part": "warehouse"}))
    if probe:
        found += [Sample("stockproof_up", float(erp_answers()), {"part": "erp"})]
        found += [Sample("stockproof_up", float(registry_answers()), {"part": "registry"})]
    return found


def metrics_text(*, probe: bool = True) -> str:
    """All metrics of jobs and system in Prometheus' text format.

    Args:
        probe: see :func:`samples`.
    """
    return exposition(samples(probe=probe))


def exposition(measured: Sequence[Sample]) -> str:
    """Samples in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Measured(measured))
    return generate_latest(registry).decode()


def erp_answers() -> bool:
    """Whether the ERP answers a query."""
    try:
        with erp.transaction() as connection:
            connection.execute(sa.text("select 1"))
    except (StockproofError, sa.exc.SQLAlchemyError):
        return False
    return True


def registry_answers() -> bool:
    """Whether the model registry answers."""
    stack = settings.load().stack
    address = stack.mlflow_url or f"http://127.0.0.1:{stack.mlflow_port}"
    try:
        return httpx.get(f"{address}/health", timeout=PATIENCE).is_success
    except httpx.HTTPError:
        return False


def _machine() -> list[Sample]:
    folder = settings.load().state_dir.resolve()
    usage = shutil.disk_usage(next(one for one in (folder, *folder.parents) if one.exists()))
    return [
        Sample("stockproof_disk_free_ratio", usage.free / usage.total),
        Sample("stockproof_memory_available_bytes", float(psutil.virtual_memory().available)),
    ]


def textfile(path: Path, measured: Sequence[Sample]) -> None:
    """Write the metrics for Prometheus' textfile collector, whole or not at all."""
    files.write_named(path, exposition(measured))


class _Measured(Collector):
    """Samples as gauges of the names in the catalogue."""

    def __init__(self, measured: Sequence[Sample]) -> None:
        self._measured = measured

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """One family a metric."""
        by_name: dict[str, list[Sample]] = {}
        for one in self._measured:
            by_name.setdefault(one.name, []).append(one)
        for name, help_text in METRICS.items():
            if held := by_name.get(name):
                labels = sorted({label for one in held for label in one.labels})
                family = GaugeMetricFamily(name, help_text, labels=labels)
                for one in held:
                    family.add_metric([one.labels.get(label, "") for label in labels], one.value)
                yield family
