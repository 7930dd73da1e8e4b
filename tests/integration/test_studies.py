"""Studies on a real PostgreSQL: asked, replayed, kept, shown, compared, cancelled, deleted."""

import json
from datetime import timedelta

import jsonschema
import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from typer.testing import CliRunner

from pipelines import settings
from pipelines.commands.study import app
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.settings import ROOT
from pipelines.studies import actions, job, queries, replay_variants, report_page, study, tables
from pipelines.studies.question import read
from tests.integration.replay_marts import fill_marts
from tests.unit.replay.worlds import AS_OF

pytestmark = pytest.mark.servers

LEVEL = {"item_id": "i0001", "location_id": "w", "reorder_point": 1, "order_up_to": 2}


@pytest.fixture(scope="module", autouse=True)
def marts(warehouse_url):
    fill_marts()


def call(*arguments):
    answered = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert answered.exit_code == 0, answered.output
    return answered.stdout


def ask(**question):
    return job.run(read(question))


def without_id(answer):
    return {**answer, "simulation_id": ""}


def test_a_study_of_an_unknown_item_is_refused_before_anything_is_queued():
    with pytest.raises(StockproofError, match=r"item_id, holds no i00O7\n  remedy: did you mean i0007"):
        actions.submit(read({"where": {"items": ["i0001", "i00O7"]}, "days": 90}))
    assert json.loads(call("list", "--json")) == []


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"where": {"categories": ["C0"], "suppliers": ["S9"]}}, "supplier_id, holds no S9"),
        ({"where": {"demand_classes": ["smooth"], "items": ["i0000"]}}, "no SKU matches all parts of the filter"),
        ({"days": 720}, "does not fit into the recorded history"),
        ({"days": 30, "until": "2026-07-05"}, "does not fit"),
        ({"policies": ["levels"], "levels": [LEVEL | {"location_id": "x"}]}, "holds no i0001@x"),
        ({"days": 60, "change": {"closed_suppliers": ["S7"]}}, "supplier_id, holds no S7"),
    ],
)
def test_a_bad_question_is_refused_with_what_is_allowed(question, message):
    with pytest.raises(StockproofError, match=message) as refused:
        actions.submit(read(question))
    assert refused.value.remedy
    assert json.loads(call("list", "--json")) == []


def test_a_study_is_answered_kept_shown_compared_and_deleted():
    first = json.loads(call("run", "--here", "--items", "8", "--days", "90", "--json"))
    assert (first["status"], first["total_items"], first["total_days"]) == ("completed", 8, 90)
    assert (first["start_date"], first["end_date"]) == ("2026-03-31", "2026-06-28")
    assert first["daily_comparison"] is None
    jsonschema.validate(first, json.loads((ROOT / "docs" / "study-answer.schema.json").read_text()))
    metrics = first["global_metrics"]
    assert metrics["stockout_rate"]["simulated"] + metrics["service_level"]["simulated"] == pytest.approx(1.0)
    assert metrics["inventory_value"]["simulated"] < metrics["inventory_value"]["incumbent"]
    saved = first["money"]["against_incumbent"]["total_cost_saved"]
    assert saved["low"] <= saved["value"] <= saved["high"]
    benefits = [row["cost_saved"] for row in first["item_level_summary"]]
    assert benefits == sorted(benefits, reverse=True)
    assert json.loads(call("show", first["simulation_id"][:8], "--json")) == first
    monthly = json.loads(call("show", "last", "--daily", "month", "--page", "2", "--per-page", "3", "--json"))
    assert {row["policy"] for row in monthly["daily_comparison"]} == {"recorded", "incumbent", "candidate"}
    assert len(monthly["item_level_summary"]) == 3 and monthly["page"]["rows"] in (7, 8)
    top = json.loads(call("run", "--here", "--top", "4", "--from", "2026-01-01", "--until", "2026-05-31", "--json"))
    assert top["sample"]["biased"]
    assert {row["item_id"] for row in top["item_level_summary"]} == {"i0008", "i0009", "i0010", "i0011"}
    compared = json.loads(call("compare", first["simulation_id"], top["simulation_id"], "--json"))["comparisons"][0]
    assert {row["key"] for row in compared["questions"]} >= {"sample", "size", "since", "until"}
    for words in ("our policy", "the books", "Against the ERP's rule"):
        assert words in call("show", "last")
    assert top["simulation_id"][:8] in call("list")
    assert call("prune", "--keep", "1") == "1 study deleted\n"
    assert [row["simulation_id"] for row in json.loads(call("list", "--json"))] == [top["simulation_id"]]


