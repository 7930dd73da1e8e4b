"""What a person does with studies: submit, cancel, delete. One transaction each."""

import getpass
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pipelines import settings
from pipelines.core.costs import service_conflicts
from pipelines.core.errors import StockproofError
from pipelines.core.suggestions import refuse_unknown
from pipelines.io import files
from pipelines.settings import Settings
from pipelines.studies import queries, report_page, report_workbook, study, tables
from pipelines.studies.question import Question, read, variants

FORMS: Final = ("html", "pdf", "xlsx")


def submit(question: Question, *, status: str = tables.QUEUED) -> str:
    """Check a question against the catalogue and the recorded history, and keep it as a queued study.

    Args:
        question: what is asked.
        status: queued, or running where the caller replays it at once.

    Returns:
        The study's id.

    Raises:
        StockproofError: no SKU matches, days outside the recorded history, a name that does not exist, costs that contradict each other.
    """
    tables.fail_silent()
    config, as_of = settings.load(), queries.marts_date()
    question = with_saved_filter(question, config)
    refuse_contradicting_costs(question, config)
    of = study.setting(question, as_of, config)
    picked, named = study.chosen(question, as_of, config.forecast.seed)
    author = question.author or config.approvals.author or getpass.getuser()
    asked = question.model_copy(update={"author": author}).model_dump(mode="json")
    sizes = {"items": picked.height, "of": named, "days": of.days.shown, "variants": len(variants(question))}
    return tables.start(as_of, of.first, of.last, asked, sizes, status)


def with_saved_filter(question: Question, config: Settings) -> Question:
    """The question with the SKUs of its saved filter; what it names itself goes before the filter's own list.

    Raises:
        StockproofError: no filter has this name, or it has a key that no filter takes.
    """
    if not question.saved:
        return question
    known = config.studies.filters
    refuse_unknown([question.saved], list(known), "studies.filters of the configuration", "name one of them")
    named = {key: value for key, value in question.where.model_dump().items() if value}
    whole = question.model_dump(mode="json") | {"where": known[question.saved] | named}
    return read(whole)


def refuse_contradicting_costs(question: Question, config: Settings) -> None:
    """The cost linter on the question's costs: a service target and a ratio of costs must imply the same service level.

    Raises:
        StockproofError: they do not.
    """
    target = question.change.service_target or config.costs.service_target
    ratio = config.costs.stockout_to_overstock_ratio
    factor = config.costs.service_factor if question.change.service_target is None else None
    conflicts = service_conflicts(target, factor, ratio)
    if conflicts:
        raise StockproofError("costs of the question: " + "; ".join(conflicts), "change one of them")


def cancel(given: str) -> str:
    """Cancel a study that is queued or runs; returns its id.

    Raises:
        StockproofError: there is no such study, or it has ended.
    """
    known = queries.found(given)
    if not tables.cancel(known["simulation_id"]):
        raise StockproofError(
            f"study {known['simulation_id'][:8]} does not run, it is {known['status']}", "`stockproof study list`"
        )
    return str(known["simulation_id"])


def prune(keep: int, only: Sequence[str] = ()) -> int:
    """Delete all ended studies but the newest, or those named.

    Args:
        keep: how many of the newest stay.
        only: ids, or their beginnings, to delete instead.

    Returns:
        Number of studies deleted.
    """
    tables.fail_silent()
    return tables.delete([queries.found(name)["simulation_id"] for name in only]) if only else tables.delete_old(keep)


def abandon(number: str, message: str) -> None:
    """Close a study that could not be started."""
    tables.finish(number, tables.FAILED, message)


def report(names: Sequence[str], form: str, out: Path | None = None) -> Path:
    """Write the report of a study, or of a comparison of several.

    Args:
        names: ids, or their beginnings.
        form: ``html``, ``pdf`` or ``xlsx``.
        out: the file; default: among the reports of the state folder.

    Returns:
        The file.

    Raises:
        StockproofError: another form, or a study without an answer.
    """
    refuse_unknown([form], FORMS, "the forms", "--format html, pdf or xlsx")
    head = queries.found(names[0])
    if len(names) > 1:
        compared = queries.compared(names)
        content = report_workbook.comparison(compared) if form == "xlsx" else report_page.comparison(compared).encode()
    else:
        queries.sides_of(head)  # refuses a study without an answer
        answer = head["result"]
        content = report_workbook.study(answer) if form == "xlsx" else _page(head).encode()
    if form == "pdf":
        content = _pdf(content.decode())
    name = (
        "comparison-" + "-".join(one[:8] for one in names) if len(names) > 1 else f"study-{head['simulation_id'][:8]}"
    )
    return files.write_atomic(out or files.state_dir("reports") / f"{name}.{form}", content)


def _page(head: dict[str, Any]) -> str:
    """The page of one study; SKUs day by day where its marts are still there."""
    first = head["result"]["variants"][0]["variant"]
    weekly = [row for row in queries.daily(head, "week") if row["variant"] in ("", first)]
    best, worst = queries.extremes(head, 10)
    shown = [*best[:3], *worst[:3]] if queries.marts_date() == head["as_of"] else []
    items = []
    for row in shown:
        days = queries.item_days(head, f"{row['item_id']}@{row['location_id']}")
        title = f"{row['item_id']} at {row['location_id']}: {row['cost_saved'] or 0.0:,.0f} saved"
        items.append((title, [day for day in days if day["variant"] in ("", first)]))
    return report_page.study(head["result"], weekly, items, worst)


def _pdf(html: str) -> bytes:
    try:
        from weasyprint import HTML
    except OSError as fault:
        raise StockproofError(
            f"the PDF cannot be made here: {str(fault).splitlines()[0]}",
            "`apt-get update && apt-get install libpango-1.0-0 libpangoft2-1.0-0`, or another --format",
        ) from None
    logging.getLogger("weasyprint").setLevel(logging.ERROR)  # the style of the screen's plots means nothing on paper
    made: bytes = HTML(string=report_page.printable(html)).write_pdf()
    return made
