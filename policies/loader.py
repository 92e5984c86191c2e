"""From a folder of policy files to a snapshot, or to every problem in it at once."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from policies import calendars, case_files, groups, networks, rules
from policies.engine import Engine
from policies.problems import Code, PolicyProblems, Problem, Report, nearest
from policies.sheet import Line, read_sheet
from policies.snapshot import Snapshot
from policies.table import Table
from policies.vocabulary import Column, build_vocabulary

MODEL = "model.conf"
FILES = (MODEL, rules.FILE, groups.FILE, networks.FILE, calendars.FILE)
MODEL_SHA256 = "376ec66e0eccd680ae5e790330778e1ec24135b06c3dab14f0bc9d8def790ff1"
"""Another matcher is another engine: it comes with a release, not with an edited file."""

_WATCHED = (".csv", ".conf")
_MOST_BYTES = 1 << 20


def shipped() -> Path:
    """The folder of the set that comes with Abri."""
    return Path(__file__).parent


def load(directory: Path) -> Snapshot:
    """The policy of a folder. Raises PolicyProblems with every problem when there is an error;
    warnings alone are kept in the snapshot.
    """
    report = Report()
    files = read_files(directory, report)
    return _snapshot(files, report)


def load_bytes(files: Mapping[str, bytes]) -> Snapshot:
    """The policy of files that are already read, as name → content. Raises PolicyProblems."""
    report = Report()
    _check_names(files, report)
    return _snapshot(files, report)


def load_folder(files: Mapping[str, bytes], unread: tuple[Problem, ...]) -> Snapshot:
    """As `load_bytes`, of a folder in which `unread` was found while it was read."""
    return _snapshot(files, Report(unread))


def check(directory: Path) -> tuple[Problem, ...]:
    """Every problem of a folder, warnings too, in the order of files and lines. The cases in
    `tests/` are read with rules that can be used: they speak of their words.
    """
    try:
        snapshot = load(directory)
    except PolicyProblems as found:
        return found.problems
    report = Report()
    case_files.read_cases(case_files.read_folder(directory, report), snapshot, report)
    return snapshot.warnings + report.problems


def read_files(directory: Path, report: Report) -> dict[str, bytes]:
    """The policy files of a folder, each read once."""
    files = {}
    try:
        names = sorted(path.name for path in directory.iterdir() if path.suffix in _WATCHED)
    except OSError as error:
        message = f"The folder cannot be read: {error.strerror}."
        report.add(str(directory), (0, 0), Code.FILE_UNREADABLE, message)
        return {}
    for name in names:
        try:
            files[name] = (directory / name).read_bytes()
        except OSError as error:
            message = f"The file cannot be read: {error.strerror}."
            report.add(name, (0, 0), Code.FILE_UNREADABLE, message)
            files[name] = b""
    _check_names(files, report)
    return files


def _check_names(files: Mapping[str, bytes], report: Report) -> None:
    for name in FILES:
        if name not in files:
            report.add(name, (0, 0), Code.FILE_MISSING, "This file is missing; it may be empty.")
    for name, content in files.items():
        if name not in FILES:
            message = "No such policy file is known, so it would have no effect."
            report.add(name, (0, 0), Code.FILE_UNEXPECTED, message, nearest(name, FILES))
        elif len(content) > _MOST_BYTES:
            report.add(name, (0, 0), Code.FILE_UNREADABLE, "The file is larger than 1 MiB.")


def generation_of(files: Mapping[str, bytes]) -> str:
    """The SHA-256 of the five files, names and lengths included, in hexadecimal."""
    digest = hashlib.sha256()
    for name in FILES:
        content = files.get(name, b"")
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _snapshot(files: Mapping[str, bytes], report: Report) -> Snapshot:
    def lines(name: str) -> tuple[Line, ...]:
        return read_sheet(name, files.get(name, b"")[:_MOST_BYTES], report)

    model = _model(files, report)
    grouped = groups.parse_groups(lines(groups.FILE), report)
    zones = networks.parse_networks(lines(networks.FILE), report)
    calendar = calendars.parse_calendars(lines(calendars.FILE), report)
    vocabulary = build_vocabulary(grouped.edges, tuple(grouped.slugs), calendar.slots)
    parsed = rules.parse_rules(lines(rules.FILE), vocabulary, report)
    used = frozenset((c, rule.word(c)) for rule in parsed for c in Column)
    groups.check_use(grouped, used, report)
    if any(problem.is_error for problem in report.problems):
        raise PolicyProblems(report.problems)
    pairs = {column: grouped.pairs(column) for column in groups.GROUPED}
    return Snapshot(
        generation=generation_of(files),
        files={name: bytes(files[name]) for name in FILES},
        rules=parsed,
        vocabulary=vocabulary,
        slugs=grouped.slugs,
        networks=zones,
        calendar=calendar,
        engine=Engine(model, parsed, pairs, vocabulary),
        table=Table(parsed, vocabulary),
        has_slots=any(
            not vocabulary.accepts_all(Column.SLOT, rule.word(Column.SLOT)) for rule in parsed
        ),
        warnings=report.problems,
    )


def _model(files: Mapping[str, bytes], report: Report) -> str:
    content = files.get(MODEL, b"").replace(b"\r\n", b"\n")
    if MODEL in files and hashlib.sha256(content).hexdigest() != MODEL_SHA256:
        message = "This file differs from the one that belongs to this release; put that one back."
        report.add(MODEL, (0, 0), Code.MODEL_CHANGED, message)
        return ""
    return content.decode()
