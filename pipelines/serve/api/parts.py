"""Parameters and examples that several nouns share."""

import base64
import json
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final

from fastapi import Header, Path, Query

from pipelines.core.errors import StockproofError

AsOf = Annotated[
    date | None,
    Query(
        ge=date(1970, 1, 1),
        le=date(2999, 12, 31),
        json_schema_extra={"pattern": r"^(19[7-9][0-9]|2[0-9]{3})-[0-9]{2}-[0-9]{2}$"},
        description="As-of date of the run; without it, the newest.",
        examples=["2026-06-28"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=500, description="Most rows of a page.")]
After = Annotated[str, Query(max_length=400, description="`next` of the page before.")]
Text = Annotated[str, Query(max_length=100)]
Id = Annotated[str, Path(max_length=128)]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=200, description="The same request under the same key is done once."),
]
NO_KEY: Key = None


OPEN: Final[dict[str, Any]] = {"security": []}
"""Of an operation that takes no sign-in."""

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
JSON: Final = "application/json"


def example(
    document: Any, status: int = 200, media_type: str = JSON, *, others: Sequence[str] = ()
) -> dict[int | str, dict[str, Any]]:
    """An answer of the OpenAPI document, by example.

    Args:
        document: the example.
        status: of the answer.
        media_type: of the example.
        others: media types that the answer may have instead, by its parameter ``format``.
    """
    content: dict[str, Any] = {media_type: {"schema": {}, "example": document}} | {
        one: {"schema": {}} for one in others
    }
    return {status: {"description": "As in the example.", "content": content}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Faults that an operation may answer, beside those that each may."""
    schema = {"$ref": "#/components/schemas/Problem"}
    words = {
        401: "Nobody is signed in",
        403: "Not allowed",
        404: "Not found",
        409: "Somebody or a newer run came first",
    }
    words |= {
        422: "Not valid",
        429: "Too many requests",
        503: "Another system is away",
        413: "Too long",
        400: "Not readable",
    }
    content = {"application/problem+json": {"schema": schema}}
    return {
        one: {"description": words[one], "content": content} for one in (400, 401, 403, 413, 422, 429, 503, *statuses)
    }


def cursor(*parts: str) -> str:
    """Where the next page begins, as one word."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def after(word: str, parts: int) -> tuple[str, ...] | None:
    """What :func:`cursor` made a word of; None of an empty one.

    Raises:
        StockproofError: it is none.
    """
    if not word:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)))
        if not isinstance(found, list) or len(found) != parts or not all(isinstance(part, str) for part in found):
            raise ValueError(word)
    except ValueError:
        raise StockproofError("`after` is not a position in a list", "take `next` as the page before gave it") from None
    return tuple(found)
