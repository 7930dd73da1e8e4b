"""A small company whose books are an ERP's tables: what it sells, what comes in, and what its people change there."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import numpy as np

from tests.life.ledger import Ledger, Line

HISTORY_DAYS = 60


@dataclass(frozen=True)
class Vendor:
    """A supplier: days it says it takes, days it takes, and how far off it may be."""

    supplier_id: str
    agreed: int
    real: int
    spread: tuple[int, int]


KINDS = (("S1", 3, 3, (-1, 1)), ("S2", 7, 7, (-2, 6)), ("S3", 20, 8, (0, 2)))
"""A punctual supplier, one that is often late and now and then early, and one that promises later than it delivers."""


@dataclass(frozen=True)
class Sku:
    """An item at a place: mean demand in units a day, and the ERP's minimum and maximum in units."""

    item_id: str
    location_id: str
    rate: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class Offer:
    """What a supplier asks for an item."""

    item_id: str
    supplier_id: str
    primary: bool
    pack: float
    least: float
    price: float


@dataclass
class Company:
    """The world outside the product. Its stock is what really lies there; its ledger is what the ERP's tables say.

    Several companies share one ERP, so that one run of the product plays all of them: each has items, suppliers and places of its own.

    Attributes:
        seed: tells its ids from the others'.
        ledger: the ERP's tables.
        chance: draws everything that happens.
        own_lines: share of deliveries in part whose rest gets a line of its own.
        on_hand: units by item and place.
        arrivals: day on which an open line comes, drawn when it is first seen.
        ended: items that are no longer bought, and from which day.
        closed: suppliers that are inactive.
        happened: what took place, a line each, for the message of a violation.
        numbers: documents numbered so far.
    """

    seed: int
    ledger: Ledger
    chance: np.random.Generator
    vendors: tuple[Vendor, ...]
    skus: tuple[Sku, ...]
    offers: tuple[Offer, ...]
    own_lines: float
    on_hand: dict[tuple[str, str], float] = field(default_factory=dict)
    arrivals: dict[tuple[str, int], date] = field(default_factory=dict)
    ended: dict[str, date] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    happened: list[str] = field(default_factory=list)
    numbers: int = 0

    @classmethod
    def found(cls, ledger: Ledger, seed: int, start: date, own_lines: float = 0.5, shared: int = 2) -> "Company":
        """A company with books of the days before a date; ``shared``: items held at both places."""
        chance = np.random.default_rng(seed)
        vendors = tuple(Vendor(f"{seed}-{name}", *terms) for name, *terms in KINDS)
        skus, offers = _assortment(seed, vendors, shared, chance)
        company = cls(seed, ledger, chance, vendors, skus, offers, own_lines)
        company._register(start - timedelta(days=HISTORY_DAYS))
        company.on_hand = {(sku.item_id, sku.location_id): sku.maximum for sku in skus}
        for back in range(HISTORY_DAYS, 0, -1):
            day = start - timedelta(days=back)
            company.trade(day)
            company._buy_by_minimum(day)
            company.close(day)
        company.happened.clear()
        return company

    @property
    def places(self) -> tuple[str, ...]:
        """Its warehouse and its shop."""
        return _places(self.seed)

    def open_lines(self) -> list[Line]:
        """Its lines of which something is to come."""
        return [line for line in self.ledger.open_lines() if line.location_id in self.places]

    def trade(self, day: date) -> None:
        """Receipts arrive before sales."""
        for line in self.open_lines():
            if self._arrival(line) <= day:
                self._receive(line, day)
        for sku in self.skus:
            self._sell(sku, day)

    def change(self, day: date) -> None:
        """What people change in the ERP on a day: masters and open orders."""
        if self.chance.random() < 0.08:
            self._toggle_supplier(day)
        if self.chance.random() < 0.04 and len(self.ended) < 2:
            item = str(self.chance.choice([sku.item_id for sku in self.skus]))
            self.ended.setdefault(item, day + timedelta(days=int(self.chance.integers(0, 6))))
            self.ledger.put(
                "items", {"item_id": item}, {"discontinued_on": self.ended[item], "updated_at": at(day, 17)}
            )
            self.happened.append(f"{day} {item} ends on {self.ended[item]}")
        lines = self.open_lines()
        if lines and self.chance.random() < 0.2:
            self._change_order(lines[int(self.chance.integers(len(lines)))], day)

    def close(self, day: date) -> None:
        """Count the stock in the evening."""
        for (item, place), units in self.on_hand.items():
            self.ledger.add(
                "stock_levels",
                {
                    "item_id": item,
                    "location_id": place,
                    "counted_on": day,
                    "on_hand": units,
                    "updated_at": at(day, 19),
                },
            )

    def _register(self, day: date) -> None:
        moment = at(day, 6)
        put = self.ledger.add
        for item in sorted({sku.item_id for sku in self.skus}):
            price = next(offer.price for offer in self.offers if offer.item_id == item)
            put("items", {
                "item_id": item, "name": f"Item {item}", "category": "C", "unit_cost": price, "unit_price": 2 * price,
                "created_on": day - timedelta(days=400), "updated_at": moment,
            })  # fmt: skip
        for vendor in self.vendors:
            put(
                "suppliers",
                {"supplier_id": vendor.supplier_id, "name": vendor.supplier_id, "active": True, "updated_at": moment},
            )
        for place, kind in zip(self.places, ("warehouse", "store"), strict=True):
            put("locations", {"location_id": place, "name": place, "kind": kind})
        agreed = {vendor.supplier_id: vendor.agreed for vendor in self.vendors}
        for offer in self.offers:
            put("item_suppliers", {
                "item_id": offer.item_id, "supplier_id": offer.supplier_id, "is_primary": offer.primary,
                "lead_time_days": agreed[offer.supplier_id], "min_order_qty": offer.least, "pack_size": offer.pack,
                "unit_price": offer.price, "updated_at": moment,
            })  # fmt: skip
        for sku in self.skus:
            put(
                "item_policies",
                {
                    "item_id": sku.item_id,
                    "location_id": sku.location_id,
                    "reorder_point": sku.minimum,
                    "order_up_to": sku.maximum,
                    "updated_at": moment,
                },
            )

    def _sell(self, sku: Sku, day: date) -> None:
        key = (sku.item_id, sku.location_id)
        sold = min(float(self.chance.poisson(sku.rate)), self.on_hand[key])
        back = float(sold > 1 and self.chance.random() < 0.02)
        for quantity in (sold, -back):
            if quantity:
                self.on_hand[key] -= quantity
                self.ledger.add("sales", {
                    "sale_id": self._number("V"), "item_id": sku.item_id, "location_id": sku.location_id, "sold_on": day,
                    "quantity": quantity, "updated_at": at(day, 18),
                })  # fmt: skip

    def _receive(self, line: Line, day: date) -> None:
        """A delivery: whole, or a part that the ERP books in one of two ways and the rest later."""
        due, moment = line.due, at(day, 12)
        in_part = line.received == 0 and self.chance.random() < 0.25
        part = float(np.floor(due * self.chance.uniform(0.3, 0.8))) if in_part else due
        if not 0 < part < due:
            self.ledger.put_line(line, quantity_received=line.received + due, received_on=day, updated_at=moment)
        elif self.chance.random() >= self.own_lines:
            self.ledger.put_line(line, quantity_received=line.received + part, updated_at=moment)
            self.happened.append(f"{day} {line.po_id}:{line.line_no} {part:g} of {due:g}, the line stays open")
        else:
            self.ledger.put_line(
                line,
                quantity_ordered=line.received + part,
                quantity_received=line.received + part,
                received_on=day,
                updated_at=moment,
            )
            rest = self.ledger.split(line, due - part, moment)
            self.arrivals[rest] = day + timedelta(days=int(self.chance.integers(1, 5)))
            self.happened.append(
                f"{day} {line.po_id}:{line.line_no} {part:g} of {due:g}, the rest on a line of its own"
            )
        self.arrivals[line.po_id, line.line_no] = day + timedelta(days=int(self.chance.integers(1, 5)))
        key = (line.item_id, line.location_id)
        self.on_hand[key] = self.on_hand.get(key, 0.0) + min(part or due, due)
        self.ledger.settle(line.po_id, moment)

    def _arrival(self, line: Line) -> date:
        key = (line.po_id, line.line_no)
        if key not in self.arrivals:
            vendor = next(vendor for vendor in self.vendors if vendor.supplier_id == line.supplier_id)
            off = int(self.chance.integers(vendor.spread[0], vendor.spread[1] + 1))
            self.arrivals[key] = line.ordered_on + timedelta(days=1 + max(vendor.real + off, 0))
        return self.arrivals[key]

    def _toggle_supplier(self, day: date) -> None:
        supplier = str(self.chance.choice([vendor.supplier_id for vendor in self.vendors]))
        self.closed ^= {supplier}
        active = supplier not in self.closed
        self.ledger.put("suppliers", {"supplier_id": supplier}, {"active": active, "updated_at": at(day, 17)})
        self.happened.append(f"{day} supplier {supplier} is {'active' if active else 'inactive'}")

    def _change_order(self, line: Line, day: date) -> None:
        """An open order is changed, cancelled or deleted in the ERP."""
        po_id, moment = line.po_id, at(day, 17)
        what = str(self.chance.choice(["more", "less", "cancelled", "deleted"]))
        if what == "cancelled":
            self.ledger.put("purchase_orders", {"po_id": po_id}, {"status": "cancelled", "updated_at": moment})
        elif what == "deleted":
            self.ledger.remove("purchase_order_lines", po_id=po_id)
            self.ledger.remove("purchase_orders", po_id=po_id)
        else:
            ordered = (
                line.ordered + line.due
                if what == "more"
                else max(line.received + 1.0, line.ordered - np.floor(line.due / 2))
            )
            self.ledger.put_line(line, quantity_ordered=float(ordered), updated_at=moment)
        self.happened.append(f"{day} order {po_id} {what}")

    def _buy_by_minimum(self, day: date) -> None:
        """How the company bought before: up to the maximum wherever the position is at the minimum."""
        due: dict[tuple[str, str], float] = {}
        for line in self.open_lines():
            key = (line.item_id, line.location_id)
            due[key] = due.get(key, 0.0) + line.due
        for sku in self.skus:
            key = (sku.item_id, sku.location_id)
            position = self.on_hand[key] + due.get(key, 0.0)
            if position <= sku.minimum:
                offer = next(offer for offer in self.offers if offer.item_id == sku.item_id and offer.primary)
                self.ledger.order(
                    self._number("P"), offer.supplier_id, sku.location_id, day, [(sku.item_id, sku.maximum - position)]
                )

    def _number(self, prefix: str) -> str:
        self.numbers += 1
        return f"{self.seed}-{prefix}{self.numbers:06d}"


