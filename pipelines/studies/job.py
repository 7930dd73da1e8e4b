"""What the DAG ``simulation_study`` calls: prepare, one mapped call a chunk, finish. The same calls run a study in one process."""

import contextlib
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.studies import actions, answer, queries, study, tables
from pipelines.studies.question import Question, read, variants
from pipelines.studies.replay_variants import Rows, Setting, replayed

AT_ONCE: Final = 3000
"""SKUs × variants that the first task replays itself: mapped tasks would take longer to start than to run."""

PREPARE, REPLAY, TRAINING = "prepare", "replay", "training"


def run(question: Question) -> dict[str, Any]:
    """A whole study in this process.

    Args:
        question: what is asked.

    Returns:
        The answer; ``status`` is ``cancelled`` where somebody cancelled it.
    """
    number = actions.submit(question, status=tables.RUNNING)
    try:
        for chunk in prepare(number, at_once=1 << 60):
            replay_chunk(number, chunk)
        return finish(number)
    except KeyboardInterrupt:
        tables.finish(number, tables.CANCELLED)
        raise


def submitted(number: str | None, given: dict[str, Any]) -> str:
    """The id of a study that a run of the DAG is for: one submitted before, or the question of Airflow's form."""
    return number or actions.submit(read(given))


def prepare(number: str, at_once: int = AT_ONCE) -> list[dict[str, int]]:
    """Train where the question asks for it, and replay small studies at once.

    Args:
        number: the study.
        at_once: SKUs × variants up to which nothing is left to chunks.

    Returns:
        Chunks for :func:`replay_chunk`; none where nothing is left to do.
    """
    with _alive(number, PREPARE, 0) as running:
        if not running:
            return []
        of = _setting(number)
        picked, _ = study.chosen(of.question, of.as_of, of.config.forecast.seed)
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
            _replay(number, of, chunk)
        return []


def replay_chunk(number: str, chunk: dict[str, int]) -> dict[str, int]:
    """Replay a chunk's SKUs under every variant; its rows replace those of an earlier try. Safe to repeat.

    Args:
        number: the study.
        chunk: one of :func:`prepare`.

    Returns:
        Counts for the log.
    """
    with _alive(number, REPLAY, chunk["chunk"]) as running:
        rows = _replay(number, _setting(number), chunk) if running else None
    return {"skus": chunk["last"] - chunk["first"], "rows": rows.items.height if rows else 0}


def finish(number: str) -> dict[str, Any]:
    """Compute the answer from the rows and close the study.

    Returns:
        The answer, or what is known of a study that was cancelled.
    """
    head = queries.found(number)
    if head["status"] == tables.RUNNING:
        of = _setting(number)
        picked, named = study.chosen(of.question, of.as_of, of.config.forecast.seed)
        document = answer.document(
            {**head, "status": tables.DONE}, of.question, queries.items(number), queries.failing(number), picked, named,
            of.config.forecast.confidence_level,
        )  # fmt: skip
        tables.finish(number, tables.DONE, result=document)
        return document
    return {name: head[name] for name in ("simulation_id", "status", "progress", "message")}


def failed(number: str, message: str) -> None:
    """Close a study whose task has failed for good."""
    tables.finish(number, tables.FAILED, message[:500])


def _setting(number: str) -> Setting:
    """The setting of a submitted study.

    Raises:
        StockproofError: the marts have moved on since it was submitted.
    """
    known, as_of = queries.found(number), queries.marts_date()
    if known["as_of"] != as_of:
        fault = f"the study was asked of the marts of {known['as_of']}; a run has replaced them by those of {as_of}"
        tables.finish(number, tables.FAILED, fault)
        raise StockproofError(fault, "submit it again")
    return study.setting(read(known["question"]), as_of, settings.load())


def _replay(number: str, of: Setting, chunk: dict[str, int]) -> Rows | None:
    picked, _ = study.chosen(of.question, of.as_of, of.config.forecast.seed)
    part = picked[chunk["first"] : chunk["last"]]
    trees = queries.forecasts(number, part) if of.question.retrain_days else None
    per_sku = of.days.shown * len(variants(of.question))

    def go_on(done: int) -> bool:
        return tables.advance(number, REPLAY, chunk["chunk"], done * per_sku, part.height * per_sku)

    rows = replayed(of, part, trees, go_on)
    if rows is not None:
        tables.write(number, chunk["chunk"], rows.items, rows.days, rows.failing)
    return rows


def _trained(number: str, done: int, of: int) -> None:
    tables.advance(number, TRAINING, 0, done, of)


@contextlib.contextmanager
def _alive(number: str, stage: str, chunk: int) -> Iterator[bool]:
    """A heartbeat while the work lasts; a fault closes the study as failed. Yields whether the study runs."""
    if not tables.begin(number, stage, chunk):
        yield False
        return
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(tables.BEAT_SECONDS):
            with contextlib.suppress(StockproofError):  # the warehouse may be away for a moment
                tables.beat(number, stage, chunk)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield True
    except Exception as fault:
        tables.finish(number, tables.FAILED, str(fault)[:500])
        raise
    finally:
        ended.set()
        thread.join()
        tables.rest(number, stage, chunk)
