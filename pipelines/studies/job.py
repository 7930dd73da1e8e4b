"""What the DAG ``simulation_study`` calls: prepare, and of a large study one mapped call a chunk, then finish. The same in one process."""

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

import polars as pl

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.studies import actions, answer, cost_notes, queries, study, tables
from pipelines.studies.question import Question, read, variants
from pipelines.studies.replay_variants import Setting, replayed

AT_ONCE: Final = 6000
"""SKUs × variants that the first task replays and answers itself: mapped tasks would take longer to start than to run."""

PREPARE, REPLAY, TRAINING, ANSWER = "prepare", "replay", "training", "answer"


T = TypeVar("T")


class Stopped(Exception):
    """The study was cancelled, or has failed in another task."""


def run(question: Question) -> dict[str, Any]:
    """A whole study in this process.

    Args:
        question: what is asked.

    Returns:
        The answer; ``status`` is ``cancelled`` where somebody cancelled it.
    """
    number = actions.submit(question, status=tables.RUNNING)
    try:
        prepare(number, at_once=1 << 60)
    except KeyboardInterrupt:
        tables.finish(number, tables.CANCELLED)
        raise
    return known(number)


def submitted(number: str | None, given: dict[str, Any]) -> str:
    """The id of a study that a run of the DAG is for: one submitted before, or the question of Airflow's form."""
    return number or actions.submit(read(given))


def known(number: str) -> dict[str, Any]:
    """The answer, or what is known of a study that has none."""
    head = queries.found(number)
    return head["result"] or {name: head[name] for name in ("simulation_id", "status", "progress", "message")}


def prepare(number: str, at_once: int = AT_ONCE) -> list[dict[str, int]]:
    """Train where the question asks for it; replay and answer a small study at once.

    Args:
        number: the study.
        at_once: SKUs × variants up to which nothing is left to chunks.

    Returns:
        Chunks for :func:`replay_chunk`, after which :func:`finish` answers; none where nothing is left to do.
    """
    return _alive(number, PREPARE, 0, partial(_prepared, number, at_once), otherwise=[])


def _prepared(number: str, at_once: int) -> list[dict[str, int]]:
    of, picked, named = _opened(number)
    if of.question.retrain_days:
        trained = study.boosted(of, picked, partial(_trained, number))
        tables.write_forecasts(number, picked, trained)
    chunks = [
        {"chunk": chunk, "first": low, "last": high, "of": picked.height}
        for chunk, (low, high) in enumerate(study.bounds(picked.height, of.question))
    ]
    if picked.height * len(variants(of.question)) > at_once:
        return chunks
    for chunk in chunks:
        _replay(number, of, picked, chunk)
    _answer(number, of, picked, named)
    return []


def replay_chunk(number: str, chunk: dict[str, int]) -> dict[str, int]:
    """Replay a chunk's SKUs under every variant; its rows replace those of an earlier try. Safe to repeat.

    Args:
        number: the study.
        chunk: one of :func:`prepare`.

    Returns:
        Counts for the log.
    """

    def work() -> int:
        of, picked, _ = _opened(number)
        return _replay(number, of, picked, chunk)

    rows = _alive(number, REPLAY, chunk["chunk"], work, otherwise=0)
    return {"skus": chunk["last"] - chunk["first"], "rows": rows}


def finish(number: str) -> dict[str, Any]:
    """Compute the answer from the rows of all chunks and close the study.

    Returns:
        The answer, or what is known of a study that was cancelled.
    """
    _alive(number, ANSWER, 0, lambda: _answer(number, *_opened(number)), otherwise=None)
    return known(number)


def _answer(number: str, of: Setting, picked: pl.DataFrame, named: int) -> None:
    document = answer.document(
        {**queries.found(number), "status": tables.DONE},
        of.question,
        queries.items(number),
        queries.failing(number),
        picked,
        named,
        of.config.forecast.confidence_level,
    )
    document["sample"]["cost_notes"] = cost_notes.notes(picked, of.question, of.config)
    tables.finish(number, tables.DONE, result=document)


def failed(number: str, message: str) -> None:
    """Close a study whose task has failed for good."""
    tables.finish(number, tables.FAILED, message[:500])


def _opened(number: str) -> tuple[Setting, pl.DataFrame, int]:
    """The setting of a submitted study, its SKUs, and how many its filter leaves of the catalogue.

    Raises:
        StockproofError: the marts have moved on since it was submitted.
    """
    head, as_of = queries.found(number), queries.marts_date()
    if head["as_of"] != as_of:
        fault = f"the study was asked of the marts of {head['as_of']}; a run has replaced them by those of {as_of}"
        raise StockproofError(fault, "submit it again")
    of = study.setting(read(head["question"]), as_of, settings.load())
    return of, *study.chosen(of.question, of.as_of, of.config.forecast.seed)


def _replay(number: str, of: Setting, picked: pl.DataFrame, chunk: dict[str, int]) -> int:
    part = picked[chunk["first"] : chunk["last"]]
    trees = queries.forecasts(number, part) if of.question.retrain_days else None
    per_sku = of.days.shown * len(variants(of.question))

    def go_on(done: int) -> bool:
        return tables.advance(number, REPLAY, chunk["chunk"], done * per_sku, part.height * per_sku)

    rows = replayed(of, part, trees, go_on)
    if rows is None:
        raise Stopped
    tables.write(number, chunk["chunk"], rows.items, rows.days, rows.failing)
    return rows.items.height


def _trained(number: str, done: int, of: int) -> None:
    if not tables.advance(number, TRAINING, 0, done, of):
        raise Stopped


def _alive(number: str, stage: str, chunk: int, work: Callable[[], T], otherwise: T) -> T:
    """Work with a heartbeat while it lasts; a fault closes the study as failed.

    Returns:
        What the work returns; ``otherwise`` where the study has ended or ends meanwhile.
    """
    if not tables.begin(number, stage, chunk):
        return otherwise
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(tables.BEAT_SECONDS):
            with contextlib.suppress(StockproofError):  # the warehouse may be away for a moment
                tables.beat(number, stage, chunk)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        return work()
    except Stopped:
        return otherwise
    except Exception as fault:
        tables.finish(number, tables.FAILED, str(fault)[:500])
        raise
    finally:
        ended.set()
        thread.join()
        tables.rest(number, stage, chunk)
