"""A small company: each SKU explained, with what would flip its decision and the passport of its past."""

import json
import re
from datetime import date
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines import settings
from pipelines.briefing.explanation import Explanation, Side
from pipelines.briefing.queries.explain import explain
from pipelines.cli import app
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.purchase import tables
from pipelines.purchase.decide import decide
from pipelines.replay import verify

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

PREFIXES = {"ours": "", "the ERP's rule": "incumbent_", "the books": "recorded_"}


def test_every_sku_is_explained_ordered_or_not(world: date, documents: dict[tuple[str, str], Explanation]) -> None:
    rows = warehouse.read(
        "select item_id, location_id, quantity, reason from plan.decisions where as_of = :day", day=world
    )
    assert len(documents) == rows.height >= 70
    for item, place, quantity, reason in rows.iter_rows():
        one = documents[item, place]
        assert (one.decision.quantity, one.decision.sentence) == (quantity, reason)
        assert one.flip.sentence
        assert (one.passport is None) == bool(one.without_passport)
    held = [one for one in documents.values() if one.orders]
    assert {one.decision.ordered for one in held} == {True}
    assert len(held) > 5


def test_the_flip_applied_to_the_inputs_flips_the_decision(
    world: date,
    documents: dict[tuple[str, str], Explanation],
) -> None:
    config = settings.load()
    found = tables.read(world, config)

    def ordered(rows: pl.DataFrame) -> list[bool]:
        beside = (found.offers, found.past, found.measured_on, found.calendars)
        return [bool(q > 0) for q in decide(rows, found.breaks, world, config, *beside).table["quantity"]]

    tried = 0
    for line, (row, was) in enumerate(zip(found.rows.iter_rows(named=True), ordered(found.rows), strict=True)):
        one = documents[row["item_id"], row["location_id"]]
        assert one.decision.ordered == was
        columns = {"on_hand": ["on_hand"], "levels": ["reorder_point", "order_up_to"]}.get(one.flip.input)
        if columns is None:
            continue
        match = re.search(r"\d[\d,]*(\.\d+)?", one.flip.sentence)
        assert match and one.flip.change
        size = float(match.group().replace(",", ""))
        change = size if one.flip.change > 0 else -size
        here = pl.int_range(pl.len()) == line
        changed = found.rows.with_columns(
            pl.when(here).then(pl.col(c) + change).otherwise(pl.col(c)).alias(c) for c in columns
        )
        assert ordered(changed)[line] is not was, one.flip.sentence
        tried += 1
    assert tried > 50


def test_passports_are_those_that_study_verify_computes(
    world: date,
    documents: dict[tuple[str, str], Explanation],
) -> None:
    again = {(row["item_id"], row["location_id"]): row for row in verify.recomputed(world, ())["passports"].to_dicts()}
    compared = 0
    for key, one in documents.items():
        assert (one.passport is not None) == (key in again)
        if one.passport is None:
            continue
        row = again[key]
        assert (one.passport.saving, one.passport.saving_low, one.passport.days) == (
            row["saving"],
            row["saving_low"],
            row["days"],
        )
        for side in one.passport.sides:
            figures = {name: row[PREFIXES[side.name] + name] for name in Side.model_fields if name != "name"}
            assert side.model_dump(exclude={"name"}) == figures
        compared += 1
    assert compared >= 50


def test_arrivals_and_projection_add_up(documents: dict[tuple[str, str], Explanation]) -> None:
    dated = [one for one in documents.values() if one.arrivals and one.projection]
    assert dated
    for one in dated:
        within = [a.quantity for a in one.arrivals if a.day is None or a.day <= one.projection[-1].day]
        assert sum(day.arriving for day in one.projection) == pytest.approx(sum(within))
        assert one.projection[-1].with_order >= one.projection[-1].stock


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["explain", *arguments], catch_exceptions=False)


def test_the_command_prints_text_and_json(
    world: date,
    documents: dict[tuple[str, str], Explanation],
) -> None:
    one = next(one for one in documents.values() if not one.decision.ordered and one.passport)
    printed = json.loads(
        _run(one.item_id, "--location", one.location_id, "--as-of", world.isoformat(), "--json").stdout
    )
    assert printed == [one.model_dump(mode="json")]
    text = " ".join(_run(one.item_id).stdout.split())
    assert "no order" in text
    assert one.flip.sentence in text
    assert "Passport" in text


def test_an_unknown_item_location_or_date_is_refused_with_what_there_is(world: date) -> None:
    with pytest.raises(StockproofError, match="holds no ITEM-00001X") as refused:
        explain("ITEM-00001X")
    assert "did you mean ITEM-0000" in str(refused.value.remedy)
    with pytest.raises(StockproofError, match="item ITEM-000001, holds no WH-9"):
        explain("ITEM-000001", "WH-9")
    with pytest.raises(StockproofError, match="no daily run has decided orders for 2026-06-27"):
        explain("ITEM-000001", as_of=date(2026, 6, 27))
