"""What a sample ERP is made from. Days are counted as integers from the first simulated day, which lies before the first recorded one."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

from pipelines.core.errors import StockproofError

WARMUP_DAYS: Final = 180
"""Days the incumbent rule runs before the first recorded day, so that stock and open orders are in their stride."""

UNTIL: Final = date(2026, 6, 28)
"""Last day of the sample by default: the demo's as-of date."""

_REMEDY: Final = "see `stockproof erp seed --help`"


@dataclass(frozen=True)
class SampleConfig:
    """Size, span and seed of a sample ERP.

    Attributes:
        items: items of the catalogue, 1 to 100,000.
        days: recorded days, the last of which is ``until``.
        until: last recorded day; nothing is recorded later than its end.
        stores: stores beside the warehouse WH-1; each carries a part of the catalogue with a demand scale of its own.
        suppliers: suppliers, about one in twenty of them inactive.
        seed: root seed; the same configuration gives the same rows.
        dirty: plant the listed faulty rows.
        counting_error_share: share of SKUs whose stock jumps once without a receipt or sale.
    """

    items: int = 2016
    days: int = 730
    until: date = UNTIL
    stores: int = 0
    suppliers: int = 60
    seed: int = 42
    dirty: bool = True
    counting_error_share: float = 0.005

    def __post_init__(self) -> None:
        limits = {
            "items": (1, 100_000),
            "days": (28, 3650),
            "stores": (0, 99),
            "suppliers": (2, 999),
            "seed": (0, 2**32 - 1),
        }
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise StockproofError(f"{name} = {getattr(self, name)} is out of range {low} to {high}", _REMEDY)
        if not 0 <= self.counting_error_share <= 1:
            raise StockproofError(f"counting_error_share = {self.counting_error_share} is not a share", _REMEDY)

    @property
    def total_days(self) -> int:
        """Simulated days, warm-up included."""
        return WARMUP_DAYS + self.days

    @property
    def opening_day(self) -> int:
        """Index of the day before the first recorded one; its closing stock is the opening stock."""
        return WARMUP_DAYS - 1

    @property
    def origin(self) -> date:
        """Calendar day of index 0."""
        return self.until - timedelta(days=self.total_days - 1)

    def day(self, index: int) -> date:
        """Calendar day of a day index."""
        return self.origin + timedelta(days=int(index))

    @property
    def location_ids(self) -> list[str]:
        """The warehouse, then the stores."""
        return ["WH-1", *(f"ST-{i:02d}" for i in range(1, self.stores + 1))]

    def to_json(self) -> dict[str, Any]:
        """The parameters as JSON types."""
        return {**asdict(self), "until": self.until.isoformat()}
