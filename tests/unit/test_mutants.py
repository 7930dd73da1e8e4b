"""Each mutant can be planted: its text occurs once where it is said to, and its tests exist."""

import pytest

from pipelines.settings import ROOT
from tests.mutation.mutants import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=[one.fault for one in MUTANTS])
def test_it_can_be_planted(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text().count(mutant.sound) == 1
    assert mutant.sound != mutant.broken
    assert all((ROOT / test).exists() for test in mutant.tests)
