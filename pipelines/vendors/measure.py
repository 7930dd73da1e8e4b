"""What receipts say of each vendor, in numbers: sums over supplier × item, then over suppliers. Pure."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.inventory import Floats

Ints = npt.NDArray[np.int64]

HALF_RECOVERY_DAYS = 7.0
"""A late line that comes this much later counts half."""

THREADS = 2

PEER_PRIOR = 3.0
"""Receipts of an item from other suppliers that weigh as much as the catalogue's mean lead time."""


@dataclass(frozen=True)
class Measures:
    """Per supplier, shape (V,); NaN: nothing to tell it from.

    Attributes:
        supplier_id: ascending.
        receipts: received lines.
        deliveries: lines of one order received on one day are one delivery.
        on_time: lines on or before their day.
        in_full: lines with everything ordered, accepted.
        received: units.
        rejected: units.
        spend: money.
        lead_time: mean days.
        lead_std: standard deviation of days within an item.
        lead_log_ratio: log of mean days to those of peers on the same items.
        price_log_ratio: log of prices paid to those of peers on the same items.
        price_weight: share of the spend with a peer.
        recovered: sum over late lines of 2 ** (−days late / 7), open overdue lines included.
        late: late lines, open overdue lines included.
        promised: lines with a promised date.
        open_lines: still to come.
        overdue: of them, past their day.
        overdue_value: money.
        slopes: change a year of log lead time, late share, rejected share and log price within items, [4, V].
        errors: their standard errors, [4, V].
    """

    supplier_id: list[str]
    receipts: Floats
    deliveries: Floats
    on_time: Floats
    in_full: Floats
    received: Floats
    rejected: Floats
    spend: Floats
    lead_time: Floats
    lead_std: Floats
    lead_log_ratio: Floats
    price_log_ratio: Floats
    price_weight: Floats
    recovered: Floats
    late: Floats
    promised: Floats
    open_lines: Floats
    overdue: Floats
    overdue_value: Floats
    slopes: Floats
    errors: Floats


