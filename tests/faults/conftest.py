"""The command line on a stack of its own, as in tests/e2e."""

from tests.e2e.conftest import cli

__all__ = ["cli"]
