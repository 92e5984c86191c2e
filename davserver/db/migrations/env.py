"""Runs migrations on the connection that `davserver.db.schema` hands over; nothing runs offline."""

from alembic import context
from sqlalchemy import Connection

from davserver.db.tables import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite cannot alter most things: a batch copies the table instead.
    render_as_batch=connection.dialect.name == "sqlite",
    # Our SQLite engine begins its transactions by hand, so DDL takes part in them there too.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
