"""A real OpenLDAP server for the tests: Debian's slapd, in a folder of its own, on loopback.

One process serves all tests of a worker; each test has a base of its own in it (`staff.py`). It
dies with the test process. `healed` puts right whatever a test did to it.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.authority import Authority, Pair
from tests.support.patience import until
from tests.support.ports import answers, free_port

SUFFIX = "dc=test"
ROOT_DN = f"cn=root,{SUFFIX}"
READER_PASSWORD = "reads only"
_ROOT_PASSWORD = "root of the tests"

# The service account of a base may read all of it and change nothing; its people only sign in.
_CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload back_monitor
moduleload memberof
moduleload ppolicy
moduleload syncprov
pidfile {folder}/pid
threads 4
serverID {id}
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
TLSVerifyClient {asks}
{more}
database monitor
access to * by dn.exact="{root}" read by * none
database mdb
suffix "{suffix}"
rootdn "{root}"
rootpw "{password}"
directory {folder}/db
maxsize 268435456
dbnosync
index objectClass,entryUUID,entryCSN,uid,cn,member,memberOf,employeeType eq
limits dn.regex="^cn=reader," size.soft=500 size.hard=unlimited size.prtotal={most}
access to attrs=userPassword by anonymous auth by * none
access to dn.regex="^(.+,)?(ou=[^,]+,{suffix})$" by dn.exact,expand="cn=reader,$2" read {others}
access to * by * none
{replication}
overlay memberof
memberof-refint TRUE
overlay ppolicy
ppolicy_default "cn=policy,{suffix}"
overlay syncprov
"""

_USUAL = {"asks": "never", "others": "by anonymous auth", "most": "unlimited", "more": ""}

_REPLICATION = """\
syncrepl rid=001 provider={provider} type=refreshAndPersist retry="1 +" searchbase="{suffix}"
  bindmethod=simple binddn="{root}" credentials="{password}"
multiprovider on
"""

_BASE = f"""\
dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
dc: test
o: test

dn: cn=policy,{SUFFIX}
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 5
pwdLockoutDuration: 600
pwdMustChange: TRUE
"""


