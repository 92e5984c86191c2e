"""Whoever can write to the database cannot rewrite the trail unseen (DESIGN §5.2)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from davserver.db import tables
from davserver.domain.errors import BadInput
from davserver.domain.ids import VaultId
from davserver.sealing.trail import FIRST_LINK, TrailKeys
from davserver.trail import Event, ExportedHead, Flaw, RowStamp, What
from davserver.trail.proof import FLAW_TEXTS
from tests.support.accounts import NOON
from tests.support.trails import (
    AMINA,
    KARIM,
    OTHER_SAFE,
    SAFE,
    ZOE,
    TrailBook,
    principal,
    trail_book,
    written,
)

ROW = tables.trail
HEAD = tables.trail_head
STAMP = RowStamp("node", b"1" * 16, 1, b"h" * 32)


@pytest.fixture
def book(database_url: str) -> Iterator[TrailBook]:
    """One safe with five entries by two people, another with one."""
    with trail_book(database_url) as made:
        for number in range(1, 6):
            who = principal(KARIM if number == 3 else AMINA)
            made.record(Event(SAFE, What.WRITE, who, path=f"/{number}", rows=(STAMP,)))
        made.record(written("/other", vault=OTHER_SAFE, who=ZOE))
        assert made.flaws() == []
        yield made


def at(seq: int) -> Any:
    return (ROW.c.vault_id == SAFE) & (ROW.c.seq == seq)


def test_a_cut_tail_shows_by_the_head(book: TrailBook) -> None:
    book.tamper(lambda tx: tx.execute(delete(ROW).where(ROW.c.vault_id == SAFE, ROW.c.seq > 3)))
    assert book.flaws() == [(5, "cut")]


def test_a_dropped_middle_shows_as_a_gap(book: TrailBook) -> None:
    book.tamper(lambda tx: tx.execute(delete(ROW).where(at(3))))
    assert book.flaws() == [(4, "missing")]


def test_a_dropped_start_shows_as_a_gap(book: TrailBook) -> None:
    book.tamper(lambda tx: tx.execute(delete(ROW).where(at(1))))
    assert book.flaws() == [(2, "missing")]


def test_a_gap_that_is_closed_by_renumbering_shows(book: TrailBook) -> None:
    def close_gap(tx: Any) -> None:
        tx.execute(delete(ROW).where(at(3)))
        for seq in (4, 5):
            tx.execute(update(ROW).where(at(seq)).values(seq=seq - 1))

    book.tamper(close_gap)
    assert (3, "changed") in book.flaws()
    assert (4, "changed") in book.flaws()


@pytest.mark.parametrize(
    "column", ["at", "prev", "payload_hash", "actor_hash", "rows", "link", "payload_ct", "actor_ct"]
)
def test_every_changed_column_shows(book: TrailBook, column: str) -> None:
    before = book.row(2)[column]
    after = before + 1 if isinstance(before, int) else bytes([before[0] ^ 1]) + before[1:]
    book.change_entry(2, **{column: after})
    assert (2, "changed") in book.flaws()


def test_every_column_of_an_entry_is_covered() -> None:
    tried = {"at", "prev", "payload_hash", "actor_hash", "rows", "link", "payload_ct", "actor_ct"}
    assert set(ROW.columns.keys()) == tried | {"vault_id", "seq", "actor_id"}


def test_another_actor_or_a_nameless_one_shows(book: TrailBook) -> None:
    book.change_entry(2, actor_id=ZOE)
    book.change_entry(4, actor_id=None)
    assert book.flaws() == [(2, "changed"), (4, "changed")]


def test_a_row_stamp_that_is_taken_out_shows(book: TrailBook) -> None:
    book.change_entry(2, rows=None)
    assert book.flaws() == [(2, "changed")]


def test_two_entries_that_change_places_show(book: TrailBook) -> None:
    second, third = book.row(2), book.row(3)
    for seq, other in ((2, third), (3, second)):
        content = {key: value for key, value in other.items() if key not in {"vault_id", "seq"}}
        book.change_entry(seq, **content)
    assert {seq for seq, flaw in book.flaws() if flaw == "changed"} >= {2, 3}


def test_an_entry_of_another_vault_shows(book: TrailBook) -> None:
    foreign = {**book.row(1, OTHER_SAFE), "vault_id": SAFE, "seq": 6}
    book.tamper(lambda tx: tx.execute(insert(ROW).values(foreign)))
    assert {flaw for _, flaw in book.flaws(SAFE)} == {"changed", "behind"}


def test_a_whole_trail_put_in_anothers_place_shows(book: TrailBook) -> None:
    entry = {**book.row(1, OTHER_SAFE), "vault_id": SAFE}
    head = {**book.head(OTHER_SAFE), "vault_id": SAFE}

    def swap(tx: Any) -> None:
        for table, row in ((ROW, entry), (HEAD, head)):
            tx.execute(delete(table).where(table.c.vault_id == SAFE))
            tx.execute(insert(table).values(row))

    book.tamper(swap)
    assert book.flaws(SAFE) == [(1, "changed"), (1, "forged-head")]


def test_a_head_forged_to_hide_a_cut_shows(book: TrailBook) -> None:
    third = book.row(3)

    def forge(tx: Any) -> None:
        tx.execute(delete(ROW).where(ROW.c.vault_id == SAFE, ROW.c.seq > 3))
        shorter = update(HEAD).where(HEAD.c.vault_id == SAFE)
        tx.execute(shorter.values(seq=3, head=third["link"]))

    book.tamper(forge)
    assert book.flaws() == [(3, "forged-head")]


def test_a_chain_rebuilt_with_other_keys_shows(book: TrailBook) -> None:
    from davserver.domain.secret import Secret

    forger = TrailKeys(Secret(b"s" * 32), Secret(b"m" * 32))
    link = forger.link(FIRST_LINK, OTHER_SAFE, 1, bytes(32))
    book.change_entry(1, OTHER_SAFE, link=link)
    mac = forger.head_mac(OTHER_SAFE, 1, link)
    forged = update(HEAD).where(HEAD.c.vault_id == OTHER_SAFE).values(head=link, mac=mac)
    book.tamper(lambda tx: tx.execute(forged))
    assert book.flaws() == [(1, "changed"), (1, "forged-head")]


def test_a_missing_head_and_a_missing_trail_show(book: TrailBook) -> None:
    book.tamper(lambda tx: tx.execute(delete(HEAD)))
    book.tamper(lambda tx: tx.execute(delete(ROW).where(ROW.c.vault_id == OTHER_SAFE)))
    assert sorted(book.flaws()) == [(0, "no-trail"), (5, "no-head")]


def test_an_older_state_put_back_shows_only_by_an_exported_head(book: TrailBook) -> None:
    old_head = book.head()
    book.record(written("/6"))
    with book.db.read() as tx:
        exported = book.trail.export_heads(tx)

    def put_back(tx: Any) -> None:
        tx.execute(delete(ROW).where(at(6)))
        tx.execute(update(HEAD).where(HEAD.c.vault_id == SAFE).values(old_head))

    book.tamper(put_back)
    assert book.flaws() == []
    assert book.flaws(exported=exported) == [(6, "rolled-back")]
    book.record(written("/another 6"))
    assert book.flaws() == []
    assert book.flaws(exported=exported) == [(6, "rolled-back")]


def test_a_vault_that_is_gone_with_all_its_rows_shows_only_by_an_exported_head(
    book: TrailBook,
) -> None:
    with book.db.read() as tx:
        exported = book.trail.export_heads(tx)

    def lose(tx: Any) -> None:
        tx.execute(delete(ROW).where(ROW.c.vault_id == SAFE))
        tx.execute(delete(HEAD).where(HEAD.c.vault_id == SAFE))
        tx.execute(delete(tables.vault).where(tables.vault.c.id == SAFE))

    book.tamper(lose)
    assert book.flaws() == []
    assert book.flaws(exported=exported) == [(0, "no-trail"), (5, "rolled-back")]


def test_a_forged_head_is_not_carried_off_as_a_genuine_one(book: TrailBook) -> None:
    book.tamper(lambda tx: tx.execute(update(HEAD).where(HEAD.c.vault_id == SAFE).values(seq=4)))
    with book.db.read() as tx:
        assert [one.vault for one in book.trail.export_heads(tx)] == [OTHER_SAFE]


def test_exported_heads_hold_while_the_trail_grows(book: TrailBook) -> None:
    with book.db.read() as tx:
        exported = book.trail.export_heads(tx)
    book.record(written("/6"))
    again = [ExportedHead.from_fields(one.fields()) for one in exported]
    assert [(one.vault, one.seq) for one in again] == [(SAFE, 5), (OTHER_SAFE, 1)]
    assert book.flaws(exported=again) == []


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"vault": "00" * 16, "seq": 1},
        {"vault": "00" * 15, "seq": 1, "link": "00" * 32},
        {"vault": "00" * 16, "seq": 0, "link": "00" * 32},
        {"vault": "00" * 16, "seq": "x", "link": "00" * 32},
        {"vault": 7, "seq": 1, "link": "00" * 32},
    ],
)
def test_what_is_no_exported_head_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="vault, seq and link"):
        ExportedHead.from_fields(fields)


def test_an_erased_payload_leaves_the_chain_whole_and_is_counted(book: TrailBook) -> None:
    book.change_entry(2, payload_ct=None)
    assert book.flaws() == []
    assert [entry.what for entry in book.entries()][1] == "erased"
    with book.db.read() as tx:
        assert (book.trail.erased(tx), book.trail.erased(tx, OTHER_SAFE)) == (1, 0)


def test_a_forgotten_person_is_in_no_trail_and_all_still_verify(book: TrailBook) -> None:
    book.record(written("/there too", vault=OTHER_SAFE, who=KARIM))
    book.read(KARIM)
    book.db.write(lambda tx: book.trail.forget(tx, KARIM, NOON + timedelta(minutes=1)))
    assert book.flaws() == []
    every = book.entries(SAFE, full=True) + book.entries(OTHER_SAFE, full=True)
    assert "karim" not in str(every)
    nameless = [entry for entry in every if entry.who is None]
    assert [entry.what for entry in nameless] == ["write", "read", "write"]
    assert all(entry.path for entry in nameless)
    with book.db.read() as tx:
        assert KARIM not in tx.execute(select(ROW.c.actor_id)).scalars().all()
        kept = tx.execute(select(tables.trail_actor.c.person_id)).scalars().all()
    assert KARIM not in kept
    assert AMINA in kept


def test_a_key_that_is_gone_makes_the_persons_part_unreadable(book: TrailBook) -> None:
    parts = {column: book.row(3)[column] for column in ("actor_id", "actor_ct")}
    book.db.write(lambda tx: book.trail.forget(tx, KARIM, NOON))
    book.record(written("/again", who=KARIM))
    book.change_entry(3, **parts)
    from_a_backup = book.entries(full=True)[2]
    assert (from_a_backup.what, from_a_backup.path, from_a_backup.who) == ("write", "/3", None)
    assert from_a_backup.details == {"damaged": "actor"}


def test_what_was_done_right_after_being_forgotten_has_a_key_of_its_own(book: TrailBook) -> None:
    """The former key was opened a moment ago, and may still be at hand."""
    book.record(written("/before", who=KARIM))
    actor = tables.trail_actor

    def key() -> bytes:
        with book.db.read() as tx:
            return tx.execute(select(actor.c.key_ct).where(actor.c.person_id == KARIM)).scalar_one()

    before = key()
    book.db.write(lambda tx: book.trail.forget(tx, KARIM, NOON))
    book.record(written("/after", who=KARIM))
    assert key() != before
    assert [entry.who for entry in book.entries(full=True)[-2:]] == [None, KARIM]


@pytest.mark.parametrize("framed", [ZOE, AMINA])
def test_nobody_is_named_for_what_another_did(book: TrailBook, framed: bytes) -> None:
    book.change_entry(3, actor_id=framed)
    entry = book.entries()[2]
    assert (entry.path, entry.who, entry.who_login) == ("/3", None, "")
    assert book.flaws() == [(3, "changed")]


def test_one_vaults_trail_can_be_checked_alone(book: TrailBook) -> None:
    book.change_entry(1, OTHER_SAFE, at=1)
    assert book.flaws(SAFE) == []
    assert book.flaws(OTHER_SAFE) == [(1, "changed")]
    nowhere = VaultId(b"no such vault...")
    assert book.flaws(nowhere) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_columns_of_another_type_are_findings_and_no_crash(book: TrailBook) -> None:
    """On SQLite alone: PostgreSQL takes no value of another type."""
    book.tamper(lambda tx: tx.exec_driver_sql("UPDATE trail SET link = 'text' WHERE seq = 2"))
    book.tamper(lambda tx: tx.exec_driver_sql("UPDATE trail SET at = 'text' WHERE seq = 4"))
    book.tamper(lambda tx: tx.exec_driver_sql("UPDATE trail SET seq = 'five' WHERE seq = 5"))
    book.tamper(lambda tx: tx.exec_driver_sql("UPDATE trail_head SET mac = 7, seq = 'x'"))
    flaws = book.flaws(SAFE)
    assert {(2, "changed"), (4, "changed"), (5, "changed")} <= set(flaws)
    assert flaws[-1][1] == "forged-head"


def test_every_flaw_has_a_sentence(book: TrailBook) -> None:
    assert set(FLAW_TEXTS) == set(Flaw)
    book.change_entry(2, at=1)
    assert [finding.text for finding in book.findings()] == [FLAW_TEXTS[Flaw.CHANGED]]
