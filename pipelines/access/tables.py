"""The tables access.*: users, sessions, answered requests, and the audit chain."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from pipelines.io import warehouse

READS: Final = ("access.users", "access.sessions", "access.answers", "access.audit", "orders.events")
WRITES: Final = ("access.users", "access.sessions", "access.answers", "access.audit")

Row = dict[str, Any]

_USER: Final = "name, role, limit_role, password_hash, must_change, password_until < now() as password_over, version"


def user(name: str) -> Row | None:
    """A user, with ``password_hash`` and ``password_over``."""
    return _first(f"select {_USER} from access.users where name = :name", name=name)


def users() -> list[Row]:
    """Users by name, with the time of their newest session."""
    query = """select u.name, u.role, u.limit_role, u.must_change, u.created_by, u.created_at,
        (select max(s.seen_at) from access.sessions s where s.user_name = u.name) as seen_at from access.users u order by u.name"""
    return _all(query)


def active() -> bool:
    """Whether anybody has a password of their own."""
    return _first("select 1 as one from access.users where not must_change limit 1") is not None


def add(row: Row) -> bool:
    """Add a user; False where the name is taken."""
    query = """insert into access.users (name, role, limit_role, password_hash, must_change, password_until, created_by)
        values (:name, :role, :limit_role, :password_hash, :must_change, now() + make_interval(hours => :hours), :created_by)
        on conflict do nothing"""
    return warehouse.execute(query, **row) == 1


def remove(name: str) -> bool:
    """Remove a user with its sessions; False where there is none."""
    return warehouse.execute("delete from access.users where name = :name", name=name) == 1


def set_password(name: str, password_hash: str, *, must_change: bool, hours: float | None = None) -> None:
    """Set a password; sessions and tokens of the one before end."""
    query = """update access.users set password_hash = :password_hash, must_change = :must_change, version = version + 1,
        password_until = now() + make_interval(hours => :hours) where name = :name"""
    with warehouse.transaction() as connection:
        values = {"name": name, "password_hash": password_hash, "must_change": must_change, "hours": hours}
        connection.execute(sa.text(query), values)
        ended = "update access.sessions set ended_at = now() where user_name = :name and ended_at is null"
        connection.execute(sa.text(ended), {"name": name})


def start_session(token_hash: bytes, name: str) -> None:
    """Keep a session."""
    query = "insert into access.sessions (token_hash, user_name) values (:token_hash, :name)"
    warehouse.execute(query, token_hash=token_hash, name=name)


def session(token_hash: bytes, hours: float) -> Row | None:
    """The user of a session that has neither ended nor been silent for some hours; marks it as seen."""
    query = f"""update access.sessions s set seen_at = now() from access.users u
        where s.token_hash = :token_hash and s.ended_at is null and s.seen_at > now() - make_interval(secs => :seconds)
            and u.name = s.user_name returning {", ".join(f"u.{part}" for part in _USER.split(", "))}"""
    return _first(query, token_hash=token_hash, seconds=hours * 3600)


def end_session(token_hash: bytes) -> None:
    """End a session."""
    warehouse.execute(
        "update access.sessions set ended_at = now() where token_hash = :token_hash", token_hash=token_hash
    )


def end_sessions(name: str) -> int:
    """End all sessions of a user; their tokens are void too. Returns how many sessions were open."""
    with warehouse.transaction() as connection:
        connection.execute(sa.text("update access.users set version = version + 1 where name = :name"), {"name": name})
        query = "update access.sessions set ended_at = now() where user_name = :name and ended_at is null"
        return connection.execute(sa.text(query), {"name": name}).rowcount


def append(rows: Sequence[tuple[str, str, str, str]]) -> None:
    """Append to the audit chain: actor, act, subject and details as JSON text."""
    query = "select access.append(:actor, :act, :subject, :details, null)"
    with warehouse.transaction() as connection:
        for actor, act, subject, details in rows:
            connection.execute(sa.text(query), {"actor": actor, "act": act, "subject": subject, "details": details})


def chain() -> Iterator[Row]:
    """Rows of the audit chain in order, each with ``event_text``, what the order's event reads now; None where it is gone."""
    query = """select a.seq, a.at, a.actor, a.act, a.subject, a.details, a.event_id, a.previous, a.hash,
        case when e.event_id is not null then access.event_text(e) end as event_text, e.author, e.event, e.order_id
        from access.audit a left join orders.events e on e.event_id = a.event_id order by a.seq"""
    with warehouse.transaction() as connection:
        for row in connection.execution_options(yield_per=5_000).execute(sa.text(query)).mappings():
            yield dict(row)


def unchained() -> list[int]:
    """Events of orders that are in no row of the chain."""
    query = """select e.event_id from orders.events e where not exists (select 1 from access.audit a where a.event_id = e.event_id)
        order by e.event_id limit 20"""
    return [int(row["event_id"]) for row in _all(query)]


def claim(user_name: str, key: str, body_hash: bytes) -> Row | None:
    """Take a key for a request; None where it is new, else the row that holds it."""
    query = """insert into access.answers (user_name, key, body_hash) values (:user_name, :key, :body_hash)
        on conflict (user_name, key) do update set body_hash = excluded.body_hash, at = clock_timestamp()
            where access.answers.at < now() - interval '1 day'
                or (access.answers.status is null and access.answers.at < now() - interval '5 minutes')"""
    values = {"user_name": user_name, "key": key}
    if warehouse.execute(query, **values, body_hash=body_hash) == 1:
        return None
    held = "select body_hash, status, media_type, body from access.answers where user_name = :user_name and key = :key"
    return _first(held, **values) or {}


def answer(user_name: str, key: str, status: int, media_type: str, body: bytes) -> None:
    """Keep the answer to a request."""
    query = """update access.answers set status = :status, media_type = :media_type, body = :body
        where user_name = :user_name and key = :key"""
    warehouse.execute(query, user_name=user_name, key=key, status=status, media_type=media_type, body=body)


def forget(user_name: str, key: str) -> None:
    """Give a key back: its request failed and may be sent again."""
    warehouse.execute(
        "delete from access.answers where user_name = :user_name and key = :key", user_name=user_name, key=key
    )


def _all(query: str, **values: Any) -> list[Row]:
    with warehouse.transaction() as connection:
        return [dict(row) for row in connection.execute(sa.text(query), values).mappings()]


def _first(query: str, **values: Any) -> Row | None:
    with warehouse.transaction() as connection:
        found = connection.execute(sa.text(query), values).mappings().first()
    return dict(found) if found else None