@dataclass
class Slapd:
    """`pair` is what it shows; `provider` is whose entries it keeps a copy of."""

    authority: Authority
    pair: Pair
    folder: Path
    provider: "Slapd | None" = None
    tls_port: int = field(default_factory=free_port)
    plain_port: int = field(default_factory=free_port)
    _process: "subprocess.Popen[bytes] | None" = None
    _usual: bool = False

    @property
    def ldaps(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def ldap(self) -> str:
        """For StartTLS."""
        return f"ldap://127.0.0.1:{self.plain_port}"

    @property
    def _socket(self) -> str:
        return "ldapi://" + f"{self.folder}/ldapi".replace("/", "%2F")

    def prepare(self, ldif: str = "") -> None:
        """Its base, and more entries, before the first start."""
        (self.folder / "db").mkdir()
        self._configure(self.pair)
        file = self.folder / "base.ldif"
        file.write_text(f"{_BASE}\n{ldif}")
        command = [_program("slapadd"), "-q", "-f", f"{self.folder}/slapd.conf", "-l", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"slapadd:\n{done.stderr}")

    def start(
        self,
        pair: Pair | None = None,
        *,
        client_certificates: str = "never",
        anyone_reads: bool = False,
        most: str = "unlimited",
        more: str = "",
    ) -> None:
        """`pair`: another certificate than its own. `most`: entries that a service account gets by
        pages. `more`: lines of configuration.
        """
        others = (pair, client_certificates, anyone_reads, most, more)
        self._usual = others == (None, "never", False, "unlimited", "")
        self._configure(
            pair or self.pair,
            asks=client_certificates,
            others="by anonymous read" if anyone_reads else "by anonymous auth",
            most=most,
            more=more,
        )
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", _program("slapd"), "-d", "0",
                 "-f", f"{self.folder}/slapd.conf",
                 "-h", f"{self.ldaps}/ {self.ldap}/ {self._socket}"],
                stdout=log, stderr=log,
            )  # fmt: skip
        self._wait()

    def _configure(self, pair: Pair, **how: str) -> None:
        named = {"suffix": SUFFIX, "root": ROOT_DN, "password": _ROOT_PASSWORD}
        whose = self.provider
        replication = _REPLICATION.format(provider=whose._socket, **named) if whose else ""
        text = _CONFIGURATION.format(
            folder=self.folder, id=2 if whose else 1, ca=self.authority.ca,
            certificate=pair.certificate, key=pair.key, replication=replication, **named,
            **_USUAL | how,
        )  # fmt: skip
        (self.folder / "slapd.conf").write_text(text)

    def _wait(self) -> None:
        deadline = time.monotonic() + 120
        while not (answers(self.tls_port) and answers(self.plain_port)):
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = (self.folder / "log").read_text(errors="replace")
                raise RuntimeError(f"slapd did not start:\n{log}")
            time.sleep(0.01)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait(timeout=60)
        self._process = None

    def pause(self) -> None:
        """It accepts connections (the kernel does) and says nothing more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        # The signal stops one thread after the other, and an answer may be on its way.
        process = self._process.pid
        until(lambda: _is_stopped(process))

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def restart(self, pair: Pair | None = None, **how: object) -> None:
        self.stop()
        self.start(pair, **how)  # type: ignore[arg-type]

    @contextmanager
    def healed(self) -> Iterator[None]:
        """Whatever happens to it in here, it runs afterwards as it did before."""
        try:
            yield
        finally:
            if self._process is not None:
                self.resume()
            if self._process is None or self._process.poll() is not None or not self._usual:
                self._end(signal.SIGTERM)
                self.start()

    def change(self, ldif: str) -> None:
        """What `ldapmodify` makes of it, as the one who may do everything."""
        self._run("ldapmodify", given=ldif)

    def remove(self, dn: str) -> None:
        """That entry, with everything below it."""
        self._run("ldapdelete", "-r", dn)

    def value(self, dn: str, attribute: str) -> str | None:
        """The first value of an attribute, operational ones too."""
        return next(iter(self.values(dn, attribute)), None)

    def values(self, dn: str, attribute: str) -> list[str]:
        said = self._run(
            "ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", dn, "-s", "base", "(objectClass=*)",
            attribute,
        )  # fmt: skip
        return re.findall(rf"^{attribute}: (.*)$", said, re.MULTILINE | re.IGNORECASE)

    def has(self, dn: str) -> bool:
        try:
            return self.value(dn, "entryUUID") is not None
        except RuntimeError:
            return False

    def binds(self) -> int:
        """How many binds it has answered since it was started, those of these methods too."""
        said = self.value("cn=Bind,cn=Operations,cn=Monitor", "monitorOpCompleted")
        assert said is not None
        return int(said)

    def _run(self, program: str, *arguments: str, given: str = "") -> str:
        who = ["-x", "-H", self._socket, "-D", ROOT_DN, "-w", _ROOT_PASSWORD]
        done = subprocess.run(
            [program, *who, *arguments],
            input=given, text=True, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr}\n{given}")
        return done.stdout


@contextmanager
def slapd_server(
    authority: Authority, ldif: str = "", provider: Slapd | None = None
) -> Iterator[Slapd]:
    """Start one, end it, and remove its folder."""
    folder = Path(tempfile.mkdtemp(prefix="abri-ldap-"))
    server = Slapd(authority, authority.server(folder.name), folder, provider)
    try:
        server.prepare(ldif)
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


def _program(name: str) -> str:
    found = shutil.which(name, path=f"/usr/sbin:{os.environ['PATH']}")
    if found is None:
        raise RuntimeError(f"{name} is not installed: run `make debian` (package slapd)")
    return found


def _is_stopped(process: int) -> bool:
    """All of its threads (proc(5): the state follows the name, which ends with a parenthesis)."""
    threads = Path(f"/proc/{process}/task").glob("*/stat")
    return all(one.read_text().rpartition(")")[2].split()[0] == "T" for one in threads)
