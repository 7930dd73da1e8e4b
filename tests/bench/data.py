"""Where the real data is. Benchmarks that need it say so when it is missing."""

import os
from pathlib import Path

from pipelines.core.errors import StockproofError


def folder(name: str) -> Path:
    """Folder of a data set under ``$STOCKPROOF_DATA`` (default ``../shared/data``).

    Raises:
        StockproofError: it is missing.
    """
    root = Path(os.environ.get("STOCKPROOF_DATA") or Path(__file__).resolve().parents[2] / ".." / "shared" / "data")
    path = (root / name).resolve()
    if not path.is_dir():
        raise StockproofError(
            f"benchmark data {name} is missing: {path}", "set STOCKPROOF_DATA to the folder that holds it"
        )
    return path
