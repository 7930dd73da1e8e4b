"""What a person notes at the desk: exceptions assigned, snoozed, done; notes; saved filters. One transaction each."""

from datetime import date
from typing import Final

from pipelines.core.errors import StockproofError
from pipelines.io import warehouse

KINDS: Final = ("exception", "order", "sku", "vendor")
"""What a note may be about: the first part of a subject, ``kind:id``."""

LONGEST: Final = 2_000
"""Characters of a note."""

_EVENT: Final = """
insert into desk.events (subject, event, author, assignee, until, text) values (:subject, :event, :author, :assignee, :until, :text)
"""

_VIEW: Final = """
insert into desk.views (user_name, page, name, query) values (:user, :page, :name, :query)
on conflict (user_name, page, name) do update set query = excluded.query, at = now()
"""


def note(subject: str, text: str, author: str) -> None:
    """Add a note.

    Args:
        subject: ``kind:id``, kind one of :data:`KINDS`.
        text: the note.
        author: who writes it.

    Raises:
        StockproofError: no text, or a subject of another kind.
    """
    if not text.strip():
        raise StockproofError("a note needs a text", "write a sentence for those who look later")
    _event(subject, "note", author, text=text.strip())


def assign(subject: str, assignee: str, author: str) -> None:
    """Give an exception to a person; an empty name gives it back to all."""
    _event(subject, "assigned", author, assignee=assignee.strip()[:64])


def snooze(subject: str, until: date, author: str) -> None:
    """Put an exception aside until a day."""
    _event(subject, "snoozed", author, until=until)


def done(subject: str, author: str, text: str = "") -> None:
    """Close an exception, with a remark."""
    _event(subject, "done", author, text=text.strip())


def reopen(subject: str, author: str) -> None:
    """Take a snooze or a closing back."""
    _event(subject, "reopened", author)


def save_view(user: str, page: str, name: str, query: str) -> None:
    """Keep a filter of a page under a name, for one user.

    Raises:
        StockproofError: no name.
    """
    if not name.strip():
        raise StockproofError("a saved filter needs a name", "type one beside the button")
    warehouse.execute(_VIEW, user=user, page=page, name=name.strip()[:60], query=query[:LONGEST])


def delete_view(user: str, page: str, name: str) -> None:
    """Forget a saved filter."""
    statement = "delete from desk.views where user_name = :user and page = :page and name = :name"
    warehouse.execute(statement, user=user, page=page, name=name)


def _event(
    subject: str, event: str, author: str, *, assignee: str = "", until: date | None = None, text: str = ""
) -> None:
    if subject.partition(":")[0] not in KINDS:
        raise StockproofError(f"nothing is noted about {subject!r}", f"a subject begins with {', '.join(KINDS)}")
    values = {"subject": subject[:300], "event": event, "author": author, "assignee": assignee, "until": until}
    warehouse.execute(_EVENT, **values, text=text[:LONGEST])
