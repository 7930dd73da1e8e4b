"""Seed the ERP database with the sample, and keep a list of what was planted in it."""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from pipelines import settings
from pipelines.core.contract import TABLES
from pipelines.core.errors import StockproofError
from pipelines.io import erp, erp_tables, files
from pipelines.sample.config import SampleConfig
from pipelines.sample.generate import stream

Tell = Callable[[str, int, int], None]
"""Receives the step (``generating items`` or ``writing rows``), how much is done and how much there is."""

_ROWS_AT_ONCE = 400_000

BOOKS = (
    "on_hand = previous on_hand + quantity_received - quantity_rejected - quantity sold (returns negative), for every SKU "
    "and day, once the planted rows are taken out and the counting errors excepted; planted rows moved no goods"
)


def state_file() -> Path:
    """The list of planted rows and the parameters of the sample in the ERP."""
    return files.state_dir() / "sample_erp.json"


def read_state() -> dict[str, Any]:
    """Content of :func:`state_file`; empty where no sample was ever seeded."""
    return json.loads(state_file().read_text()) if state_file().is_file() else {}


def forget() -> None:
    """The ERP no longer holds the sample: somebody loaded data of their own."""
    state_file().unlink(missing_ok=True)


def seed(config: SampleConfig, tell: Tell, *, replace: bool = False, force: bool = False) -> dict[str, Any]:
    """Write the sample ERP. Seeding the same sample twice does nothing the second time.

    Args:
        config: size, span and seed.
        tell: follows the progress.
        replace: overwrite rows that are no sample of ours.
        force: write again although the same sample is there.

    Returns:
        The state file's content, with ``unchanged`` true where nothing had to be done.

    Raises:
        StockproofError: the ERP holds rows of somebody else, or cannot be reached or written.
    """
    state = read_state()
    ours = state.get("erp") == erp.shown_url()
    if ours and state.get("parameters") == config.to_json() and not (force or replace) and _is_whole(state):
        return state | {"unchanged": True}
    with erp_tables.transaction() as connection:
        filled = erp_tables.filled(connection)
    if filled and not replace and (settings.load().erp.url is not None or not ours):
        raise StockproofError(
            f"the ERP at {erp.shown_url()} already holds rows in {', '.join(filled)}",
            "add --replace to drop them, or point ERP_URL at an empty database",
        )
    # Until the end the state says that the sample is ours but not whole, so an interrupted seeding is simply repeated.
    _write_state({"erp": erp.shown_url(), "parameters": None})
    with tempfile.TemporaryDirectory(dir=files.state_dir(), prefix="sample-") as folder:
        spooled = _spool(config, Path(folder), tell)
        rows = _write_tables(spooled, tell)
        planted, errors = (_stacked(spooled[name]) for name in ("planted", "counting_errors"))
    state = {
        "erp": erp.shown_url(), "parameters": config.to_json(), "rows": rows, "books": BOOKS,
        "planted": [row | {"key": json.loads(row["key"])} for row in planted.to_dicts()],
        "counting_errors": [row | {"counted_on": row["counted_on"].isoformat()} for row in errors.to_dicts()],
    }  # fmt: skip
    _write_state(state)
    return state | {"unchanged": False}


def _is_whole(state: dict[str, Any]) -> bool:
    """The tables hold at least what was seeded; orders written back and later sales may have come on top."""
    try:
        with erp.transaction() as connection:
            held = {
                name: connection.execute(sa.text(f"select count(*) from {name}")).scalar() for name in state["rows"]
            }
        return all(int(held[name] or 0) >= rows for name, rows in state["rows"].items())
    except sa.exc.DBAPIError:
        return False


def _write_state(state: dict[str, Any]) -> None:
    files.write_atomic(state_file(), json.dumps(state, indent=2) + "\n")


def _spool(config: SampleConfig, folder: Path, tell: Tell) -> dict[str, list[Path]]:
    """Generate into files, so that memory holds one chunk whatever the size of the catalogue."""
    spooled: dict[str, list[Path]] = {}
    for done, frames in stream(config):
        for name, frame in frames.items():
            path = folder / f"{name}-{len(spooled.setdefault(name, [])):05d}.parquet"
            frame.write_parquet(path, compression="lz4")
            spooled[name].append(path)
        tell("generating items", done, config.items)
    return spooled


def _write_tables(spooled: dict[str, list[Path]], tell: Tell) -> dict[str, int]:
    total = sum(_height(path) for table in TABLES for path in spooled[table.name])
    with erp_tables.transaction() as connection:
        erp_tables.create_tables(connection, replace=True, indexes=False)
    written: dict[str, int] = {}
    sent = 0

    def frames(name: str) -> Iterator[pl.DataFrame]:
        nonlocal sent
        for path in spooled[name]:
            for part in pl.read_parquet(path).iter_slices(_ROWS_AT_ONCE):
                tell(f"writing {name}", sent, total)
                yield part
                sent += part.height

    for table in TABLES:
        with erp_tables.transaction() as connection:
            written[table.name] = erp_tables.replace_rows(connection, table.name, frames(table.name))
        with erp_tables.transaction() as connection:
            erp_tables.create_indexes(connection, table)
    tell("writing rows", total, total)
    return written


def _height(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _stacked(paths: list[Path]) -> pl.DataFrame:
    return pl.concat(pl.read_parquet(path) for path in paths)
