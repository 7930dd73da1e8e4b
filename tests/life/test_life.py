"""A company played day by day on real servers: no need is bought twice or forgotten, each signed order reaches the ERP exactly once."""

import os

import numpy as np
import pytest

from tests.life import ways
from tests.life.company import Company
from tests.life.ledger import Ledger
from tests.life.planner import Planner
from tests.life.play import START, Play

pytestmark = [pytest.mark.servers, pytest.mark.timeout(4 * 3600)]

SEEDS = tuple(int(seed) for seed in os.environ.get("LIFE_SEEDS", "1 2").split())
DAYS = int(os.environ.get("LIFE_DAYS", "3"))
WAYS = ("erp", "file", "rest")


def test_played_days_hold_no_violation(warehouse_url: str, erp_url: str, configured: pytest.MonkeyPatch) -> None:
    """The seeds' companies share one ERP; the way of released orders changes twice. ``make life`` plays ten of them for thirty days."""
    ledger, seed = Ledger(), sum(SEEDS)
    ledger.begin()
    companies = [Company.found(ledger, one, START) for one in SEEDS]
    ledger.flush()
    with ways.opened(ledger, seed, configured) as opened:
        play = Play(
            companies, ledger, Planner(np.random.default_rng([seed, 1])), opened, np.random.default_rng([seed, 2])
        )
        play.days(DAYS, WAYS)
    assert not play.violations, play.story()
