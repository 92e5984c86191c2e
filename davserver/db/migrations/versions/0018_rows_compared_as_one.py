"""PostgreSQL compares rows as one to see whether anything in them has changed: it reads the
condition of a trigger anew in each statement, and one that named all columns of a document took
longer than to write the document (docs/decisions/2026-11-27-postgresql-waits-less.md).
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NODE = "OLD.kind = 'folder' OR NEW.twin > 0"
_COUNTERS = {
    "person": "people",
    "credential": "people",
    "membership": "people",
    "structure": "people",
    "directory_account": "people",
    "throttle": "people",
    "affiliation": "sharing",
    "node": "folders",
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, counter in _COUNTERS.items():
        name, differs = f"changed_{table}_update", "OLD.* IS DISTINCT FROM NEW.*"
        when = f"({_NODE}) AND ({differs})" if table == "node" else differs
        op.execute(f'DROP TRIGGER {name} ON "{table}"')
        op.execute(
            f'CREATE TRIGGER {name} AFTER UPDATE ON "{table}" FOR EACH ROW WHEN ({when}) '
            f"EXECUTE FUNCTION abri_changed_{counter}()"
        )
        op.execute(f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {name}')


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)
