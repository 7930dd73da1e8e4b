"""The only door to a language model: an OpenAI-compatible address, spaced, retried, behind a breaker, below a monthly limit."""

import hashlib
import time
from datetime import datetime
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from pydantic import BaseModel

from pipelines.config_schema import Advisor
from pipelines.core.errors import StockproofError
from pipelines.io import breaker, warehouse

NAME: Final = "advisor"

ATTEMPTS: Final = 3

LONGEST_WAIT: Final = 30.0
"""Seconds that a server's Retry-After is heeded at most."""

_OVERHEAD_BYTES: Final = 4_000
"""Of a request beside its messages: the schema and the protocol."""

Parsed = TypeVar("Parsed", bound=BaseModel)

_last_call = {"at": 0.0}
"""One address, one pace: the moment of the last call of this process."""


class OverLimit(StockproofError):
    """The next call could pass the monthly limit, so it is not made."""


def input_hash(system: str, document: str, config: Advisor) -> str:
    """Fingerprint of a question: the same one is not paid for twice."""
    return hashlib.sha256("\n".join((config.model, system, document)).encode()).hexdigest()


def ask(system: str, document: str, schema: type[Parsed], config: Advisor, key: dict[str, Any]) -> Parsed:
    """Ask the model.

    Each attempt first reserves what it could cost at most (a token is at least a byte), under a lock, so that runs at once never pass the
    limit together; a call whose cost is not known afterwards keeps its reservation.

    Args:
        system: what the model is to do.
        document: what it is to judge.
        schema: of the answer.
        config: address, model, prices, limit.
        key: ``as_of, item_id, location_id, input_hash`` of the row in ops.advisor_calls.

    Returns:
        The answer, validated.

    Raises:
        OverLimit: the call could pass the monthly limit.
        StockproofError: the breaker is open, or the model gave no valid answer in three attempts.
    """
    import openai
    from pydantic import ValidationError

    # An answer that is no document of the protocol at all fails inside the client, as an attribute that is not there.
    faults = (
        openai.APIError, openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError, ValidationError, ValueError,
        AttributeError, TypeError,
    )  # fmt: skip
    with openai.OpenAI(
        api_key=config.api_key or "none", base_url=config.url, timeout=config.timeout_seconds, max_retries=0
    ) as client:
        try:
            return breaker.call(
                NAME,
                lambda: _attempt(client, system, document, schema, config, key),
                attempts=ATTEMPTS,
                retry_on=faults,
            )
        except faults as fault:
            raise StockproofError(
                f"the advisor gave no answer: {type(fault).__name__}: {str(fault)[:200]}", "see docs/advisor.md"
            ) from None


def _attempt(
    client: Any, system: str, document: str, schema: type[Parsed], config: Advisor, key: dict[str, Any]
) -> Parsed:
    import openai

    _space(config.spacing_seconds)
    size = len(system.encode()) + len(document.encode()) + _OVERHEAD_BYTES
    call = reserve(size * config.price_in / 1e6 + config.max_tokens * config.price_out / 1e6, config.monthly_limit, key)
    try:
        answer = client.chat.completions.parse(
            model=config.model,
            max_tokens=config.max_tokens,
            response_format=schema,
            messages=[{"role": "system", "content": system}, {"role": "user", "content": document}],
        )
    except openai.RateLimitError as fault:
        settle(call, 0.0, fault="429")
        time.sleep(min(_seconds(fault.response.headers.get("retry-after")), LONGEST_WAIT))
        raise
    except Exception as fault:
        settle(call, None, fault=f"{type(fault).__name__}: {str(fault)[:200]}")
        raise
    usage, parsed = answer.usage, answer.choices[0].message.parsed if answer.choices else None
    cost = None
    if usage is not None:
        cost = usage.prompt_tokens * config.price_in / 1e6 + usage.completion_tokens * config.price_out / 1e6
        tokens = {"tokens_in": usage.prompt_tokens, "tokens_out": usage.completion_tokens}
    else:
        tokens = {}
    if parsed is None:
        settle(call, cost, fault="no answer in the schema", **tokens)
        raise ValueError("no answer in the schema")
    settle(call, cost, **tokens)
    return parsed  # type: ignore[no-any-return]


def reserve(most: float, limit: float, key: dict[str, Any]) -> int:
    """Set aside what a call could cost; one run at a time.

    Args:
        most: money.
        limit: money a calendar month.
        key: columns of the row.

    Returns:
        Number of the call.

    Raises:
        OverLimit: this month's costs and reservations leave less.
    """
    month = f"{_now():%Y-%m}"
    with warehouse.transaction() as connection:
        connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('ops.advisor_calls'))"))
        query = "select coalesce(sum(coalesce(cost, reserved)), 0) from ops.advisor_calls where month = :month"
        spent = float(connection.execute(sa.text(query), {"month": month}).scalar_one())
        if spent + most > limit:
            raise OverLimit(
                f"the advisor's next call could cost {most:.4f}, and {spent:.4f} of {limit:.2f} are spent in {month}",
                "raise advisor.monthly_limit, or wait for the next month",
            )
        statement = """insert into ops.advisor_calls (month, as_of, item_id, location_id, input_hash, reserved)
            values (:month, :as_of, :item_id, :location_id, :input_hash, :reserved) returning call_id"""
        return int(connection.execute(sa.text(statement), {"month": month, "reserved": most, **key}).scalar_one())


def settle(call: int, cost: float | None, *, fault: str = "", tokens_in: int = 0, tokens_out: int = 0) -> None:
    """Note what a call did cost; None: not known, the reservation stays."""
    warehouse.execute(
        """update ops.advisor_calls set cost = :cost, fault = :fault, tokens_in = :tokens_in, tokens_out = :tokens_out
        where call_id = :call""",
        call=call,
        cost=cost,
        fault=fault,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
    )


def _now() -> datetime:
    return breaker.wall_clock()


def _space(seconds: float) -> None:
    wait = _last_call["at"] + seconds - time.monotonic()
    if wait > 0:
        time.sleep(wait)
    _last_call["at"] = time.monotonic()


def _seconds(value: str | None) -> float:
    try:
        return max(float(value or 0.0), 0.0)
    except ValueError:
        return 0.0
