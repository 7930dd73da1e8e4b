"""What Prometheus reads of the API: requests by route and status, and their time."""

import os
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from starlette.types import Scope

LABELS: Final = ("method", "route", "status")
REQUESTS: Final = Counter("stockproof_http_requests_total", "Requests answered.", LABELS)
SECONDS: Final = Histogram(
    "stockproof_http_request_seconds",
    "Time from a request to its answer.",
    ("method", "route"),
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)


def observe(scope: Scope, status: int, seconds: float) -> None:
    """Count an answer. What matched no route is one label, so that nobody can make thousands of them."""
    route = getattr(scope.get("route"), "path", "other")
    REQUESTS.labels(scope["method"], route, str(status)).inc()
    SECONDS.labels(scope["method"], route).observe(seconds)


def exposition() -> tuple[bytes, str]:
    """All metrics of all workers in Prometheus' text format, and its media type."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
