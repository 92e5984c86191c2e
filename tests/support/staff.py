"""The staff of one structure in a directory: a base of a test's own in the worker's slapd."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from davserver.config.directory_settings import DirectorySettings
from tests.support.authority import Authority
from tests.support.slapd import READER_PASSWORD, SUFFIX, Slapd, slapd_server

PASSWORD = "correct horse"
FOR_EVER = "000001010000Z"

_numbers = count(1)


@dataclass(frozen=True)
class Staff:
    """People and groups below `base`, a service account that reads them, and whom to ask.

    A group always has its service account as a member: OpenLDAP's groups cannot be empty.
    """

    server: Slapd
    base: str
    folder: Path

    @property
    def reader(self) -> str:
        return f"cn=reader,{self.base}"

    def settings(self, **other: object) -> DirectorySettings:
        """Those of this directory, and what a test wants otherwise."""
        usual = DirectorySettings(
            kind="openldap",
            servers=(self.server.ldaps,),
            domain="ccas.example",
            people=f"ou=people,{self.base}",
            groups=f"ou=groups,{self.base}",
            bind_dn=self.reader,
            bind_password_file=self.password_file(),
            ca=self.server.authority.ca,
            connecting=timedelta(seconds=2),
            answering=timedelta(seconds=2),
        )
        return replace(usual, **other)  # type: ignore[arg-type]

    def configuration(self, name: str = "ccas") -> str:
        """The same, as the section of config.yaml."""
        return f"""
directories:
  {name}:
    kind: openldap
    servers: [{self.server.ldaps}]
    domain: ccas.example
    people: ou=people,{self.base}
    groups: ou=groups,{self.base}
    bind_dn: {self.reader}
    bind_password_file: {self.password_file()}
    ca: {self.server.authority.ca}
    connecting: 2 s
    answering: 2 s
"""

    def password_file(self, password: str = READER_PASSWORD) -> Path:
        file = self.folder / "reader"
        file.write_text(f"{password}\n")
        return file

    def person(self, account: str) -> str:
        """Their DN."""
        return f"uid={account},ou=people,{self.base}"

    def group(self, name: str) -> str:
        """Its DN."""
        return f"cn={name},ou=groups,{self.base}"

    def add(self, *accounts: str, password: str = PASSWORD, name: str = "", more: str = "") -> None:
        """People. `more`: further lines of their entries."""
        self.server.change(
            "\n".join(
                f"dn: {self.person(one)}\nchangetype: add\n"
                "objectClass: inetOrgPerson\nobjectClass: shadowAccount\n"
                f"uid: {one}\ncn: {name or one.title()}\nsn: {one.title()}\n"
                f"userPassword: {password}\n{more}\n"
                for one in accounts
            )
        )

    def remove(self, account: str) -> None:
        self.server.remove(self.person(account))

    def rename(self, account: str, to: str) -> None:
        self.server.change(
            f"dn: {self.person(account)}\nchangetype: modrdn\nnewrdn: uid={to}\ndeleteoldrdn: 1\n"
        )

    def replace(self, account: str, attribute: str, value: str) -> None:
        self._modify(self.person(account), f"replace: {attribute}\n{attribute}: {value}")

    def disable(self, account: str) -> None:
        self.replace(account, "pwdAccountLockedTime", FOR_EVER)

    def enable(self, account: str) -> None:
        self._modify(self.person(account), "delete: pwdAccountLockedTime")

    def set_password(self, account: str, password: str) -> None:
        """As the person would: after an administrator does it, pwdReset wants another one."""
        self.replace(account, "userPassword", password)
        self._modify(self.person(account), "replace: pwdReset")

    def id(self, account: str) -> str:
        return self._uuid(self.person(account))

    def group_id(self, name: str) -> str:
        return self._uuid(self.group(name))

    def _uuid(self, dn: str) -> str:
        found = self.server.value(dn, "entryUUID")
        assert found is not None
        return found

    def add_group(self, name: str, *members: str) -> None:
        """`members`: DNs, of `person` or `group`."""
        lines = "".join(f"member: {one}\n" for one in (self.reader, *members))
        self.server.change(
            f"dn: {self.group(name)}\nchangetype: add\nobjectClass: groupOfNames\n"
            f"cn: {name}\n{lines}"
        )

    def put_in(self, group: str, *members: str) -> None:
        lines = "\n".join(f"member: {one}" for one in members)
        self._modify(self.group(group), f"add: member\n{lines}")

    def take_out(self, group: str, *members: str) -> None:
        """All of them in one change."""
        lines = "\n".join(f"member: {one}" for one in members)
        self._modify(self.group(group), f"delete: member\n{lines}")

    def remove_group(self, name: str) -> None:
        self.server.remove(self.group(name))

    def _modify(self, dn: str, lines: str) -> None:
        self.server.change(f"dn: {dn}\nchangetype: modify\n{lines}\n")


@contextmanager
def some_staff(server: Slapd, folder: Path) -> Iterator[Staff]:
    """An empty base with its service account, removed afterwards."""
    base = f"ou=t{next(_numbers)},{SUFFIX}"
    server.change(_empty(base))
    with server.healed():
        yield Staff(server, base, folder)
    server.remove(base)


def _empty(base: str) -> str:
    units = [base, f"ou=people,{base}", f"ou=groups,{base}"]
    return "\n".join(
        [
            *(f"dn: {one}\nchangetype: add\nobjectClass: organizationalUnit\n" for one in units),
            _reader(base, "changetype: add\n"),
        ]
    )


def _reader(base: str, change: str = "") -> str:
    return (
        f"dn: cn=reader,{base}\n{change}objectClass: organizationalRole\n"
        f"objectClass: simpleSecurityObject\ncn: reader\nuserPassword: {READER_PASSWORD}\n"
    )


CROWD = f"ou=crowd,{SUFFIX}"


def crowd(people: int, group: str = "everybody") -> str:
    """LDIF of that many people, `p0000` and on, who are all in one group."""
    units = [CROWD, f"ou=people,{CROWD}", f"ou=groups,{CROWD}"]
    everybody = [f"uid=p{number:04},ou=people,{CROWD}" for number in range(people)]
    whose = f"cn={group},ou=groups,{CROWD}"
    return "\n".join(
        [
            *(f"dn: {one}\nobjectClass: organizationalUnit\n" for one in units),
            _reader(CROWD),
            *(
                f"dn: {dn}\nobjectClass: inetOrgPerson\nuid: p{number:04}\n"
                f"cn: Person {number}\nsn: {number}\nuserPassword: {PASSWORD}\nmemberOf: {whose}\n"
                for number, dn in enumerate(everybody)
            ),
            f"dn: {whose}\nobjectClass: groupOfNames\ncn: {group}\n"
            + "".join(f"member: {dn}\n" for dn in everybody),
        ]
    )


@contextmanager
def crowded(authority: Authority, folder: Path, people: int) -> Iterator[Staff]:
    """A server of its own with that many people in the group `everybody`."""
    with slapd_server(authority, crowd(people)) as server:
        yield Staff(server, CROWD, folder)
