"""The server's process: ``python -m pipelines.serve --port 18000``."""

import argparse
import logging
import os
from pathlib import Path

import uvicorn

from pipelines import settings


def main() -> None:
    """Serve until SIGTERM; open streams of progress have five seconds to end."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.serve")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=settings.load().stack.desk_port)
    parser.add_argument("--workers", type=int, default=settings.load().serve.workers)
    parser.add_argument(
        "--configuration", default="", help="hash of the configuration: another one restarts the server"
    )
    given = parser.parse_args()
    if metrics := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        Path(metrics).mkdir(parents=True, exist_ok=True)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    uvicorn.run(
        "pipelines.serve.app:create",
        factory=True,
        host=given.host,
        port=given.port,
        workers=given.workers,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        log_level="warning",
        h11_max_incomplete_event_size=65_536,
    )


if __name__ == "__main__":
    main()
