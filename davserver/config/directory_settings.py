"""The settings of one structure's directory (LDAP, Active Directory)."""

# ruff: noqa: RUF009 — `setting` and `required` make dataclass fields, not values

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from davserver.config import kinds
from davserver.config.setting import required, setting

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_NONE = "none"


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """`domain` tells this directory's people from others: they sign in as NAME@DOMAIN.

    `term`: how long what the directory said about somebody is good for. `wrong_passwords` of one
    account within `wrong_within` reach the directory, however many addresses they come from: it
    must stay below the number at which the directory itself locks the account.
    """

    kind: str = required(
        kinds.one_of("openldap", "active-directory", "freeipa", "google"),
        "Which software it is: attributes, groups and blocked accounts differ.",
    )
    servers: tuple[str, ...] = required(
        kinds.LDAP_SERVERS, "Asked in this order; the next one when one is away."
    )
    domain: str = required(kinds.DOMAIN, "People sign in as NAME@DOMAIN.")
    people: str = required(kinds.DN, "The DN under which people are.")
    groups: str = required(kinds.DN, "The DN under which groups are.")
    netbios: str | None = setting(
        _NONE, kinds.or_word(_NONE, kinds.TEXT), "Also DOMAIN\\NAME, with this as DOMAIN."
    )
    plain_names: bool = setting(
        False, kinds.YES_OR_NO, "Also NAME alone; one directory at most can have that."
    )
    bind_dn: str | None = setting(
        _NONE, kinds.or_word(_NONE, kinds.TEXT), "The service account that may only read."
    )
    bind_password_file: Path | None = setting(
        _NONE, kinds.or_word(_NONE, kinds.PATH), "Its first line is that account's password."
    )
    certificate: Path | None = setting(
        _NONE, kinds.or_word(_NONE, kinds.PATH), "PEM, where the directory asks for one (Google)."
    )
    key: Path | None = setting(
        _NONE, kinds.or_word(_NONE, kinds.PATH), "PEM, that certificate's key."
    )
    ca: Path | None = setting(
        "system",
        kinds.or_word("system", kinds.PATH),
        "PEM, who must have signed the servers' certificates; system: as browsers here.",
    )
    roles: tuple[str, ...] = setting(
        ["professional", "manager"],
        kinds.words("professional", "manager", "administrator"),
        "What directory-groups.csv can make of its people; leave administrator out.",
    )
    only: str | None = setting(
        _NONE,
        kinds.or_word(_NONE, kinds.FILTER),
        "An LDAP filter that people must match besides, such as (employeeType=agent).",
    )
    term: timedelta = setting(
        "5 min",
        kinds.duration(10 * _SECOND, 5 * _MINUTE),
        "How long what it said of somebody counts, and how often everybody is looked at.",
    )
    connecting: timedelta = setting(
        "3 s", kinds.duration(_SECOND / 10, 30 * _SECOND), "How long a connection may take."
    )
    answering: timedelta = setting(
        "5 s", kinds.duration(_SECOND / 10, _MINUTE), "How long an answer may take."
    )
    connections: int = setting(
        4, kinds.whole(1, 100), "Connections for searches that each worker process may open."
    )
    wrong_passwords: int = setting(
        3, kinds.whole(1, 50), "Per account; fewer than lock the account in the directory."
    )
    wrong_within: timedelta = setting(
        "30 min", kinds.duration(_MINUTE, 1440 * _MINUTE), "For as long as the directory counts."
    )
