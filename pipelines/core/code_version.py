"""Which code trained a model: the version of the package, and a fingerprint of the sources that train."""

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parent.parent.parent

_TRAINING: Final = ("models", "pipelines/forecast", "pipelines/core")
"""Folders whose sources shape a model: from the panel's frames to the files of a bundle."""

_NOT_TRAINING: Final = frozenset({
    "adjusting.py", "adjustment_tables.py",
    "adjustments.py", "evaluation_report.py", "job.py", "detail.py", "sanity.py", "catalogue_gate.py",
    "plots.py", "served.py", "shadow.py",
})  # fmt: skip
"""Files of pipelines/forecast that only serve or show what was trained."""


def training_sources() -> list[Path]:
    """The files, by path."""
    found = [path for folder in _TRAINING for path in (_ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if not (path.parent.name == "forecast" and path.name in _NOT_TRAINING))


@cache
def training() -> str:
    """``<package version>+<fingerprint of the training sources>``."""
    digest = hashlib.sha256()
    for path in training_sources():
        digest.update(str(path.relative_to(_ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{metadata.version('stockproof')}+{digest.hexdigest()[:12]}"
