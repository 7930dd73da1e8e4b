"""Convert the UCI Online Retail data set to a folder of the ERP contract, for ``stockproof erp load``.

The data: invoice lines of a British wholesaler of gifts, 2010-12-01 to 2011-12-09 (Chen, Sain & Guo 2012, CC BY 4.0). It holds sales
and nothing else, so the rest is derived by rules stated here:

- Products are codes of five digits, with or without letters after them (22423, 85123A; 85123a is the same). Every other code is
  postage, carriage, discount, bank charge, voucher, sample or correction (POST, DOT, M, D, BANK CHARGES, gift_0001_20 ...): left out.
- Lines without a price above zero are corrections of the stock (damages, counts, finds), not sales: left out.
- Invoices that begin with C are returns: negative quantities. Invoices that begin with A are corrections of debt: left out.
- An item's price is the median of its sales; its cost is a share of that. One supplier delivers everything in the same lead time.
- One location. No stock, no purchase orders, no minimum and maximum: the data has none.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path

import polars as pl

PRODUCT = r"^\d{5}[A-Z]*$"
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice")
LOCATION, SUPPLIER = "W1", "S1"


def product_lines(source: pl.DataFrame, until: date | None = None) -> pl.DataFrame:
    """Sales and returns of products.

    Args:
        source: the data set's columns.
        until: last day to keep; None keeps all.

    Returns:
        Columns sale_id, item_id, name, sold_at, quantity, unit_price, in the source's order.
    """
    invoice = pl.col("InvoiceNo").cast(pl.String).str.strip_chars()
    lines = source.select(
        invoice.alias("invoice"),
        pl.col("StockCode").cast(pl.String).str.strip_chars().str.to_uppercase().alias("item_id"),
        pl.col("Description").cast(pl.String).str.strip_chars().alias("name"),
        pl.col("InvoiceDate").cast(pl.Datetime("us")).alias("sold_at"),
        pl.col("Quantity").cast(pl.Int64).alias("quantity"),
        pl.col("UnitPrice").cast(pl.Float64).alias("unit_price"),
    )
    # Numbered before anything is left out: a line keeps its id whatever the rules or --until say.
    lines = lines.with_columns(
        pl.format("{}-{}", "invoice", pl.int_range(1, pl.len() + 1).over("invoice")).alias("sale_id")
    )
    kept = lines.filter(
        pl.col("item_id").str.contains(PRODUCT),
        pl.col("unit_price") > 0,
        pl.col("quantity") != 0,
        ~pl.col("invoice").str.starts_with("A"),
        (pl.col("quantity") < 0) == pl.col("invoice").str.starts_with("C"),
    )
    if until is not None:
        kept = kept.filter(pl.col("sold_at") <= datetime.combine(until, time.max))
    return kept.select("sale_id", "item_id", "name", "sold_at", "quantity", "unit_price")


def tables(lines: pl.DataFrame, lead_time_days: float, cost_share: float) -> dict[str, pl.DataFrame]:
    """Tables of the ERP contract.

    Args:
        lines: see :func:`product_lines`; at least one.
        lead_time_days: of the one supplier.
        cost_share: unit cost over median price, in (0, 1).

    Returns:
        Frame by table name.
    """
    items = _items(lines, cost_share)
    offers = items.select(
        "item_id",
        pl.lit(SUPPLIER).alias("supplier_id"),
        pl.lit(True).alias("is_primary"),
        pl.lit(lead_time_days).alias("lead_time_days"),
        pl.lit(None, dtype=pl.Float64).alias("min_order_qty"),
        pl.lit(None, dtype=pl.Float64).alias("pack_size"),
        pl.col("unit_cost").alias("unit_price"),
        "updated_at",
    )
    suppliers = items.head(1).select(
        pl.lit(SUPPLIER).alias("supplier_id"),
        pl.lit("Supplier of everything (assumed)").alias("name"),
        pl.lit(True).alias("active"),
        "updated_at",
    )
    locations = pl.DataFrame({"location_id": [LOCATION], "name": ["Warehouse"], "kind": ["warehouse"]})
    sales = lines.select(
        "sale_id",
        "item_id",
        pl.lit(LOCATION).alias("location_id"),
        pl.col("sold_at").dt.date().alias("sold_on"),
        "quantity",
        "unit_price",
        pl.col("sold_at").alias("updated_at"),
    )
    return {"items": items, "suppliers": suppliers, "item_suppliers": offers, "locations": locations, "sales": sales}


def _items(lines: pl.DataFrame, cost_share: float) -> pl.DataFrame:
    """The item list: most frequent name, median price, and a share of it as cost."""
    named = lines.drop_nulls("name").group_by("item_id", "name").len()
    names = named.sort(["item_id", "len", "name"], descending=[False, True, False]).unique("item_id", keep="first")
    prices = lines.group_by("item_id").agg(pl.median("unit_price").round(4))
    return (
        prices.join(names, on="item_id", how="left")
        .sort("item_id")
        .select(
            "item_id",
            pl.coalesce("name", "item_id").alias("name"),
            pl.lit(None, dtype=pl.String).alias("category"),
            (pl.col("unit_price") * cost_share).round(4).alias("unit_cost"),
            "unit_price",
            # Master data counts as known from the first day on: every as-of date of the data can be planned.
            pl.lit(lines["sold_at"].min()).dt.truncate("1d").alias("updated_at"),
        )
    )


def read_source(path: Path) -> pl.DataFrame:
    """Read the data set.

    Args:
        path: Parquet or CSV with the columns of the data set.

    Returns:
        Its columns that are used.

    Raises:
        SystemExit: no such file, unreadable, or columns are missing.
    """
    if not path.is_file():
        sys.exit(
            f"error: {path} does not exist\n  remedy: name the file, or set STOCKPROOF_DATA to the folder that holds online_retail/"
        )
    try:
        found = (
            pl.read_parquet(path)
            if path.suffix == ".parquet"
            else pl.read_csv(path, try_parse_dates=True, infer_schema_length=None)
        )
    except pl.exceptions.PolarsError as fault:
        sys.exit(f"error: {path} cannot be read: {str(fault).splitlines()[0]}\n  remedy: give it as .parquet or .csv")
    missing = [name for name in COLUMNS if name not in found.columns]
    if missing:
        sys.exit(
            f"error: {path} lacks the columns {', '.join(missing)}\n  remedy: use the data set as published, with {', '.join(COLUMNS)}"
        )
    return found.select(COLUMNS)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    data = Path(os.environ.get("STOCKPROOF_DATA", "data"))
    found = argparse.ArgumentParser(
        description="Convert the UCI Online Retail data set to a folder that `stockproof erp load` takes.",
        epilog="Example: python docs/examples/online_retail.py --output /tmp/online_retail --lead-time-days 14",
    )
    found.add_argument(
        "--source", type=Path, default=data / "online_retail" / "online_retail.parquet", help="default: %(default)s"
    )
    found.add_argument("--output", type=Path, required=True, help="folder for the tables; made where missing")
    found.add_argument(
        "--until", type=date.fromisoformat, metavar="DATE", help="leave out what was sold after this day"
    )
    found.add_argument("--lead-time-days", type=float, default=14.0, help="of the one supplier; default: %(default)g")
    found.add_argument(
        "--cost-share", type=float, default=0.6, help="unit cost over median price; default: %(default)g"
    )
    found.add_argument("--format", choices=["csv", "parquet"], default="parquet", help="default: %(default)s")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert and say what was kept."""
    given = parser()
    options = given.parse_args(arguments)
    if options.lead_time_days <= 0:
        given.error(f"--lead-time-days {options.lead_time_days:g}: must be above 0")
    if not 0 < options.cost_share < 1:
        given.error(f"--cost-share {options.cost_share:g}: must lie between 0 and 1")
    source = read_source(options.source)
    lines = product_lines(source, options.until)
    if lines.is_empty():
        given.error(
            f"--until {options.until}: nothing was sold by then; the data begins on {source['InvoiceDate'].min()}"
        )
    options.output.mkdir(parents=True, exist_ok=True)
    for name, frame in tables(lines, options.lead_time_days, options.cost_share).items():
        path = options.output / f"{name}.{options.format}"
        (
            frame.write_csv(path, datetime_format="%Y-%m-%d %H:%M:%S")
            if options.format == "csv"
            else frame.write_parquet(path)
        )
        print(f"{path}: {frame.height:,} rows")
    returns = lines.filter(pl.col("quantity") < 0).height
    print(f"kept {lines.height:,} of {source.height:,} invoice lines, {returns:,} of them returns; {lines['item_id'].n_unique():,} items, "
          f"{lines['sold_at'].min().date()} to {lines['sold_at'].max().date()}")  # type: ignore[union-attr]  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
