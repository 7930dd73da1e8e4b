"""Tests. Each worker of a parallel run compiles kernels into a folder of its own.

numba does not lock its cache: two processes that compile the same file at once may read one another's half-made index, and a kernel
then computes something else. That showed only in the first run of a fresh clone.
"""

import os
from pathlib import Path

if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["NUMBA_CACHE_DIR"] = str(Path(__file__).resolve().parents[1] / ".pytest_cache" / "numba" / worker)
