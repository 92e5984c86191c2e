"""What `abri person` says of people who come from a directory."""

from datetime import UTC, datetime, timedelta

from admin.directory_people import (
    directory_cells,
    directory_plain,
    enabled_line,
    membership_line,
    membership_plain,
    password_line,
)
from authn.directory_accounts import DirectoryAccount, Standing
from davserver.domain.ids import MembershipId, PersonId, StructureId
from davserver.domain.people import (
    LOCAL,
    AccountState,
    Membership,
    Person,
    Role,
    Structure,
    StructureKind,
)
from davserver.gate.people.accounts import PersonView

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KARIM = Person(
    PersonId(bytes(16)), "karim@lyon.example", "Karim", Role.PROFESSIONAL,
    AccountState.DIRECTORY_BLOCKED, "fr",
)  # fmt: skip
ACCOUNT = DirectoryAccount(
    bytes(16), KARIM.id, "lyon", "id-karim", Standing.DISABLED, NOON, NOON + timedelta(hours=1), 2
)
CCAS = Structure(StructureId(bytes(16)), "ccas", "CCAS", StructureKind.CCAS, "Europe/Paris")
BY_GROUP = Membership(MembershipId(bytes(16)), CCAS, NOON, None, "directory:lyon")
BY_HAND = Membership(MembershipId(bytes(16)), CCAS, NOON, None, LOCAL)


def view(account: DirectoryAccount | None) -> PersonView:
    return PersonView(KARIM, None, False, (), (), account, ())


def test_the_account_is_told_with_its_directory_and_when_that_spoke_last() -> None:
    line = password_line(view(ACCOUNT))
    assert line.startswith("password: in the directory lyon, which says disabled since ")
    assert "last confirmed" in line
    assert password_line(view(None)) == "password: none"
    assert directory_cells(ACCOUNT)[:2] == ("lyon", "disabled")
    assert directory_cells(None) == ("-", "-", "-")
    plain = directory_plain(ACCOUNT)["directory"]
    assert (plain["says"], plain["confirmed"]) == ("disabled", ACCOUNT.confirmed)
    assert directory_plain(None) == {"directory": None}


def test_a_membership_is_told_with_its_source_and_only_a_groups_with_a_confirmation() -> None:
    assert ", directory:lyon, last confirmed " in membership_line(BY_GROUP, ACCOUNT)
    assert membership_line(BY_HAND, ACCOUNT).endswith(", local")
    assert membership_plain(BY_GROUP, ACCOUNT)["confirmed"] == ACCOUNT.confirmed
    assert membership_plain(BY_HAND, ACCOUNT)["confirmed"] is None
    ended = Membership(BY_GROUP.id, CCAS, NOON, NOON + timedelta(hours=1), BY_GROUP.source)
    assert membership_plain(ended, ACCOUNT)["confirmed"] is None


def test_enabling_somebody_whom_the_directory_blocks_says_so() -> None:
    assert enabled_line(KARIM, ACCOUNT) == (
        "No administrator blocks karim@lyon.example any more, but the directory lyon does "
        "(disabled): they are in once it lets them in."
    )