def measure(
    receipts: pl.DataFrame, open_lines: pl.DataFrame, offers: pl.DataFrame, suppliers: list[str], as_of: date
) -> Measures:
    """Measure every supplier.

    Args:
        receipts: supplier_id, item_id, po_id, received_on, lead_time_days, days_late, is_late, is_in_full, quantity_received,
            quantity_rejected, unit_price, has_promise.
        open_lines: supplier_id, days_late, quantity_open, unit_price.
        offers: supplier_id, item_id, purchase_price: peers' prices where nothing was bought from them.
        suppliers: ids, ascending; rows of others are left out.
        as_of: the run's date.

    Returns:
        The measures.
    """
    lookup = pl.DataFrame({"supplier_id": suppliers}, schema={"supplier_id": pl.String}).with_row_index("s")
    items = receipts.select("item_id").unique().with_row_index("i")
    coded = _coded(receipts, lookup, items)
    number = len(suppliers)
    pairs = _pairs(coded, as_of)
    at = pairs["s"].astype(np.int64)

    def total(name: str) -> Floats:
        return np.asarray(np.bincount(at, pairs[name], number), dtype=np.float64)

    slopes, errors, lead_std = _trends(pairs, at, number)
    lead, price, covered = _against_peers(pairs, _offered(offers, lookup, items, pairs), number)
    receipts_each, deliveries = total("n"), _deliveries(coded, number)
    waiting = open_lines.join(lookup, on="supplier_id")
    overdue = waiting.filter(pl.col("days_late") > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        lead_time = total("lead") / receipts_each
    design = np.sqrt(np.maximum(receipts_each, 1.0) / np.maximum(deliveries, 1.0))
    return Measures(
        supplier_id=suppliers, receipts=receipts_each, deliveries=deliveries, on_time=receipts_each - total("late"),
        in_full=total("full"), received=total("received"), rejected=total("rejected"), spend=total("spend"), lead_time=lead_time,
        lead_std=lead_std, lead_log_ratio=lead, price_log_ratio=price, price_weight=covered,
        recovered=total("recovered") + _sums(overdue, _recovered("days_late"), number),
        late=total("late") + _sums(overdue, pl.lit(1.0), number), promised=total("promised"),
        open_lines=_sums(waiting, pl.lit(1.0), number), overdue=_sums(overdue, pl.lit(1.0), number),
        overdue_value=_sums(overdue, pl.col("quantity_open") * pl.col("unit_price").fill_null(0.0), number),
        slopes=slopes, errors=errors * design,
    )  # fmt: skip


def _coded(receipts: pl.DataFrame, lookup: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Receipts with the numbers ``s`` and ``i`` instead of ids; only the ids go through the joins, the other columns are not copied."""
    codes = (
        receipts.select("supplier_id", "item_id")
        .join(lookup, on="supplier_id", how="left", maintain_order="left")
        .join(items, on="item_id", how="left", maintain_order="left")
        .select("s", "i")
    )
    coded = receipts.drop("supplier_id", "item_id").hstack(codes)
    return coded.filter(pl.col("s").is_not_null()) if codes["s"].null_count() else coded


def _recovered(column: str) -> pl.Expr:
    return pl.lit(2.0).pow(-pl.col(column).cast(pl.Float64) / HALF_RECOVERY_DAYS)


def _sums(frame: pl.DataFrame, value: pl.Expr, number: int) -> Floats:
    values = frame.select(s="s", value=value)
    sums = np.bincount(values["s"].to_numpy(), values["value"].to_numpy(), number)
    return np.asarray(sums, dtype=np.float64)


def _deliveries(coded: pl.DataFrame, number: int) -> Floats:
    """Distinct order × day of receipt of each supplier."""
    day = pl.col("received_on").to_physical().cast(pl.Int64)
    # Supplier and order in one hash, the day beside it: one integer a delivery.
    one = (pl.col("po_id").hash() // 1048576).cast(pl.Int64) * 65536
    first = coded.select("s", one=one + day * 7919 + pl.col("s").cast(pl.Int64) * 104729).unique("one", keep="any")
    return np.bincount(first["s"].to_numpy(), minlength=number).astype(np.float64)


def _pairs(coded: pl.DataFrame, as_of: date) -> dict[str, Floats]:
    """Sums over the lines of each supplier × item, [P] each; ``s`` and ``i`` number them, ``t`` is in years before the as-of date."""
    from pipelines.vendors import measure_kernel as kernel

    def numbers(name: str) -> Floats:
        return np.asarray(coded[name].cast(pl.Float64).fill_null(0.0).to_numpy(), dtype=np.float64)

    s, i = coded["s"].to_numpy().astype(np.int64), coded["i"].to_numpy().astype(np.int64)
    pair, whose, what = kernel.pairs(s, i, int(s.max(initial=-1)) + 1, int(i.max(initial=-1)) + 1)
    newest = (as_of - date(1970, 1, 1)).days
    years = (coded["received_on"].to_physical().to_numpy().astype(np.float64) - newest) / 365.0
    names = (
        "lead_time_days",
        "is_late",
        "days_late",
        "is_in_full",
        "quantity_received",
        "quantity_rejected",
        "unit_price",
        "has_promise",
    )
    totals, columns = np.zeros((whose.size, len(kernel.SUMS))), [numbers(name) for name in names]
    # Each thread takes the lines of its own pairs, so the sums are the same to the bit however many there are.
    bounds = np.linspace(0, whose.size, THREADS + 1).astype(int).tolist()
    with ThreadPoolExecutor(THREADS) as pool:
        list(
            pool.map(
                lambda first, last: kernel.sums(totals, first, last, pair, years, HALF_RECOVERY_DAYS, *columns),
                bounds[:-1],
                bounds[1:],
            )
        )
    sums = np.ascontiguousarray(totals.T)
    return {"s": whose.astype(np.float64), "i": what.astype(np.float64), **dict(zip(kernel.SUMS, sums, strict=True))}


def _offered(offers: pl.DataFrame, lookup: pl.DataFrame, items: pl.DataFrame, pairs: dict[str, Floats]) -> Floats:
    """Mean of the other suppliers' offers of each pair's item, [P]; NaN where nobody else offers it."""
    known = offers.join(lookup, on="supplier_id").join(items, on="item_id").filter(pl.col("purchase_price") > 0)
    size = items.height
    item, price = known["i"].to_numpy().astype(np.int64), known["purchase_price"].to_numpy().astype(np.float64)
    total, number = np.bincount(item, price, size), np.bincount(item, minlength=size).astype(np.float64)
    own = known.group_by("s", "i").agg(pl.col("purchase_price").sum().alias("own"), pl.len().alias("offers"))
    keys = pl.DataFrame({"s": pairs["s"].astype(np.uint32), "i": pairs["i"].astype(np.uint32)})
    own_offers = keys.join(own, on=["s", "i"], how="left", maintain_order="left").fill_null(0)
    at = pairs["i"].astype(np.int64)
    others = number[at] - own_offers["offers"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(others > 0, (total[at] - own_offers["own"].to_numpy()) / others, np.nan)


def _trends(pairs: dict[str, Floats], at: Ints, number: int) -> tuple[Floats, Floats, Floats]:
    """Regression on time within items: (slopes a year [4, V], standard errors [4, V], deviation of days within an item [V])."""
    n, t = pairs["n"], pairs["t"]
    freedom = np.bincount(at, n - 1.0, number)
    sxx = np.bincount(at, pairs["tt"] - t**2 / n, number)
    slopes, errors = np.full((4, number), np.nan), np.full((4, number), np.inf)
    for row, name in enumerate(("log_lead", "late", "bad", "log_price")):
        y = pairs[name]
        sxy = np.bincount(at, pairs[f"t_{name}"] - t * y / n, number)
        syy = np.bincount(at, pairs[f"{name}2"] - y**2 / n, number)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(sxx > 1e-9, sxy / sxx, np.nan)
            rest = np.maximum(syy - slope * sxy, 0.0) / np.maximum(freedom - 1.0, 1.0)
            slopes[row] = slope
            errors[row] = np.where((sxx > 1e-9) & (freedom > 1), np.sqrt(rest / sxx), np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.bincount(at, pairs["lead2"] - pairs["lead"] ** 2 / n, number)
        return slopes, errors, np.where(freedom > 0, np.sqrt(np.maximum(spread, 0.0) / freedom), np.nan)


def _against_peers(pairs: dict[str, Floats], offered: Floats, number: int) -> tuple[Floats, Floats, Floats]:
    """(log lead time ratio, log price ratio, share of spend with a peer) of each supplier to the other suppliers of its items."""
    item, at = pairs["i"].astype(np.int64), pairs["s"].astype(np.int64)
    n, lead = pairs["n"], pairs["log_lead"]
    others = np.bincount(item, n)[item] - n
    theirs = np.bincount(item, lead)[item] - lead
    means = np.bincount(at, lead, number) / np.maximum(np.bincount(at, n, number), 1.0)
    known = np.bincount(at, n, number) > 0
    common = float(means[known].mean()) if known.any() else 0.0
    expected = (theirs + PEER_PRIOR * common) / (others + PEER_PRIOR)
    units, spend = pairs["priced"], pairs["spend"]
    their_units = np.bincount(item, units)[item] - units
    their_spend = np.bincount(item, spend)[item] - spend
    bought = their_units > 1e-9
    their_price = np.where(bought, their_spend / np.where(bought, their_units, 1.0), offered)
    peer = np.isfinite(their_price) & (units > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.bincount(at, lead - n * expected, number) / np.bincount(at, n, number)
        at_their_price = np.where(peer, units * their_price, 0.0)
        paid = np.bincount(at, np.where(peer, spend, 0.0), number)
        price = np.log(paid / np.bincount(at, at_their_price, number))
        covered = paid / np.bincount(at, spend, number)
    return ratio, np.where(np.isfinite(price), price, np.nan), np.nan_to_num(covered)
