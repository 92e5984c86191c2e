"""Every setting there is. This file is the list: config.yaml is printed from it."""

# ruff: noqa: RUF009 — `setting` and `section` make dataclass fields, not values

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from davserver.config import kinds
from davserver.config.directory_settings import DirectorySettings
from davserver.config.kinds import Network
from davserver.config.setting import named_sections, section, setting

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_KB = 1000
_MB = 1000 * _KB
_TB = 1000_000 * _MB


@dataclass(frozen=True, slots=True)
class Listen:
    """`certificate`, `key` and `client_ca` are PEM files, not read when `plain_http` is set."""

    address: str = setting(
        "127.0.0.1", kinds.ADDRESS, "Only this machine reaches 127.0.0.1; 0.0.0.0 is every network."
    )
    port: int = setting(8443, kinds.PORT, "Ports under 1024 need rights that Abri should not have.")
    plain_http: bool = setting(
        False, kinds.YES_OR_NO, "Without TLS passwords can be read: only for a loopback address."
    )
    certificate: Path = setting(
        "keys/tls.crt", kinds.PATH, "PEM, the server's own certificate first. Renew it here."
    )
    key: Path = setting(
        "keys/tls.key", kinds.PATH, "PEM, without passphrase, readable by Abri only."
    )
    client_ca: Path | None = setting(
        "none",
        kinds.or_word("none", kinds.PATH),
        "PEM, who signs people's certificates: clients may then show one; none asks for none.",
    )
    proxies: tuple[Network, ...] = setting(
        [], kinds.NETWORKS, "Reverse proxies that are believed when they say for whom they ask."
    )
    certificate_header: str | None = setting(
        "none",
        kinds.or_word("none", kinds.HEADER),
        "In which a listed proxy names its client's certificate; from others it is dropped.",
    )


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """`url` has no password; the first line of `password_file` is it."""

    url: str = setting(
        "sqlite:///data/abri.db",
        kinds.DATABASE_URL,
        "A file for one machine; postgresql://USER@HOST/NAME for several.",
    )
    password_file: Path | None = setting(
        "none", kinds.or_word("none", kinds.PATH), "Its first line is PostgreSQL's password."
    )
    connections: int = setting(
        8, kinds.whole(2, 200), "Reading connections that each worker process may open."
    )


@dataclass(frozen=True, slots=True)
class Keys:
    keyring: Path = setting(
        "keys/keyring",
        kinds.PATH,
        "Opens every vault: never in the data folder, never in the same backup.",
    )


@dataclass(frozen=True, slots=True)
class Vaults:
    """Sizes in bytes."""

    quota: int = setting(
        "600 MB",
        kinds.size(_MB, 100 * _TB),
        "What a new vault may hold, versions and trash included.",
    )
    trash: timedelta | None = setting(
        "until-full",
        kinds.or_word("until-full", kinds.duration(_DAY, 3650 * _DAY)),
        "How long the trash is kept; the oldest goes first where room is needed.",
    )
    allowance: int = setting(
        "100 MB", kinds.size(_MB, _TB), "What the other side may add through one grant to write."
    )
    recall: timedelta = setting(
        "24 h",
        kinds.duration(_MINUTE, 30 * _DAY),
        "How long a professional may take back what they made; office programs rely on it.",
    )
    changes_per_minute: int = setting(
        50,
        kinds.whole(1, 100_000),
        "Whoever changes more of somebody else's documents is paused, and the owner told.",
    )


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """How a change of the policy files comes into force, and what is kept of its decisions."""

    activation: str = setting(
        "automatic",
        kinds.one_of("automatic", "manual"),
        "A saved change counts within two seconds; manual: after `abri policy apply`.",
    )
    coverage: int = setting(
        0,
        kinds.whole(0, 100),
        "Per cent of the rules that the cases in tests/ must show at work, or it does not count.",
    )
    four_eyes: bool = setting(
        False,
        kinds.YES_OR_NO,
        "What widens access for anybody waits for two administrators: `abri policy approve`.",
    )
    signers: Path | None = setting(
        "none",
        kinds.or_word("none", kinds.PATH),
        "Public keys (PEM): only what one of them signed counts; none asks for no signature.",
    )
    decisions: Path | None = setting(
        "decisions",
        kinds.or_word("none", kinds.PATH),
        "What each request was allowed or refused, for abri policy replay; none keeps none.",
    )
    decisions_kept: timedelta = setting(
        "90 d", kinds.duration(_DAY, 3650 * _DAY), "How long, before a day's file is removed."
    )

    @property
    def automatic(self) -> bool:
        return self.activation == "automatic"


