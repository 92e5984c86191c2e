"""From a folder of policy files to a snapshot, or to every problem in it at once."""

import hashlib
import stat
from collections.abc import Mapping
from itertools import takewhile, zip_longest
from pathlib import Path

from policies import calendars, case_files, directory_groups, groups, networks, rules
from policies.engine import Engine
from policies.problems import Code, PolicyProblems, Problem, Report, nearest
from policies.sheet import Line, read_sheet
from policies.snapshot import Snapshot
from policies.table import Table
from policies.vocabulary import Column, build_vocabulary

MODEL = "model.conf"
FILES = (MODEL, rules.FILE, groups.FILE, networks.FILE, calendars.FILE)
OPTIONAL = (directory_groups.FILE,)
"""Files that a set may do without: those of older releases have none."""
KNOWN = (*FILES, *OPTIONAL)
MODEL_SHA256 = "376ec66e0eccd680ae5e790330778e1ec24135b06c3dab14f0bc9d8def790ff1"
"""Another matcher is another engine: it comes with a release, not with an edited file."""

_ENDINGS = frozenset({"csv", "conf"})
_MISTAKEN = frozenset({"txt", "xls", "xlsx", "ods", "numbers"})
"""What programs make of a policy file that is saved in the wrong way."""
_MOST_BYTES = 1 << 20
_NOT_THERE = frozenset({Code.FILE_MISSING, Code.FILE_UNREADABLE})


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
    try:
        names = sorted(path.name for path in directory.iterdir() if _is_watched(path.name))
    except OSError as error:
        message = f"The folder cannot be read: {error.strerror}."
        report.add(str(directory), (0, 0), Code.FILE_UNREADABLE, message)
        return {}
    files = {name: _read_file(directory / name, report) for name in names}
    _check_names(files, report)
    return files


def _is_watched(name: str) -> bool:
    """Whatever somebody may take for a policy file: `Rules.CSV`, `rules.csv.txt`, `rules.xlsx`.
    Not what editors put beside the files: names that begin with `.` or end in `~`.
    """
    *stems, ending = name.lower().split(".")
    if ending in _ENDINGS:
        return stems[:1] != [""]
    return ending in _MISTAKEN and stems[:1] in [[one.split(".")[0]] for one in KNOWN]


def _read_file(path: Path, report: Report) -> bytes:
    """Empty when it cannot be read; no device or pipe is waited for, and no huge file taken in."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            report.add(path.name, (0, 0), Code.FILE_UNREADABLE, "This is no file.")
            return b""
        with path.open("rb") as file:
            return file.read(_MOST_BYTES + 1)
    except OSError as error:
        message = f"The file cannot be read: {error.strerror}."
        report.add(path.name, (0, 0), Code.FILE_UNREADABLE, message)
        return b""


def _check_names(files: Mapping[str, bytes], report: Report) -> None:
    for name in FILES:
        if name not in files:
            message = "This file is missing; put it back. The shipped set has one of each."
            report.add(name, (0, 0), Code.FILE_MISSING, message)
    for name, content in files.items():
        if name not in KNOWN:
            message = "No such policy file is known, so it would have no effect."
            report.add(name, (0, 0), Code.FILE_UNEXPECTED, message, nearest(name, KNOWN))
        elif len(content) > _MOST_BYTES:
            message = "The file is larger than 1 MiB; none of it was looked at."
            report.add(name, (0, 0), Code.FILE_UNREADABLE, message)


def generation_of(files: Mapping[str, bytes]) -> str:
    """The SHA-256 of the files, names and lengths included, in hexadecimal. An optional one counts
    where it is there.
    """
    digest = hashlib.sha256()
    for name in (*FILES, *(one for one in OPTIONAL if one in files)):
        content = files.get(name, b"")
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _snapshot(files: Mapping[str, bytes], report: Report) -> Snapshot:
    def lines(name: str, most: int | None = None) -> tuple[Line, ...]:
        content = files.get(name, b"")
        known = content if len(content) <= _MOST_BYTES else b""
        return read_sheet(name, known, report, most=most)

    if not files and any(one.code is Code.FILE_UNREADABLE for one in report.problems):
        # The folder itself: what its files would lack is no help.
        raise PolicyProblems(report.problems)
    model = _model(files, report)
    grouped = _groups(lines(groups.FILE), report)
    zones = networks.parse_networks(lines(networks.FILE), report)
    calendar = calendars.parse_calendars(lines(calendars.FILE), report)
    vocabulary = build_vocabulary(grouped.edges, tuple(grouped.slugs), calendar.slots)
    parsed = rules.parse_rules(lines(rules.FILE), vocabulary, report)
    used = frozenset((c, rule.word(c)) for rule in parsed for c in Column)
    groups.check_use(grouped, used, report)
    directories = None
    if directory_groups.FILE in files:
        places = lines(directory_groups.FILE, directory_groups.FIELDS)
        directories = directory_groups.parse_directory_groups(places, report)
    if any(problem.is_error for problem in report.problems):
        raise PolicyProblems(report.problems)
    pairs = {column: grouped.pairs(column) for column in groups.GROUPED}
    return Snapshot(
        generation=generation_of(files),
        files={name: bytes(files[name]) for name in KNOWN if name in files},
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
        directory_groups=directories,
        warnings=report.problems,
    )


def _groups(lines: tuple[Line, ...], report: Report) -> groups.Groups:
    """Without the file, as shipped: or each of its words would be told as a mistake elsewhere."""
    if any(one.file == groups.FILE and one.code in _NOT_THERE for one in report.problems):
        unheard = Report()
        raw = (shipped() / groups.FILE).read_bytes()
        return groups.parse_groups(read_sheet(groups.FILE, raw, unheard), unheard)
    return groups.parse_groups(lines, report)


def _model(files: Mapping[str, bytes], report: Report) -> str:
    content = files.get(MODEL, b"").replace(b"\r\n", b"\n")
    if MODEL in files and hashlib.sha256(content).hexdigest() != MODEL_SHA256:
        text = content.decode("utf-8", "replace")
        report.keep_lines(MODEL, text.split("\n"))
        message = (
            "This file is a part of the engine, and here it is not as it came with this release:"
            " all rules would mean something else. Put the release's file back. What is allowed is"
            " said in rules.csv."
        )
        report.add(MODEL, _first_difference(text), Code.MODEL_CHANGED, message)
        return ""
    return content.decode()


def _first_difference(model: str) -> tuple[int, int]:
    """Line and column; (0, 0) where there is no file of this release to compare with."""
    raw = (shipped() / MODEL).read_bytes()
    if hashlib.sha256(raw).hexdigest() != MODEL_SHA256:
        return 0, 0
    for number, (mine, theirs) in enumerate(
        zip_longest(model.split("\n"), raw.decode().split("\n"), fillvalue=""), start=1
    ):
        if mine != theirs:
            same = sum(
                1 for _ in takewhile(lambda two: two[0] == two[1], zip(mine, theirs, strict=False))
            )
            return number, same + 1
    return 0, 0