def test_chunks_and_batches_change_no_answer(monkeypatch):
    whole = ask(days=120)
    monkeypatch.setattr(replay_variants, "BATCH", 5)
    monkeypatch.setattr(study, "CHUNK_REPLAYS", 64)
    assert without_id(ask(days=120)) == without_id(whole)
    number = actions.submit(read({"days": 120}))
    chunks = job.prepare(number, at_once=0)
    for chunk in json.loads(json.dumps(chunks)):  # as XCom hands it on; each twice, as after a retry
        job.replay_chunk(number, chunk)
        job.replay_chunk(number, chunk)
    assert without_id(job.finish(number)) == without_id(whole)
    assert whole["sample"]["books_fail"] == 1


def test_a_saved_filter_narrows_the_choice_and_the_questions_own_list_replaces_its(monkeypatch):
    monkeypatch.setenv(
        "STOCKPROOF_STUDIES__FILTERS", json.dumps({"few": {"items": ["i0001", "i0002"], "locations": ["w"]}})
    )
    settings.load.cache_clear()
    assert ask(days=60, saved="few")["total_items"] == 2
    assert ask(days=60, saved="few", where={"items": ["i0003"]})["total_items"] == 1
    with pytest.raises(StockproofError, match=r"studies\.filters of the configuration holds no many"):
        actions.submit(read({"saved": "many"}))
    monkeypatch.undo()
    settings.load.cache_clear()


def test_sums_of_the_breakdowns_are_the_global_figures():
    answer = ask(days=120)
    for name in ("category", "supplier", "class", "abc", "location"):
        groups = answer[f"{name}_breakdown"]
        for metric in ("inventory_value", "total_orders", "total_cost"):
            for side in ("simulated", "real", "incumbent"):
                whole = answer["global_metrics"][metric][side]
                if whole is not None:
                    assert sum(group[metric][side] for group in groups) == pytest.approx(whole, rel=1e-6)


def test_equal_studies_differ_in_nothing_and_a_change_by_its_effect():
    one, same = ask(days=120, policies=["min_max"]), ask(days=120, policies=["min_max"])
    dearer = ask(days=120, policies=["min_max"], change={"holding_cost_factor": 2.0})
    compared = queries.compared([one["simulation_id"], same["simulation_id"], dearer["simulation_id"]])["comparisons"]
    assert compared[0]["questions"] == [] and compared[0]["items"] == []
    assert {row["difference"] for row in compared[0]["figures"]} == {0.0}
    assert [row["key"] for row in compared[1]["questions"]] == ["change.holding_cost_factor"]
    changed = {row["metric"]: row for row in compared[1]["figures"]}
    holding = one["global_metrics"]["holding_cost"]["simulated"]
    assert changed["holding_cost"]["difference"] == pytest.approx(holding)
    assert changed["total_cost"]["difference"] == pytest.approx(holding)
    assert changed["ordering_cost"]["difference"] == changed["stockout_days"]["difference"] == 0.0


def test_levels_of_the_erp_given_as_a_file_are_its_own_rule():
    known = warehouse.read(
        "select item_id, location_id, reorder_point, order_up_to from marts.dim_sku where order_up_to is not null"
    )
    answer = ask(days=120, policies=["levels", "min_max"], levels=known.to_dicts())
    levels, rule = (one["metrics"]["total_cost"]["simulated"] for one in answer["variants"])
    assert levels == pytest.approx(rule)


def test_more_service_costs_more_stock_along_the_trade_off_curve():
    answer = ask(
        days=120,
        policies=["base_stock"],
        sweep={"parameter": "service_target", "values": [0.6, 0.8, 0.95, 0.99]},
        stock_budget=1e9,
    )
    points = answer["trade_off_curve"][:4]
    stock, fill = ([point[name] for point in points] for name in ("inventory_value", "fill_rate"))
    assert stock == sorted(stock) and fill == sorted(fill)
    assert [point["variant"] for point in answer["trade_off_curve"][4:]] == ["incumbent", "real"]
    assert answer["stock_budget"]["best"]["value"] == 0.99


def test_a_closed_supplier_leaves_shelves_empty_and_more_demand_needs_more():
    base = ask(days=120, policies=["min_max"])["global_metrics"]
    closed = ask(days=120, policies=["min_max"], change={"closed_suppliers": ["S0", "S1", "S2"]})["global_metrics"]
    more = ask(days=120, policies=["min_max"], change={"demand_factor": 1.5})["global_metrics"]
    assert closed["stockout_rate"]["simulated"] > base["stockout_rate"]["simulated"]
    assert closed["stockout_rate"]["real"] == base["stockout_rate"]["real"] == more["stockout_rate"]["real"]
    assert more["total_orders"]["simulated"] > base["total_orders"]["simulated"]


def test_days_of_one_sku_sum_to_its_row():
    answer = ask(days=90, where={"items": ["i0001"]})
    found = queries.found(answer["simulation_id"])
    days = queries.item_days(found, "i0001@w")
    ours = [row for row in days if row["policy"] == "candidate"]
    assert len(ours) == 90
    assert sum(row["ordered"] > 0 for row in ours) == answer["global_metrics"]["total_orders"]["simulated"]
    with pytest.raises(StockproofError, match="holds no i0002"):
        queries.item_days(found, "i0002")


