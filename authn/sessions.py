"""Sessions of the pages: a random token in one browser, and a row that can be ended from anywhere.

A session is worth what the sign-in behind it is worth *now*: each page reads the person, the
credential and the memberships anew, as the drive does. It ends after twenty minutes without a page,
twelve hours after the sign-in at the latest, and at once when the password changes, the account is
blocked, or somebody signs out (OWASP Session Management).
"""

import base64
import hashlib
import hmac
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from authn.login import Login
from authn.notes import note_if_possible
from authn.principals import Seat
from authn.rows import Row, fetch, is_genuine, with_mac
from authn.session_ends import end_session, end_sessions
from davserver.db import tables as t
from davserver.db.aside import Aside
from davserver.db.clock import from_us, to_us
from davserver.db.database import Database
from davserver.domain.actions import Strength
from davserver.domain.errors import NotSignedIn
from davserver.domain.ids import ID_BYTES, CredentialId, Entropy, PersonId
from davserver.domain.people import Principal
from davserver.domain.secret import Secret
from davserver.sealing.instance import InstanceKeys

IDLE = timedelta(minutes=20)
LONGEST = timedelta(hours=12)
NOTED_EVERY = timedelta(minutes=1)
"""How exactly the last page is known: a session may go on that much longer than `IDLE`, no more."""

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """One person in one browser, for one page. `token` is known to that browser alone."""

    who: Principal
    token: Secret


def form_mark(token: Secret) -> str:
    """What a form carries that only a page of this browser can have, so that no other site can send
    it: from the token by HMAC, so that it tells nothing of it.
    """
    made = hmac.new(token.reveal(), b"form", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:18]).decode()


def is_form_mark(mark: str, sent: str) -> bool:
    """Whether that came with the form. No for a browser that has no mark."""
    return bool(mark) and hmac.compare_digest(mark.encode(), sent.encode("utf-8", "replace"))


def as_cookie(token: Secret) -> str:
    return base64.urlsafe_b64encode(token.reveal()).decode().rstrip("=")


def from_cookie(value: str) -> Secret | None:
    """None for anything that can be no token."""
    try:
        raw = base64.b64decode(value + "=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    return Secret(raw) if len(raw) == _TOKEN_BYTES else None


class Sessions:
    """One per process, thread-safe; what it knows is in the database."""

    def __init__(self, db: Database, keys: InstanceKeys, login: Login, entropy: Entropy) -> None:
        self._db = db
        self._keys = keys
        self._login = login
        self._entropy = entropy

    def begin(self, who: Principal, now: datetime) -> Secret:
        """A token that nobody had before, whatever the browser came with (session fixation).

        `who` has just signed in. Raises Unavailable, NoSpace.
        """
        if who.credential is None:
            raise NotSignedIn
        token = Secret(self._entropy(_TOKEN_BYTES))
        row = {
            "id": self._entropy(ID_BYTES),
            "token_hash": _hash(token),
            "person_id": who.id,
            "credential_id": who.credential,
            "generation": who.generation,
            "strength": who.strength.value,
            "created": to_us(now),
            "ends": to_us(now + LONGEST),
            "ended_at": None,
            "seen_at": to_us(now),
        }
        complete = with_mac(self._keys, t.web_session, row)
        self._db.write(lambda tx: tx.execute(insert(t.web_session).values(complete)))
        return token

    def resume(
        self, token: Secret, address: str | None, now: datetime, aside: Aside = nullcontext
    ) -> Session:
        """Who this is, with everything as it is now; two statements.

        Raises NotSignedIn when the session is over, for whatever reason.
        """
        with self._db.read() as tx:
            row = self._live(tx, token, now)
        who = self._login.resumed(_seat(row), address, now, aside)
        if now - from_us(row["seen_at"]) >= NOTED_EVERY:
            seen = update(t.web_session).where(t.web_session.c.id == row["id"])
            note_if_possible(self._db, seen.values(seen_at=to_us(now)), "session-seen")
        return Session(who, token)

    def end(self, token: Secret, now: datetime) -> None:
        """Signing out in this browser. A session that is over stays over. Raises Unavailable."""
        mine = t.web_session.c.token_hash == _hash(token)

        def work(tx: Connection) -> None:
            for row in fetch(tx, select(t.web_session).where(mine)):
                end_session(tx, self._keys, row, now)

        self._db.write(work)

    def end_everywhere(self, who: Principal, now: datetime) -> None:
        """Signing out in every browser. Raises Unavailable."""
        self._db.write(lambda tx: end_sessions(tx, self._keys, who.id, now))

    def alive(self, tx: Connection, now: datetime) -> int:
        """Of all people. As the columns say: a count gives nobody a right."""
        table = t.web_session
        lives = (
            table.c.ended_at.is_(None),
            table.c.ends > to_us(now),
            table.c.seen_at >= to_us(now - IDLE),
        )
        return tx.execute(select(func.count()).where(*lives)).scalar_one()

    def sweep(self, now: datetime) -> None:
        """Forgets sessions that have been over for a day."""
        day = to_us(now - timedelta(days=1))
        over = or_(t.web_session.c.ends < day, t.web_session.c.ended_at < day)
        note_if_possible(self._db, delete(t.web_session).where(over), "sessions-forgotten")

    def _live(self, tx: Connection, token: Secret, now: datetime) -> Row:
        wanted = select(t.web_session).where(t.web_session.c.token_hash == _hash(token))
        for row in fetch(tx, wanted):
            is_over = row["ended_at"] is not None or from_us(row["ends"]) <= now
            is_idle = now - from_us(row["seen_at"]) > IDLE
            is_ahead = from_us(row["created"]) > now + NOTED_EVERY  # a clock was set back
            if is_genuine(self._keys, t.web_session, row) and not (is_over or is_idle or is_ahead):
                return row
        raise NotSignedIn


def _seat(row: Row) -> Seat:
    return Seat(
        PersonId(row["person_id"]),
        CredentialId(row["credential_id"]),
        row["generation"],
        Strength(row["strength"]),
    )


def _hash(token: Secret) -> bytes:
    """Of 256 random bits: nobody finds the token from it, so that no slow hash is needed."""
    return hashlib.sha256(token.reveal()).digest()
