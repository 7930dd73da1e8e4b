"""The sample ERP as frames: pure, reproducible by seed, made in chunks of items so that memory stays bounded."""

from collections.abc import Iterator

import polars as pl

from pipelines.core.contract import BY_NAME, TABLES, Table
from pipelines.io import erp_tables
from pipelines.sample import assortment, books, dirty, incumbent, master
from pipelines.sample.catalogue import Items, make_items
from pipelines.sample.config import SampleConfig
from pipelines.sample.demand import discounts, make_demand, make_promotions, make_skus
from pipelines.sample.planner import make_rule
from pipelines.sample.suppliers import Suppliers, make_suppliers, suppliers_frame

Frames = dict[str, pl.DataFrame]

SKUS_A_CHUNK = 1024


def generate(config: SampleConfig, items_a_chunk: int | None = None) -> Frames:
    """The whole sample ERP in memory.

    Args:
        config: size, span and seed.
        items_a_chunk: items made at once; changes nothing but memory.

    Returns:
        One frame a table of the contract, and ``planted`` (the faulty rows: table, key, kind, note) and ``counting_errors``
        (item_id, location_id, counted_on, difference).
    """
    parts: dict[str, list[pl.DataFrame]] = {}
    for _, frames in stream(config, items_a_chunk):
        for name, frame in frames.items():
            parts.setdefault(name, []).append(frame)
    order = [*(table.name for table in TABLES), "planted", "counting_errors"]
    return {name: pl.concat(parts[name]) for name in order}


def stream(config: SampleConfig, items_a_chunk: int | None = None) -> Iterator[tuple[int, Frames]]:
    """The sample ERP piece by piece; the pieces of a table are to be stacked.

    Args:
        config: size, span and seed.
        items_a_chunk: items made at once.

    Yields:
        Number of items done, and frames by name as in :func:`generate`.
    """
    suppliers = make_suppliers(config)
    items = make_items(config, suppliers)
    plan = dirty.make_plan(config, items)
    yield 0, _shaped(_masters(config, items, suppliers, plan))
    size = items_a_chunk or max(32, SKUS_A_CHUNK // (1 + config.stores))
    lines = []
    for start in range(0, config.items, size):
        part = items.slice(start, start + size)
        frames, part_lines = _chunk(config, part, suppliers, plan)
        lines.append(part_lines)
        yield start + len(part.ids), _shaped(frames)
    orders, order_lines = books.orders_frames(pl.concat(lines), suppliers)
    yield config.items, _shaped({"purchase_orders": orders, "purchase_order_lines": order_lines})


def _masters(config: SampleConfig, items: Items, suppliers: Suppliers, plan: dirty.Plan) -> Frames:
    sourcing, zero_leads = dirty.plant_sourcing(plan, master.sourcing_frame(config, items, suppliers))
    unknown, unknown_faults = dirty.unknown_sales(config, plan)
    first = master.at(config.day(config.opening_day), 6)
    frames = {
        "items": master.items_frame(config, items),
        "suppliers": suppliers_frame(config, suppliers).with_columns(updated_at=pl.lit(first)),
        "item_suppliers": sourcing,
        "price_breaks": master.price_breaks_frame(items, suppliers),
        "locations": master.locations_frame(config),
        "calendar_events": assortment.calendar_events(config),
        "planted": pl.concat([zero_leads, unknown_faults]),
    }
    kept_by_few = {table.name: pl.DataFrame(schema=erp_tables.schema(table)) for table in TABLES if table.rare}
    return frames | kept_by_few | ({"sales": unknown} if unknown.height else {})


def _chunk(config: SampleConfig, items: Items, suppliers: Suppliers, plan: dirty.Plan) -> tuple[Frames, pl.DataFrame]:
    skus = make_skus(config, items)
    promotions = make_promotions(config, items)
    discount = discounts(config, len(items.ids), promotions)
    demand = make_demand(config, items, skus, discount)
    rule = make_rule(config, items, skus)
    days = incumbent.Days(demand.quantity, demand.chance, config.origin.weekday())
    supply = incumbent.Supply(
        suppliers.review, suppliers.lead_factor, suppliers.cancelled, suppliers.partial_rate, suppliers.reject_rate
    )
    part = books.Part(config, items, skus, rule, demand, discount, incumbent.run(rule, days, supply))
    here = {kind: [item_id for item_id in chosen if item_id in set(items.ids)] for kind, chosen in plan.items()}
    sales, sales_faults = dirty.plant_sales(config, here, books.sales_frame(part))
    stock, stock_faults = dirty.plant_stock(config, here, books.stock_frame(part))
    frames = {
        "sales": sales,
        "stock_levels": stock,
        "item_policies": books.policies_frame(part),
        "promotions": master.promotions_frame(config, items, promotions),
        "counting_errors": books.counting_errors_frame(part),
        "planted": pl.concat([sales_faults, stock_faults]),
    }
    return frames, books.lines_frame(part, days, supply)


def _shaped(frames: Frames) -> Frames:
    """Contract columns in contract order and types; an optional one that the sample does not keep is empty."""

    def shaped(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
        kept = {
            c.name: pl.col(c.name) if c.required or c.name in frame.columns else pl.lit(None) for c in table.columns
        }
        return frame.select(kept[name].cast(kind).alias(name) for name, kind in erp_tables.schema(table).items())

    return {name: shaped(BY_NAME[name], frame) if name in BY_NAME else frame for name, frame in frames.items()}