def at(day: date, hour: int) -> datetime:
    """A moment of a day, as the ERP's clock writes it."""
    return datetime.combine(day, time(hour))


def _places(seed: int) -> tuple[str, str]:
    return f"{seed}-W", f"{seed}-R"


def _assortment(
    seed: int, vendors: tuple[Vendor, ...], shared: int, chance: np.random.Generator
) -> tuple[tuple[Sku, ...], tuple[Offer, ...]]:
    """Six items, some of them at both places; three with a second supplier."""
    skus, offers = [], []
    for n in range(6):
        item, first, second = f"{seed}-I{n}", vendors[n % 3], vendors[(n + 1) % 3]
        price = float(np.round(chance.uniform(0.5, 20.0), 2))
        pack, least = float(chance.choice([1, 6, 10])), float(chance.choice([0, 0, 24]))
        offers.append(Offer(item, first.supplier_id, True, pack, least, price))
        if n % 2 == 0:
            offers.append(Offer(item, second.supplier_id, False, pack, 0.0, round(1.2 * price, 2)))
        for place in _places(seed) if n < shared else _places(seed)[n % 2 :][:1]:
            rate = float(np.round(chance.uniform(0.5, 5.0), 1))
            minimum = float(np.ceil(rate * (first.agreed + 7)))
            skus.append(Sku(item, place, rate, minimum, minimum + float(np.ceil(rate * 14)) + 1.0))
    return tuple(skus), tuple(offers)