@dataclass(frozen=True, slots=True)
class Locks:
    usual: timedelta = setting(
        "30 min", kinds.duration(_MINUTE, _DAY), "A lock's life when its program asks for none."
    )
    longest: timedelta = setting(
        "60 min", kinds.duration(_MINUTE, _DAY), "A crashed laptop blocks a document no longer."
    )


@dataclass(frozen=True, slots=True)
class Scratch:
    """Side files: what file managers and office programs leave beside documents (DESIGN §4)."""

    keep: timedelta = setting(
        "24 h", kinds.duration(_HOUR, 30 * _DAY), "Side files of file managers vanish after that."
    )
    largest: int = setting("50 MB", kinds.size(_KB, 1000 * _MB), "Size of one side file.")


@dataclass(frozen=True, slots=True)
class Serving:
    """Rates in bytes per second, sizes in bytes. `workers` None: one per core."""

    workers: int | None = setting(
        "cores", kinds.or_word("cores", kinds.whole(1, 256)), "Processes that share the port."
    )
    threads: int = setting(
        32, kinds.whole(2, 1000), "Connections that one process serves at a time."
    )
    slow: int = setting(
        500,
        kinds.whole(0, 10_000),
        "Slow uploads and downloads beside them: each has a thread more, and up to 2 MiB.",
    )
    computing: int = setting(
        1, kinds.whole(1, 64), "How many of them compute at a time; more where workers are few."
    )
    waiting: int = setting(
        256, kinds.whole(1, 10_000), "Connections that may wait for a thread; further ones get 503."
    )
    connections: int = setting(
        2000, kinds.whole(16, 100_000), "Open connections of one process, idle ones included."
    )
    header_size: int = setting(
        "64 KiB", kinds.size(4096, 1024 * 1024), "All headers of one request together."
    )
    idle: timedelta = setting(
        "5 min", kinds.duration(_SECOND, _HOUR), "How long a silent connection is kept."
    )
    slowest: int = setting(
        "2 KiB",
        kinds.size(1, _MB),
        "Least bytes per second of either side, averaged over `patience`: a trickle is cut.",
    )
    patience: timedelta = setting(
        "30 s", kinds.duration(_SECOND, _HOUR), "How long a stalled transfer may stand still."
    )
    leaving: timedelta = setting(
        "0 s",
        kinds.duration(0 * _SECOND, _HOUR),
        "How long a stop goes on serving while /healthz says so; for load balancers.",
    )
    drain: timedelta = setting(
        "30 s", kinds.duration(_SECOND, _HOUR), "How long a stop waits for running downloads."
    )


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """What `abri` commands may do in somebody's name."""

    grants: str = setting(
        "direct",
        kinds.one_of("direct", "needs-owner"),
        "A grant by a command counts at once; needs-owner: when its owner says yes on the pages.",
    )

    @property
    def needs_owner(self) -> bool:
        return self.grants == "needs-owner"


@dataclass(frozen=True, slots=True)
class Pages:
    time_zone: str = setting(
        "Europe/Paris", kinds.TIME_ZONE, "Where the clocks are that people look at."
    )
    catalogues: Path | None = setting(
        "none",
        kinds.or_word("none", kinds.PATH),
        "A folder with one CODE.po for each further language of the pages.",
    )


@dataclass(frozen=True, slots=True)
class Log:
    file: Path | None = setting(
        "none", kinds.or_word("none", kinds.PATH), "Lines go to its end; none is standard error."
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them. Paths are absolute, or relative to the working folder for the bare defaults."""

    data: Path = setting("data", kinds.PATH, "Database and encrypted contents. Back this up.")
    policies: Path = setting(
        "policies", kinds.PATH, "The rules that narrow what grants give. Edit them here."
    )
    listen: Listen = section(Listen, "Where the drive is served.")
    database: DatabaseSettings = section(
        DatabaseSettings, "Where people, grants and the trail live."
    )
    keys: Keys = section(Keys, "What opens the vaults.")
    vaults: Vaults = section(Vaults, "What a vault may hold.")
    policy: PolicySettings = section(
        PolicySettings, "How a change of the policy files comes into force."
    )
    locks: Locks = section(Locks, "Locks of office programs.")
    scratch: Scratch = section(Scratch, "Side files, kept apart from documents.")
    serving: Serving = section(Serving, "Processes, threads and patience.")
    operator: OperatorSettings = section(
        OperatorSettings, "What commands may do in people's names."
    )
    pages: Pages = section(Pages, "What people see in a browser.")
    directories: Mapping[str, DirectorySettings] = named_sections(
        DirectorySettings,
        kinds.SHORT_NAME,
        "Where the staff of structures have their accounts: docs/directory.md shows how.",
    )
    log: Log = section(Log, "JSON lines, without names, paths or secrets.")
