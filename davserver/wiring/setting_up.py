"""Setting an instance up: keyring, schema, keys. Each step is done where it is missing, and only
there.
"""

import os
from datetime import datetime

from davserver.config import Settings
from davserver.db import schema
from davserver.db.database import Database
from davserver.domain.ids import Entropy
from davserver.gate.affiliations.older import affirm_older
from davserver.sealing.keyring import LocalKeyring
from davserver.trail import Trail
from davserver.wiring.instance import create_instance, holds_instance, open_instance
from davserver.wiring.opening import make_database, open_keyring
from davserver.wiring.services import build
from policies.generations import Origin


def set_up(settings: Settings, now: datetime, entropy: Entropy = os.urandom) -> None:
    """A keyring with one generation, and a database at this version's schema with its keys.

    An empty database may lie beside an existing keyring (moving to PostgreSQL), and the schema of
    an older version is brought forward. A missing keyring beside a database that holds an instance
    is never replaced: nothing would open. Raises Unavailable, WrongSettings, WrongSchema.
    """
    settings.data.mkdir(mode=0o700, exist_ok=True)
    db = make_database(settings)
    try:
        schema.upgrade(db.engines()[1])
        with db.read() as tx:
            is_there = holds_instance(tx)
        if is_there:
            _bring_forward(db, open_keyring(settings), entropy, now)
            return
        if settings.keys.keyring.exists():
            kek = open_keyring(settings)
        else:
            kek = LocalKeyring.create(settings.keys.keyring, settings.data, entropy, now)
        create_instance(db, kek, entropy, now)
    finally:
        db.close()


def first_policy(settings: Settings) -> None:
    """Puts the folder of policy files in force where no set ever was. One that cannot be used
    leaves owners served and nobody else, and is told by `abri policy status`.
    """
    services = build(settings)
    try:
        if services.rulebook.serving()[0] == 0:
            services.policy_watch.look(Origin.SETUP)
    finally:
        services.close()


def _bring_forward(db: Database, kek: LocalKeyring, entropy: Entropy, now: datetime) -> None:
    """What an older version left to be said, once; does nothing afterwards."""
    keys = open_instance(db, kek)
    db.write(lambda tx: affirm_older(tx, keys, Trail(keys, entropy), entropy, now))
