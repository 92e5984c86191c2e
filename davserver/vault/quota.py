"""Who pays for stored bytes: the vault's quota, or the fixed allowance of one grant (DESIGN §4).

What is counted are stored bytes (header and tags included: 128 bytes and 0.024 % more than plain
ones), because those can be counted again from the blob rows alone.
"""

from functools import partial

from sqlalchemy import Connection, bindparam, select, update

from davserver.db.postgres.presumed import doubted, is_presumed
from davserver.db.prepared import Prepared
from davserver.db.tables import grant as grant_table
from davserver.db.tables import vault as vault_table
from davserver.domain.actions import Relation
from davserver.domain.decisions import Target
from davserver.domain.errors import NoSpace
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.stamps import Stamp
from davserver.vault.thinning import thin

_CHARGE_VAULT = Prepared(
    update(vault_table)
    .where(
        vault_table.c.id == bindparam("payer"),
        vault_table.c.used + bindparam("size") <= vault_table.c.quota,
    )
    .values(used=vault_table.c.used + bindparam("size"))
)
_CHARGE_GRANT = Prepared(
    update(grant_table)
    .where(
        grant_table.c.id == bindparam("payer"),
        grant_table.c.used + bindparam("size") <= grant_table.c.allowance,
    )
    .values(used=grant_table.c.used + bindparam("size"))
)

_GRANT_LEFT = Prepared(
    select((grant_table.c.allowance - grant_table.c.used).label("room")).where(
        grant_table.c.id == bindparam("payer")
    )
)
_USED = Prepared(
    select(vault_table.c.used, vault_table.c.quota).where(vault_table.c.id == bindparam("vault"))
)


def payer_of(target: Target) -> bytes | None:
    """The grant that pays for what is written there; None where the vault itself does."""
    if target.relation is Relation.OWNER or target.grant is None:
        return None
    return target.grant.id


def charge(tx: Connection, vault: OpenVault, target: Target, size: int) -> tuple[Stamp, ...]:
    """Book `size` stored bytes. An owner's oldest versions and trash make room when it is tight:
    then the rows that went are given back, for the trail.

    Raises NoSpace, and then nothing was booked.
    """
    grant = payer_of(target)
    if grant is not None:
        if _CHARGE_GRANT.run(tx, {"payer": grant, "size": size}) != 1:
            raise NoSpace("what this share may add is used up")
        return ()
    booking = {"payer": vault.id, "size": size}
    has_room = "room", vault.id
    if is_presumed(tx, has_room):
        _CHARGE_VAULT.must_change(tx, booking, partial(doubted, tx, has_room))
        return ()
    if _CHARGE_VAULT.run(tx, booking) == 1:
        return ()
    thinned = thin(tx, vault, wanted=size)
    if _CHARGE_VAULT.run(tx, booking) != 1:
        raise NoSpace("the vault is full")
    return thinned


def room_for(tx: Connection, vault: OpenVault, target: Target) -> int:
    """How many stored bytes could be booked there now, versions and trash counted as used up
    for a grant, as free for an owner. One statement.
    """
    grant = payer_of(target)
    if grant is not None:
        row = _GRANT_LEFT.first(tx, {"payer": grant})
        return max(0, int(row["room"])) if row else 0
    # What an owner wrote can displace older versions: only the whole quota bounds one file.
    return vault.quota


def used_and_quota(tx: Connection, vault: OpenVault) -> tuple[int, int]:
    """Bytes booked on the vault, and its quota."""
    row = _USED.first(tx, {"vault": vault.id})
    return (row["used"], row["quota"]) if row else (0, vault.quota)
