"""``stockproof erp load DIR``: files named as the contract's tables, checked as a whole before anything is written."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import polars as pl

from pipelines import settings
from pipelines.core.contract import BY_NAME, TABLES
from pipelines.core.errors import StockproofError
from pipelines.io import erp, erp_tables
from pipelines.onboarding import check_pitfalls
from pipelines.onboarding.load_format import PLAIN, TextFormat
from pipelines.onboarding.load_parse import Parsed, parse
from pipelines.sample import writer

Tell = Callable[[str, int, int], None]
"""Receives the step, how many files or tables are done and how many there are."""

SUFFIXES: Final = (".csv", ".xlsx", ".parquet")
REQUIRED: Final = ("items", "suppliers", "item_suppliers", "locations", "sales")

_REFERENCES: Final = (
    ("sales", "item_id", "items"), ("sales", "location_id", "locations"), ("item_suppliers", "item_id", "items"),
    ("item_suppliers", "supplier_id", "suppliers"), ("stock_levels", "item_id", "items"), ("stock_levels", "location_id", "locations"),
    ("purchase_orders", "supplier_id", "suppliers"), ("purchase_order_lines", "po_id", "purchase_orders"),
    ("purchase_order_lines", "item_id", "items"), ("item_policies", "item_id", "items"),
)  # fmt: skip
_OWN_DATE: Final = {"sales": "sold_on", "stock_levels": "counted_on"}


@dataclass(frozen=True)
class Loaded:
    """What was loaded: rows by table, file by table, and remarks for the user."""

    rows: dict[str, int]
    files: dict[str, str]
    notes: list[str]

    def to_json(self) -> dict[str, object]:
        """As JSON types."""
        return asdict(self)


def load(folder: Path, tell: Tell, *, replace: bool = False, written: TextFormat = PLAIN) -> Loaded:
    """Load a folder into the ERP database: all tables of the contract are replaced, those without a file become empty.

    Args:
        folder: holds ``items.csv``, ``items.xlsx`` or ``items.parquet`` and so on.
        tell: follows the progress.
        replace: overwrite rows of an ERP that ERP_URL names.
        written: how CSV files are written.

    Returns:
        What was loaded.

    Raises:
        StockproofError: files missing, faults in them (nothing is written then), or the ERP refuses.
    """
    frames, paths, notes = check_files(folder, tell, written)
    with erp_tables.transaction() as connection:
        filled = erp_tables.filled(connection)
        if filled and settings.load().erp.url is not None and not replace:
            raise StockproofError(
                f"the ERP at {erp.shown_url()} already holds rows in {', '.join(filled)}",
                "add --replace to replace them, or point ERP_URL at an empty database",
            )
        erp_tables.create_tables(connection, replace=False)
    writer.forget()
    rows = {}
    for done, table in enumerate(TABLES):
        tell(f"writing {table.name}", done, len(TABLES))
        with erp_tables.transaction() as connection:
            rows[table.name] = erp_tables.replace_rows(
                connection, table.name, [frames[table.name]] if table.name in frames else []
            )
    tell("written", len(TABLES), len(TABLES))
    return Loaded(rows, {name: path.name for name, path in paths.items()}, notes)


def check_files(
    folder: Path, tell: Tell, written: TextFormat = PLAIN
) -> tuple[dict[str, pl.DataFrame], dict[str, Path], list[str]]:
    """Read all files of a folder and check them.

    Args:
        folder: the folder.
        tell: follows the progress.
        written: how CSV files are written.

    Returns:
        Frames ready to be written and files, both by table, and remarks.

    Raises:
        StockproofError: files missing or faulty; all faults are collected, the first of each file are named.
    """
    paths, notes = find_files(folder)
    parsed: dict[str, Parsed] = {}
    for done, (name, path) in enumerate(paths.items()):
        tell(f"checking {path.name}", done, len(paths))
        parsed[name] = parse(BY_NAME[name], path, written)
    _refuse_faults(list(parsed.values()))
    if not parsed["sales"].frame.height:
        raise StockproofError(
            f"{paths['sales']} holds no row", "planning starts from sales: add at least some weeks of them"
        )
    notes += [note for one in parsed.values() for note in one.notes]
    frames = {name: one.frame for name, one in parsed.items()}
    notes += _fill_updated_at(frames, paths)
    notes += _dangling(frames, paths)
    alone = check_pitfalls.slip(frames["sales"]["sold_on"].unique())
    notes += [f"{paths['sales'].name}: {check_pitfalls.slipped(*alone)}"] if alone else []
    return frames, paths, notes


def find_files(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """The file of each table.

    Args:
        folder: where they lie.

    Returns:
        Files by table in the contract's order, and remarks on files that are none.

    Raises:
        StockproofError: no such folder, a required file is missing, or a table has two files.
    """
    if not folder.is_dir():
        raise StockproofError(f"{folder} is not a folder", "name the folder that holds items.csv, sales.csv and so on")
    # Exports capitalise as they like (Sales.CSV), and a file system may tell the capitals apart.
    files = sorted(path for path in folder.iterdir() if path.is_file())
    paths: dict[str, Path] = {}
    for table in TABLES:
        found = [path for path in files if path.suffix.lower() in SUFFIXES and path.stem.lower() == table.name]
        if len(found) > 1:
            raise StockproofError(f"{folder} holds both {found[0].name} and {found[1].name}", "keep one of them")
        if found:
            paths[table.name] = found[0]
    strange = [path for path in files if path not in paths.values() and not path.name.startswith(".")]
    _refuse_missing(folder, [name for name in REQUIRED if name not in paths], strange)
    return paths, [note for path in strange if (note := _left_out(path))]


def _refuse_missing(folder: Path, missing: list[str], strange: list[Path]) -> None:
    if not missing:
        return
    there = f"; there lie {', '.join(path.name for path in strange[:5])}{' …' if len(strange) > 5 else ''}"
    raise StockproofError(
        f"{folder} lacks {', '.join(f'{name}.csv' for name in missing)} (or .xlsx, .parquet){there if strange else ''}",
        f"needed are {', '.join(REQUIRED)}; docs/erp-contract.md lists the columns of each",
    )


def _left_out(path: Path) -> str:
    """A word on a file that is no table's; none on what is no table's by its kind, such as a text."""
    alike = get_close_matches(path.stem.lower().replace(" ", "_").replace("-", "_"), BY_NAME, n=1, cutoff=0.8)
    if path.suffix.lower() not in SUFFIXES and not alike:
        return ""
    meant = f"; if it is {alike[0]}, name it {alike[0]}.csv, .xlsx or .parquet" if alike else ""
    return f"{path.name}: no table of the contract has this name; the file is left out{meant}"


def _refuse_faults(parsed: list[Parsed]) -> None:
    faulty = [one for one in parsed if one.fault_count]
    if not faulty:
        return
    lines = []
    for one in faulty:
        lines += [f"  {fault}" for fault in one.faults]
        if one.fault_count > len(one.faults):
            counts = ", ".join(f"{name} {count:,}" for name, count in one.fault_columns.items() if count)
            more = one.fault_count - len(one.faults)
            lines.append(f"  {one.path.name}: … and {more:,} more; faults by column: {counts}")
    total = sum(one.fault_count for one in faulty)
    raise StockproofError(
        f"{total:,} fault{'s' if total > 1 else ''} in {', '.join(one.path.name for one in faulty)}; nothing was written\n"
        + "\n".join(lines),
        "correct the lines named and load again",
    )


def _fill_updated_at(frames: dict[str, pl.DataFrame], paths: dict[str, Path]) -> list[str]:
    """Give rows without a time of recording the end of their own date; master data the oldest date there is."""
    lacking = [name for name in frames if BY_NAME[name].is_versioned and "updated_at" not in frames[name].columns]
    if not lacking:
        return []
    oldest = _oldest_date(frames)
    for name in lacking:
        day = pl.coalesce(_own_date(name, frames), pl.lit(oldest))
        moment = day.cast(pl.Datetime("us")) + pl.duration(hours=23, minutes=59)
        frames[name] = (
            _with_order_dates(name, frames).with_columns(updated_at=moment).select(*frames[name].columns, "updated_at")
        )
    names = ", ".join(paths[name].name for name in lacking)
    return [
        f"updated_at is absent in {names}: filled with 23:59 of each row's own date, for master data of the oldest date ({oldest})"
    ]


def _own_date(name: str, frames: dict[str, pl.DataFrame]) -> pl.Expr:
    if name in _OWN_DATE:
        return pl.col(_OWN_DATE[name])
    if name == "purchase_orders":
        # Only an order that is closed depends on its receipts: an open one was there from its day on, whatever date was typed ahead.
        closed = pl.col("status").fill_null("open").str.strip_chars().str.to_lowercase() != "open"
        return pl.when(closed).then(pl.max_horizontal("ordered_on", "_last_receipt")).otherwise("ordered_on")
    if name == "purchase_order_lines":
        return pl.col("_ordered_on")  # the run itself reads no receipt that is dated after its as-of date
    return pl.lit(None, pl.Date)


def _with_order_dates(name: str, frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """An order with the day of its newest receipt; a line with the day of its order."""
    nothing = pl.DataFrame(schema={"po_id": pl.String, "ordered_on": pl.Date, "received_on": pl.Date})
    if name == "purchase_orders":
        lines = frames.get("purchase_order_lines", nothing)
        receipts = lines if "received_on" in lines.columns else lines.with_columns(received_on=pl.lit(None, pl.Date))
        newest = receipts.group_by("po_id").agg(pl.col("received_on").max().alias("_last_receipt"))
        return frames[name].join(newest, on="po_id", how="left", maintain_order="left")
    if name == "purchase_order_lines":
        ordered = (
            frames.get("purchase_orders", nothing)
            .group_by("po_id")
            .agg(pl.col("ordered_on").min().alias("_ordered_on"))
        )
        return frames[name].join(ordered, on="po_id", how="left", maintain_order="left")
    return frames[name]


def _oldest_date(frames: dict[str, pl.DataFrame]) -> object:
    dated = {"sales": "sold_on", "stock_levels": "counted_on", "purchase_orders": "ordered_on"}
    return min(frames[name][column].min() for name, column in dated.items() if name in frames and frames[name].height)  # type: ignore[type-var]


def _dangling(frames: dict[str, pl.DataFrame], paths: dict[str, Path]) -> list[str]:
    notes = []
    for name, column, target in _REFERENCES:
        if name not in frames:
            continue
        known = frames[target][column] if target in frames else pl.Series([], dtype=pl.String)
        lost = frames[name].filter(~pl.col(column).is_in(known.unique().implode()))[column]
        if lost.len():
            rows = "1 row names" if lost.len() == 1 else f"{lost.len()} rows name"
            notes.append(
                f"{paths[name].name}: {rows} {column} values that {target} does not hold, such as {lost[0]!r}; the daily run puts them "
                "into quarantine"
            )
    return notes
