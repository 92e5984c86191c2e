"""Hypothesis writes whole sets of policy files: groups, structures, networks, hours and rules."""

from hypothesis import strategies as st

from davserver.domain.actions import Action, Category, Zone
from davserver.domain.people import StructureKind
from policies.groups import parse_groups
from policies.loader import load_bytes
from policies.problems import PolicyProblems, Report
from policies.sheet import read_sheet
from policies.snapshot import Snapshot
from policies.vocabulary import ANY, Column, Vocabulary, build_vocabulary
from tests.policy.question import shipped_files

SLUGS = ("lyon", "nice", "brest")
PREFIXES = (
    "192.0.2.0/24", "192.0.2.128/25", "198.51.100.0/25", "203.0.113.66/32", "10.0.0.0/8",
    "2001:db8:12::/48",
)  # fmt: skip
ADDRESSES = (
    "192.0.2.7", "192.0.2.200", "198.51.100.9", "203.0.113.66", "10.1.2.3", "93.184.216.34",
    "::ffff:192.0.2.7", "2001:db8:12::1", "2001:db8:13::1", "nonsense", None,
)  # fmt: skip
HOURS = (
    ("work-hours, mon-fri, 08:00, 19:00", "work-hours, mon-fri, 09:00, 17:00"),
    ("evening, mon-fri, 19:00, 22:00", "work-hours, mon, 20:00, 22:00"),
    ("saturday, sat, 09:00, 12:00", "work-hours, sat, 09:00, 24:00"),
)
DAYS = (
    "holidays, france", "holidays, alsace-moselle, lyon", "closed, 2026-12-24",
    "closed, 2026-05-04, 2026-05-05, nice", "closed, 2026-03-02, elsewhere",
)  # fmt: skip
"""`elsewhere` is a structure that groups.csv never names."""
ZONES = ("Europe/Paris", "Indian/Reunion", "America/Martinique")
MOST_RULES = 14
SHIPPED = shipped_files()


@st.composite
def groups(draw) -> str:
    """Every category in one of its two classes, groups in groups, strengths for themselves."""
    lines = [
        f"category, {category}, {draw(st.sampled_from(['ordinary', 'sensitive']))}"
        for category in Category
    ]
    actions = st.lists(st.sampled_from(Action), unique=True, min_size=1, max_size=6)
    for group in ("consult", "modify", "remove", "use"):
        lines += [f"action, {action}, {group}" for action in draw(actions)]
    lines += ["action, consult, everyday", "action, move, everyday"]
    categories = st.lists(st.sampled_from(Category), unique=True, min_size=1, max_size=4)
    lines += [f"category, {category}, papers" for category in draw(categories)]
    for stronger, weaker in (("cert", "mfa"), ("mfa", "password"), ("password", "app-password")):
        lines += [f"auth, {stronger}, {weaker}"] if draw(st.booleans()) else []
    for slug in draw(st.lists(st.sampled_from(SLUGS), unique=True)):
        lines.append(f"structure, {slug}, {draw(st.sampled_from(StructureKind))}")
        lines += [f"structure, {slug}, towns"] if draw(st.booleans()) else []
    return "\n".join([*lines, "structure, shelter, towns"])


@st.composite
def networks(draw) -> str:
    chosen = draw(st.lists(st.sampled_from(PREFIXES), unique=True))
    return "\n".join(f"{prefix}, {draw(st.sampled_from(Zone))}" for prefix in chosen)


@st.composite
def calendars(draw) -> str:
    lines = [draw(st.sampled_from((*those, ""))) for those in HOURS]
    lines += draw(st.lists(st.sampled_from(DAYS), unique=True, max_size=3))
    if any(line.startswith("holidays") for line in lines):
        lines += draw(st.sampled_from([[], ["on-call, holidays, 09:00, 18:00"]]))
    return "\n".join([*lines, f"time-zone, {draw(st.sampled_from(ZONES))}"])


