"""A real Active Directory domain controller: Debian's Samba, in a network namespace of its own.

Its ports are fixed, so it gets a loopback of its own; a relay leads to it from a free port of ours.
It dies with the test process, and nothing outside of its folder is written.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from davserver.config.directory_settings import DirectorySettings
from tests.support.authority import Authority, Pair
from tests.support.ports import pause

REALM = "ccas.example"
BASE = "DC=ccas,DC=example"
PASSWORD = "Correct-horse-1"
ADMINISTRATOR = f"Administrator@{REALM}"
_ADMINISTRATOR_PASSWORD = "Root-of-the-tests-1"
_LDAPS = 636
_HERE = Path(__file__).parent

Entry = dict[str, str | list[str]]


def unit(name: str) -> Entry:
    return {"dn": f"OU={name},{BASE}", "objectClass": "organizationalUnit"}


def person(account: str, **more: str | list[str]) -> Entry:
    """Somebody under OU=people, with PASSWORD unless told otherwise."""
    usual: Entry = {
        "dn": f"CN={account},OU=people,{BASE}",
        "objectClass": "user",
        "sAMAccountName": account,
        "userPrincipalName": f"{account}@{REALM}",
        "userAccountControl": "512",
        "password": PASSWORD,
    }
    return usual | more


def group(name: str, *members: str) -> Entry:
    made: Entry = {
        "dn": f"CN={name},OU=groups,{BASE}",
        "objectClass": "group",
        "sAMAccountName": name,
    }
    return made | ({"member": list(members)} if members else {})


@dataclass(frozen=True)
class DomainController:
    port: int
    authority: Authority
    folder: Path

    @property
    def url(self) -> str:
        return f"ldaps://localhost:{self.port}"

    def settings(self, **other: object) -> DirectorySettings:
        password = self.folder / "reader"
        password.write_text(f"{PASSWORD}\n")
        usual = DirectorySettings(
            kind="active-directory",
            servers=(self.url,),
            domain=REALM,
            people=f"OU=people,{BASE}",
            groups=f"OU=groups,{BASE}",
            bind_dn=f"reader@{REALM}",
            bind_password_file=password,
            ca=self.authority.ca,
            connecting=timedelta(seconds=10),
            answering=timedelta(seconds=20),
        )
        return replace(usual, **other)  # type: ignore[arg-type]

    def change(self, ldif: str) -> None:
        self._run("ldapmodify", given=ldif)

    def value(self, dn: str, attribute: str) -> str:
        """The first value of an attribute as LDIF has it, in base64 where it is binary."""
        said = self._run(
            "ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", dn, "-s", "base", "(objectClass=*)",
            attribute,
        )  # fmt: skip
        found = re.search(rf"^{attribute}::? (.*)$", said, re.MULTILINE)
        assert found is not None
        return found[1]

    def _run(self, program: str, *arguments: str, given: str = "") -> str:
        # libldap would check the certificate for this machine's own name in place of localhost.
        who = [
            "-x",
            "-H",
            f"ldaps://127.0.0.1:{self.port}",
            "-D",
            ADMINISTRATOR,
            "-w",
            _ADMINISTRATOR_PASSWORD,
        ]
        done = subprocess.run(
            [program, *who, *arguments],
            input=given, text=True, capture_output=True, check=False, timeout=60,
            env=os.environ | {"LDAPTLS_CACERT": str(self.authority.ca)},
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr}\n{given}")
        return done.stdout


@contextmanager
def domain_controller(authority: Authority, entries: list[Entry]) -> Iterator[DomainController]:
    """Provision a domain with those entries, start it, end it, and remove its folder."""
    folder = Path(tempfile.mkdtemp(prefix="abri-ad-"))
    started: list[subprocess.Popen[bytes]] = []
    try:
        _provision(folder, authority.server(folder.name), authority)
        _fill(folder, entries)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            started.append(_start(folder))
            _wait(folder, started[0])
            started.append(_relay(listening, started[0].pid))
            yield DomainController(listening.getsockname()[1], authority, folder)
    finally:
        for process in started:
            process.kill()
            process.communicate(timeout=180)
        shutil.rmtree(folder)


def _provision(folder: Path, pair: Pair, authority: Authority) -> None:
    options = {
        "interfaces": "lo",
        "bind interfaces only": "yes",
        "server services": "ldap",
        "log file": f"{folder}/log",
        "pid directory": str(folder),
        "ncalrpc dir": f"{folder}/ncalrpc",
        "winbindd socket directory": f"{folder}/winbindd",
        "ntp signd socket directory": f"{folder}/ntp",
        "tls certfile": str(pair.certificate),
        "tls keyfile": str(pair.key),
        "tls cafile": str(authority.ca),
    }
    pair.key.chmod(0o600)
    _must(
        "samba-tool", "domain", "provision", f"--realm={REALM.upper()}", "--domain=CCAS",
        "--server-role=dc", "--dns-backend=NONE", "--host-name=dc", "--host-ip=127.0.0.1",
        f"--adminpass={_ADMINISTRATOR_PASSWORD}", f"--targetdir={folder}/ad",
        *(f"--option={name}={of}" for name, of in options.items()),
    )  # fmt: skip


def _fill(folder: Path, entries: list[Entry]) -> None:
    # Debian's Python, not the one of the virtual environment: it has Samba's modules.
    _must(
        "/usr/bin/python3", "-I", str(_HERE / "samba_entries.py"), f"{folder}/ad/etc/smb.conf",
        f"{folder}/ad/private/sam.ldb", given=json.dumps(entries),
    )  # fmt: skip


def _must(program: str, *arguments: str, given: str = "") -> None:
    if shutil.which(program) is None:
        raise RuntimeError(f"{program} is not installed: run `make debian` (package samba)")
    done = subprocess.run(
        [program, *arguments], input=given, text=True, capture_output=True, check=False,
        timeout=300,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{program}:\n{done.stdout}\n{done.stderr}")


def _start(folder: Path) -> "subprocess.Popen[bytes]":
    """In a namespace of its own, where the calls below leave this process for Samba."""
    become_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    inside = 'ip link set lo up && exec samba -i -M single --debug-stdout -s "$0"'
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", "unshare", "--net", *become_root,
             "sh", "-c", inside, f"{folder}/ad/etc/smb.conf"],
            stdout=output, stderr=output, stdin=subprocess.PIPE,
            env=os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
        )  # fmt: skip


def _wait(folder: Path, samba: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 90
    while _listens(samba.pid) is False:
        if samba.poll() is not None or time.monotonic() > deadline:
            said = (folder / "output").read_text(errors="replace")
            raise RuntimeError(f"Samba did not start:\n{said}")
        pause()


def _listens(pid: int) -> bool:
    """By what the kernel lists for its namespace: entries in state 0A (listening) at its port."""
    ours, its = (Path(f"/proc/{who}/ns/net") for who in ("self", pid))
    try:
        if ours.readlink() == its.readlink():
            return False
        lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    except OSError:
        return False
    return any(line.split()[1].endswith(f":{_LDAPS:04X}") for line in lines)


def _relay(listening: socket.socket, pid: int) -> "subprocess.Popen[bytes]":
    descriptor = listening.fileno()
    return subprocess.Popen(
        ["setpriv", "--pdeathsig=KILL", "nsenter", f"--net=/proc/{pid}/ns/net",
         sys.executable, "-I", str(_HERE / "relay.py"), str(descriptor), str(_LDAPS)],
        pass_fds=[descriptor],
    )  # fmt: skip
