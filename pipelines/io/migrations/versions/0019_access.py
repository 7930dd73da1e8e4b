"""Who may do what, sessions, answered requests, and the hash-chained audit trail of orders."""

from alembic import op

revision = "0019"
down_revision = "0018"

STATEMENTS: tuple[str, ...] = (
    "create schema access",
    """create table access.users (
        name text primary key check (name ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$'),
        role text not null check (role in ('viewer', 'planner', 'approver', 'admin')), limit_role text,
        password_hash text not null, must_change boolean not null, password_until timestamptz, version int not null default 1,
        subject text unique, created_by text not null, created_at timestamptz not null default clock_timestamp())""",
    # -- the token itself is known to its holder alone
    """create table access.sessions (
        token_hash bytea primary key, user_name text not null references access.users on delete cascade,
        created_at timestamptz not null default clock_timestamp(), seen_at timestamptz not null default clock_timestamp(),
        ended_at timestamptz)""",
    "create index on access.sessions (user_name)",
    # -- a POST with an Idempotency-Key is answered once; status is null while the first one is at work
    """create table access.answers (
        user_name text not null, key text not null, body_hash bytea not null, status int, media_type text, body bytea,
        at timestamptz not null default clock_timestamp(), primary key (user_name, key))""",
    # -- each row carries the hash of the one before: one that is changed or taken out no longer fits
    """create table access.audit (
        seq bigint primary key, at text not null, actor text not null, act text not null, subject text not null, details text not null,
        event_id bigint, previous text not null, hash text not null)""",
    "create unique index on access.audit (event_id)",
    """create function access.refuse_change() returns trigger language plpgsql as $$
        begin raise exception 'access.audit is append-only: % refused', tg_op; end $$""",
    """create trigger append_only before update or delete or truncate on access.audit
        for each statement execute function access.refuse_change()""",
    # -- the length of each part stands before it, so that no two rows have the same text
    """create function access.part(value text) returns text language sql immutable as
        $$ select length(value) || ':' || value $$""",
    """create function access.append(actor text, act text, subject text, details text, event_id bigint) returns void
        language plpgsql as $$
        declare last access.audit; now_at text; row_hash text;
        begin
            perform pg_advisory_xact_lock(7305731);
            select * into last from access.audit a order by a.seq desc limit 1;
            now_at := to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
            row_hash := encode(sha256(convert_to(coalesce(last.hash, '') || access.part((coalesce(last.seq, 0) + 1)::text)
                || access.part(now_at) || access.part(actor) || access.part(act) || access.part(subject) || access.part(details)
                || access.part(coalesce(event_id::text, '')), 'UTF8')), 'hex');
            insert into access.audit values (coalesce(last.seq, 0) + 1, now_at, actor, act, subject, details, event_id,
                coalesce(last.hash, ''), row_hash);
        end $$""",
    """create function access.event_text(e orders.events) returns text language sql stable as
        $$ select jsonb_build_object('line_no', e.line_no, 'reason', e.reason, 'details', e.details,
            'at', to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text $$""",
    # -- at the end of the transaction, when no lock on an order is yet to be waited for: two writers never wait for each other
    """create function access.chain_event() returns trigger language plpgsql as $$
        begin
            perform access.append(new.author, new.event, new.order_id, access.event_text(new), new.event_id);
            return null;
        end $$""",
    "select access.append(e.author, e.event, e.order_id, access.event_text(e), e.event_id) from orders.events e order by e.event_id",
    """create constraint trigger chained after insert on orders.events deferrable initially deferred
        for each row execute function access.chain_event()""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement.replace(":", r"\:"))


def downgrade() -> None:
    op.execute("drop trigger chained on orders.events")
    op.execute("drop schema access cascade")
