"""What a person does with studies: submit, cancel, delete. One transaction each."""

import getpass
from collections.abc import Sequence

from pipelines import settings
from pipelines.core.costs import service_conflicts
from pipelines.core.errors import StockproofError
from pipelines.settings import Settings
from pipelines.studies import queries, study, tables
from pipelines.studies.question import Question, variants


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
    config, as_of = settings.load(), queries.marts_date()
    refuse_contradicting_costs(question, config)
    of = study.setting(question, as_of, config)
    picked, named = study.chosen(question, as_of, config.forecast.seed)
    author = question.author or config.approvals.author or getpass.getuser()
    asked = question.model_copy(update={"author": author}).model_dump(mode="json")
    sizes = {"items": picked.height, "of": named, "days": of.days.shown, "variants": len(variants(question))}
    return tables.start(as_of, of.first, of.last, asked, sizes, status)


def refuse_contradicting_costs(question: Question, config: Settings) -> None:
    """The cost linter on the question's costs: a service target and a ratio of costs must imply the same service level.

    Raises:
        StockproofError: they do not.
    """
    target = question.change.service_target or config.costs.service_target
    ratio = config.costs.stockout_to_overstock_ratio
    factor = config.costs.service_factor if question.change.service_target is None else None
    conflicts = service_conflicts(target, factor, ratio if ratio is not None else None)
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
