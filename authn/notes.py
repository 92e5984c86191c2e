"""Small writes after a sign-in that succeeded: welcome, but nobody is kept out for want of them."""

from sqlalchemy import Executable

from davserver.db.database import Database
from davserver.domain.errors import NoSpace, Unavailable
from davserver.domain.events import Events

_log = Events("abri.authn")


def note_if_possible(db: Database, statement: Executable, what: str) -> None:
    """Runs it. On a full disk people still read their papers: then only a warning is logged."""
    try:
        db.note(lambda tx: tx.execute(statement))
    except (NoSpace, Unavailable):
        _log.warning("not-noted", what=what)
