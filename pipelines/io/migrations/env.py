"""Alembic environment: the address comes from pipelines.io.warehouse, never from a file."""

import sqlalchemy as sa
from alembic import context

engine = sa.create_engine(context.config.attributes["url"].replace("postgresql://", "postgresql+psycopg://", 1))
with engine.connect() as connection:
    connection.execute(sa.text("create schema if not exists ops"))
    connection.commit()
    context.configure(connection=connection, version_table_schema="ops")
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
