"""Where changes of the policy must be signed: what is not stays out of force, whoever asks."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from authn.credentials import Password, password_bytes
from davserver.db.tables import epoch, policy_generation
from davserver.domain.errors import NotFound
from davserver.domain.people import Principal, Role
from davserver.gate.policy.rulebook import Examined, Rulebook, Terms, Verdict
from policies.folder import Folder
from policies.generations import Generation, Origin
from policies.problems import Code
from policies.signing import sign
from policies.signing_keys import new_key
from tests.support.affiliating import PASSWORD
from tests.support.rules import shipped_files
from tests.support.safekeeping import Safekeeping

pytestmark = pytest.mark.slow

KEY, OTHER = (new_key(lambda length, seed=seed: bytes([seed]) * length) for seed in (1, 2))
NO_GET = "p, no-get, deny, professional, *, get, *, *, *, *, *"
NO_PUT = "p, no-put, deny, professional, *, put, *, *, *, *, *"
NO_MOVE = "p, no-move, deny, professional, *, move, *, *, *, *, *"


class Signed:
    """A rulebook that asks for signatures, on a world whose first set had none."""

    def __init__(self, world: Safekeeping, *, four_eyes: bool = False) -> None:
        self.world = world
        terms = Terms(four_eyes=four_eyes, signers=(KEY.public_key(),))
        self.book = Rulebook(world.tools, terms)

    def folder(self, line: str = "", at: datetime | None = None, key=KEY) -> Folder:
        """The shipped rules and a line, signed then, or now."""
        files = shipped_files()
        files["rules.csv"] += f"\n{line}\n".encode()
        return Folder(files, {}, sign(files, key, at or self.world.clock()))

    def follow(self, folder: Folder, origin: Origin = Origin.FILES) -> Examined:
        return self.book.follow(folder, origin, self.world.clock())

    def apply(self, folder: Folder) -> Examined:
        return self.book.apply(folder, self.world.operator, self.world.clock())

    def back(self, number: int, folder: Folder) -> Generation:
        return self.book.bring_back(number, folder, self.world.operator, self.world.clock())

    def is_refused(self, folder: Folder, code: Code) -> bool:
        """By the server and by command, and nothing else came into force by it."""
        before = self.book.serving()[0]
        for found in (self.follow(folder), self.apply(folder), self.book.status(folder).folder):
            assert found.verdict is Verdict.UNSIGNED
            assert [code.value] == [str(one).split()[1] for one in found.problems]
        assert self.book.serving() == (before, Verdict.UNSIGNED)
        return True


@pytest.fixture
def signed(world: Safekeeping) -> Signed:
    return Signed(world)


def test_what_is_not_signed_as_asked_is_ignored_and_reported(signed: Signed):
    good = signed.folder(NO_GET)
    assert signed.is_refused(replace(good, signature=None), Code.UNSIGNED)
    assert signed.is_refused(replace(good, signature=b"x"), Code.SIGNATURE_UNREADABLE)
    assert signed.is_refused(signed.folder(NO_GET, key=OTHER), Code.SIGNER_UNKNOWN)
    other = replace(good, signature=signed.folder(NO_PUT).signature)
    assert signed.is_refused(other, Code.SIGNATURE_WRONG)
    for tests in ({"tests/more.toml": b""}, {"tests/more.toml": b"", "tests/other.toml": b""}):
        assert signed.is_refused(replace(good, tests=tests), Code.SIGNATURE_WRONG)
    tomorrow = signed.world.clock() + timedelta(days=1)
    assert signed.is_refused(signed.folder(NO_GET, tomorrow), Code.SIGNED_AHEAD)
    assert signed.follow(good).verdict is Verdict.IN_FORCE
    (made, *_) = signed.book.status(good).kept
    assert made.signed == signed.world.clock().replace(microsecond=0)


def test_an_older_signed_set_does_not_come_back_in_the_place_of_a_newer_one(signed: Signed):
    first, second = signed.folder(NO_GET), signed.folder(NO_PUT)
    assert signed.follow(first).verdict is Verdict.IN_FORCE
    # Equal is not earlier.
    assert signed.follow(second).verdict is Verdict.IN_FORCE
    signed.world.clock.passes(seconds=1)
    third = signed.folder(NO_MOVE)
    assert signed.follow(third).verdict is Verdict.IN_FORCE
    assert signed.is_refused(first, Code.SIGNED_EARLIER)
    # Going back to it is the administrator's, and opens no way for what lay between.
    made = signed.back(signed.book.serving()[0] - 2, third)
    assert (made.digest, made.signed) == (
        first.generation,
        signed.world.clock() - timedelta(seconds=1),
    )
    assert signed.is_refused(second, Code.SIGNED_EARLIER)
    assert signed.follow(third).verdict is Verdict.HELD
    assert signed.apply(third).verdict is Verdict.IN_FORCE


def test_what_is_in_force_when_signatures_are_asked_for_stays(signed: Signed):
    unsigned = Folder(shipped_files(), {}, None)
    assert signed.follow(unsigned).verdict is Verdict.IN_FORCE


def test_a_first_set_must_be_signed_too(signed: Signed):
    never = (update(epoch).values(policy=0), delete(policy_generation))
    signed.world.db.write(lambda tx: [tx.execute(one) for one in never])
    unsigned = replace(signed.folder(), signature=None)
    assert signed.follow(unsigned, Origin.SETUP).verdict is Verdict.UNSIGNED
    assert signed.book.serving() == (0, Verdict.UNSIGNED)
    assert signed.follow(signed.folder(), Origin.SETUP).verdict is Verdict.IN_FORCE


def test_the_time_in_an_altered_row_counts_for_nothing(signed: Signed):
    assert signed.follow(signed.folder(NO_GET)).verdict is Verdict.IN_FORCE
    number = signed.book.serving()[0]
    later = update(policy_generation).values(signed_at=policy_generation.c.signed_at + 10**9)
    signed.world.db.write(lambda tx: tx.execute(later.where(policy_generation.c.number == number)))
    assert signed.follow(signed.folder(NO_PUT)).verdict is Verdict.IN_FORCE


def test_what_waits_for_two_administrators_is_signed_when_they_approve(world: Safekeeping):
    wider = "p, team-health, allow, professional, via-structure, consult, health, *, *, *, *"
    signed = Signed(world, four_eyes=True)
    admins = [sign_in_administrator(world, login) for login in ("ana", "bea")]
    waits = replace(signed.folder(wider), signature=None)
    unasked = Rulebook(world.tools, Terms(four_eyes=True))
    assert unasked.follow(waits, Origin.FILES, world.clock()).verdict is Verdict.NEEDS_APPROVAL
    # It waits from before signatures were asked for.
    with pytest.raises(NotFound):
        signed.book.approve(waits.generation, admins[0], world.clock())
    assert signed.is_refused(waits, Code.UNSIGNED)
    assert signed.follow(signed.folder(wider)).verdict is Verdict.NEEDS_APPROVAL
    numbers = [signed.book.approve(waits.generation, a, world.clock()).number for a in admins]
    assert numbers == [None, 2]
    (made, *_) = signed.book.status(waits).kept
    assert (made.origin, made.signed) == (Origin.APPROVE, world.clock())


def sign_in_administrator(world: Safekeeping, login: str) -> Principal:
    world.accounts.set_password(world.accounts.add(login, Role.ADMINISTRATOR), PASSWORD)
    return world.tools.login.sign_in(Password(login, password_bytes(PASSWORD)), None, world.clock())
