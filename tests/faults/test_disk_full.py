"""A real file system without room under the warehouse."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.io import warehouse
from pipelines.sample.config import SampleConfig
from pipelines.sample.generate import generate
from pipelines.stack.postgres import Postgres
from pipelines.stack.process import free_port
from tests.integration.extract_erp import fill

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

AS_OF = date(2026, 6, 28)
MEGABYTE = 1_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 MB in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"this user may not mount a file system: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=False)


def _extract() -> subprocess.CompletedProcess[str]:
    code = "from datetime import date; from pipelines.extract import job; job.run(date(2026, 6, 28))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=240)


def test_a_full_disk_stops_the_step_by_name_and_costs_nothing(
    small_disk: Path, erp_url: str, configured: pytest.MonkeyPatch
) -> None:
    store = Postgres(small_disk / "pg", free_port(), "full")
    store.start()
    try:
        store.create_database("warehouse")
        configured.setenv("STOCKPROOF_STACK__WAREHOUSE_URL", store.url("warehouse"))
        settings.load.cache_clear()
        warehouse.migrate()
        tables = generate(SampleConfig(items=300, days=400, suppliers=6, until=AS_OF, seed=3))
        fill(tables)
        ballast = small_disk / "ballast"
        room = os.statvfs(small_disk)
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_bsize - 3 * MEGABYTE)
        starved = _extract()
        assert starved.returncode != 0
        words = starved.stderr + store.server.log_tail(40)
        assert "No space left on device" in words, words
        ballast.unlink()
        warehouse._engine(warehouse.url()).dispose()
        store.start()  # it may have ended for want of room
        done = _extract()
        assert done.returncode == 0, done.stderr
        counted = warehouse.read("select count(*) as n from raw.sales")["n"][0]
        assert counted == tables["sales"].height
    finally:
        store.stop()
