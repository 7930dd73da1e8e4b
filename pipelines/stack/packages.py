"""Debian's packages that wheels do not bring: installed where we may, by root with apt."""

import ctypes.util
import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

PANGO: Final = ("libpango-1.0-0", "libpangoft2-1.0-0")
"""What WeasyPrint sets text with."""


def install(packages: Sequence[str], there: Callable[[], bool]) -> bool:
    """Install packages unless what they bring is there already.

    Args:
        packages: names of Debian's packages.
        there: whether the machine has what they bring.

    Returns:
        Whether it is there now.
    """
    if there():
        return True
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # apt refuses a second one at a time, as of another test worker
        if there():
            return True
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *packages]):
            if subprocess.run(command, capture_output=True, env=environment, check=False).returncode:
                return False
    return there()


def pango() -> bool:
    """Install what a PDF is set with. Returns whether it is there now."""
    return install(PANGO, lambda: all(map(ctypes.util.find_library, ("pango-1.0", "pangoft2-1.0"))))