def test_a_study_retrains_trees_on_its_way_and_earlier_days_know_nothing_of_later_ones():
    since, until = (AS_OF - timedelta(days=days) for days in (89, 21))
    question = {"since": since.isoformat(), "until": until.isoformat()}
    before = ask(**question, retrain_days=91)
    assert before["global_metrics"] != ask(**question)["global_metrics"]
    later = "update marts.fct_daily_demand set quantity = quantity {} 1000 where day > date '2026-06-07'"
    warehouse.execute(later.format("+"))
    assert without_id(ask(**question, retrain_days=91)) == without_id(before)
    warehouse.execute(later.format("-"))


def test_a_cancelled_study_stops_and_keeps_nothing(monkeypatch):
    monkeypatch.setattr(replay_variants, "BATCH", 4)
    advance = tables.advance

    def cancel_after_the_first_batch(number, *progress):
        assert advance(number, *progress)
        assert "is cancelled" in call("cancel", "last")
        return advance(number, *progress)

    monkeypatch.setattr(tables, "advance", cancel_after_the_first_batch)
    answer = ask(days=60)
    found = queries.found(answer["simulation_id"])
    assert (found["status"], found["result"]) == ("cancelled", None)
    assert 0 < found["progress"] < 1
    assert not queries.items(answer["simulation_id"]).height
    with pytest.raises(StockproofError, match="does not run, it is cancelled"):
        call("cancel", "last")


def test_a_study_whose_process_was_killed_is_seen_as_failed():
    number = actions.submit(read({"days": 60}))
    assert tables.begin(number, job.REPLAY, 0)
    assert queries.state(number)["status"] == "running"
    warehouse.execute("update ops.study_chunks set heartbeat_at = now() - interval '21 seconds'")
    assert queries.state(number)["status"] == "failed"
    assert "killed" in queries.found(number)["message"]
    assert json.loads(call("list", "--status", "failed", "--json"))[0]["simulation_id"] == number
    actions.prune(0)
    assert json.loads(call("list", "--status", "failed", "--json")) == []


def test_a_study_asked_of_marts_that_were_replaced_fails_with_the_reason():
    number = actions.submit(read({"days": 60}))
    warehouse.execute("update marts.dim_sku set as_of = date '2026-06-29'")
    with pytest.raises(StockproofError, match=r"asked of the marts of 2026-06-28; a run has replaced them"):
        job.prepare(number)
    warehouse.execute(f"update marts.dim_sku set as_of = date '{AS_OF}'")
    assert queries.state(number)["status"] == "failed"


def test_the_number_of_queries_does_not_grow_with_items_or_days(monkeypatch):
    def queries_of(**question):
        counted = []
        read_many = warehouse.read_many
        monkeypatch.setattr(
            warehouse, "read_many", lambda queries, **values: (counted.extend(queries), read_many(queries, **values))[1]
        )
        ask(**question)
        monkeypatch.setattr(warehouse, "read_many", read_many)
        return len(counted)

    assert queries_of(days=30, where={"items": ["i0001"]}) == queries_of(days=300)


def test_page_pdf_and_workbook_of_a_study_carry_the_same_numbers(tmp_path):
    sweep = {"parameter": "service_target", "values": [0.8, 0.95]}
    answer = ask(days=120, policies=["base_stock"], sweep=sweep, name="<b>=1+1</b>")
    page, book, pdf = (tmp_path / f"study.{form}" for form in ("html", "xlsx", "pdf"))
    for form, path in (("html", page), ("xlsx", book), ("pdf", pdf)):
        assert str(path) in call("report", answer["simulation_id"], "--format", form, "--out", str(path)).replace(
            "\n", ""
        )
    html = page.read_text()
    assert "&lt;b&gt;=1+1" in html and "<b>=1+1" not in html
    rows = {row[0]: row for row in load_workbook(book)["Global"].iter_rows(values_only=True)}
    text = "".join(one.extract_text() for one in PdfReader(pdf).pages)
    for name, _, form in report_page.FIGURES:
        for column, side in enumerate(("real", "incumbent", "simulated"), 1):
            value = answer["global_metrics"][name][side]
            assert rows[name][column] == (None if value is None else pytest.approx(value)), (name, side)
            assert form(value) in html and form(value) in text, (name, side)


def test_the_report_of_a_comparison_names_what_differed(tmp_path):
    one, other = (
        ask(days=60, policies=["min_max"], change={"demand_factor": factor})["simulation_id"] for factor in (1.0, 1.5)
    )
    path = tmp_path / "compared.html"
    call("report", one, other, "--out", str(path))
    assert "change.demand_factor" in path.read_text()