def vocabulary_of(grouped: str, hours: str) -> Vocabulary:
    report = Report()
    found = parse_groups(read_sheet("groups.csv", grouped.encode(), report), report)
    slots = dict.fromkeys(
        line.split(",")[0]
        for line in hours.splitlines()
        if not line.startswith(("time-zone", "holidays", "closed")) and line
    )
    return build_vocabulary(found.edges, tuple(found.slugs), tuple(slots))


def one_rule(vocabulary: Vocabulary):
    """Mostly `*`, or hardly any two rules would ever speak of the same question; some block the
    whole drive.
    """
    words = [st.sampled_from(sorted(vocabulary.accepts[column])) for column in Column]
    mostly = st.tuples(*(st.one_of(st.just(ANY), st.just(ANY), word) for word in words))
    fully = st.tuples(*words)
    block = st.tuples(words[0], *[st.just(ANY)] * 4, *words[5:])
    effect = st.sampled_from(["allow", "allow", "deny"])
    return st.one_of(
        st.tuples(effect, mostly), st.tuples(effect, fully), st.tuples(st.just("deny"), block)
    )


def rules(vocabulary: Vocabulary):
    return st.lists(one_rule(vocabulary), max_size=MOST_RULES)


def as_lines(those) -> list[str]:
    return [f"p, r{n}, {eft}, {', '.join(words)}" for n, (eft, words) in enumerate(those)]


USES_GROUPS = [
    "p, uses-1, deny, administrator, none, everyday, papers, towns, *, *, *",
    "p, uses-2, allow, beneficiary, owner, get, *, *, *, *, *",
]
"""A group that no rule uses is a mistake."""


def load_sound(files: dict[str, bytes], lines: list[str]) -> Snapshot:
    """The set without the rules that the loader refuses: an allow that no file can give, a rule for
    `list` that depends on circumstances.
    """
    lines = [*lines, *USES_GROUPS]
    try:
        return load_bytes({**files, "rules.csv": "\n".join(lines).encode()})
    except PolicyProblems as found:
        wrong = {p.line for p in found.problems if p.is_error and p.file == "rules.csv"}
        if not wrong:
            raise
        kept = [line for number, line in enumerate(lines, start=1) if number not in wrong]
        return load_bytes({**files, "rules.csv": "\n".join(kept).encode()})


@st.composite
def sets(draw) -> Snapshot:
    """One set of files, through the loader."""
    grouped, hours = draw(groups()), draw(calendars())
    lines = as_lines(draw(rules(vocabulary_of(grouped, hours))))
    return load_sound(_files(grouped, draw(networks()), hours), lines)


@st.composite
def edited(draw) -> tuple[Snapshot, Snapshot]:
    """A set before and after one file of it was written anew, or some of its rules."""
    grouped, where, hours = draw(groups()), draw(networks()), draw(calendars())
    vocabulary = vocabulary_of(grouped, hours)
    lines = as_lines(draw(rules(vocabulary)))
    before = load_sound(_files(grouped, where, hours), lines)
    match draw(st.sampled_from(["rules", "groups", "networks", "calendars"])):
        case "rules":
            lines = lines[1:] + as_lines(draw(st.lists(one_rule(vocabulary), max_size=2)))
        case "networks":
            where = draw(networks())
        case "groups":
            grouped = draw(groups())
        case "calendars":
            hours = draw(calendars())
    return before, load_sound(_files(grouped, where, hours), _renamed(lines))


def _renamed(lines: list[str]) -> list[str]:
    """Each with an id of its own."""
    parts = [line.split(", ") for line in lines]
    return [", ".join(["p", f"r{n}", *words[2:]]) for n, words in enumerate(parts)]


def _files(grouped: str, where: str, hours: str) -> dict[str, bytes]:
    return {
        **SHIPPED,
        "groups.csv": grouped.encode(),
        "networks.csv": where.encode(),
        "calendars.csv": hours.encode(),
    }
