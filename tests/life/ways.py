"""The ways of an order into the ERP, and the people at their other end: a clerk who keys files in, a server that takes orders."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from pipelines import settings
from pipelines.io import files
from tests.life.ledger import Ledger
from tests.unit.io.order_server import Answers, serving

WHIMS = (None, None, None, (503, "0"), "made")
"""What the server does with a request: mostly its work; now and then it is busy, or fails after it has made the order."""


@dataclass
class Ways:
    """Where released orders go.

    Attributes:
        ledger: the ERP's tables.
        chance: draws the clerk's delays and the server's whims.
        patch: sets the configuration.
        url: of the server that takes orders.
        answers: what it holds.
        keyed: number in the ERP of each order that came by file or HTTP, by key.
        adapter: the way configured.
    """

    ledger: Ledger
    chance: np.random.Generator
    patch: pytest.MonkeyPatch
    url: str
    answers: Answers
    keyed: dict[str, str] = field(default_factory=dict)
    adapter: str = ""

    def take(self, adapter: str) -> None:
        """Configure a way."""
        self.adapter = adapter
        self.patch.setenv("STOCKPROOF_RELEASE__ADAPTER", adapter)
        self.patch.setenv("STOCKPROOF_RELEASE__REST_URL", self.url)
        settings.load.cache_clear()

    def before_release(self) -> None:
        """What the server is about to do."""
        self.answers.whims = [whim for whim in self.chance.choice(np.array(WHIMS, dtype=object), 3) if whim]

    def key_in(self, day: date) -> None:
        """What the clerk keys in on a day, and what the server's ERP has booked of the orders it took."""
        for path in sorted(outbox().glob("*.csv")):
            rows = list(csv.DictReader(path.open()))
            head = rows[0]
            if head["external_ref"] in self.keyed or self.chance.random() < 0.4:
                continue
            self._book(head["external_ref"], f"K-{len(self.keyed):04d}", head, rows, day, head["external_ref"])
        for key, order in sorted(self.answers.orders.items()):
            if key not in self.keyed:
                self._book(key, order["po_id"], order, order["lines"], day, None)

    def _book(
        self, key: str, po_id: str, head: dict[str, str], rows: list[dict[str, str]], day: date, ref: str | None
    ) -> None:
        wanted = [(row["item_id"], float(row["quantity_ordered"])) for row in rows]
        ordered = min(date.fromisoformat(head["ordered_on"]), day)
        self.ledger.order(po_id, head["supplier_id"], head["location_id"], ordered, wanted, ref)
        self.keyed[key] = po_id


def outbox() -> Path:
    """Where the way by file leaves its orders."""
    return files.state_dir("outbox")


@contextmanager
def opened(ledger: Ledger, seed: int, patch: pytest.MonkeyPatch) -> Iterator[Ways]:
    """The ways, with a real HTTP server at the end of one."""
    with serving() as (url, answers):
        yield Ways(ledger, np.random.default_rng([seed, 3]), patch, url, answers)
