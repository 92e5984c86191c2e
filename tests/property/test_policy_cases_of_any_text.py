"""Whatever an administrator writes into a file of cases is read or explained, and never a fault."""

from itertools import islice

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.case_files import read_cases
from policies.case_words import KEYS
from policies.problems import Report
from policies.stage import Stage
from policies.vocabulary import Column
from tests.policy.question import NETWORKS, with_files

SNAPSHOT = with_files(
    networks=NETWORKS,
    rules="p, a, allow, professional, grantee, get, *, *, vpn, mfa, day",
    calendars="day, mon-fri, 08:00, 19:00\nholidays, france\nclosed, 2026-12-24, ccas-lyon\n",
)
STRUCTURES = SNAPSHOT.vocabulary.values[Column.STRUCTURE]
BOUNDED = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
WORDS = (
    "professional", "grantee", "owner", "none", "get", "use", "*", "health", "ccas", "deny",
    "allow", "office", "192.0.2.7", "mfa", "day", "2026-01-14 10:00", "0001-01-01 00:00",
    "9999-12-31 23:59", "Europe/Paris", "../posixrules", "ccas-lyon", "read", "read-only", "a",
    "category", "", "x\\u0000y", "é",
)  # fmt: skip
plain = st.one_of(
    st.sampled_from(WORDS).map(lambda word: f'"{word}"'),
    st.sampled_from(["1", "-0.5", "nan", "true", "2026-01-14", "10:00:00", "2026-01-14T10:00:00",
                     "0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00", "{ a = 1 }"]),
)  # fmt: skip
values = st.one_of(
    plain,
    st.lists(plain, max_size=3).map(lambda those: f"[{', '.join(those)}]"),
    st.just('[["get"]]'),
)
tables = st.dictionaries(st.sampled_from([*KEYS, "color"]), values, max_size=len(KEYS))
SOUND = {"role": '"professional"', "relation": '"grantee"', "action": '"get"', "expect": '"deny"'}


def written(table: dict[str, str]) -> str:
    return "\n".join(["[[case]]", *(f"{key} = {value}" for key, value in table.items())]) + "\n"


def look_at(content: bytes) -> None:
    files = {"tests/any.toml": content}
    report = Report()
    cases = read_cases(files, SNAPSHOT, report)
    lines = content.count(b"\n") + 1
    for problem in report.problems:
        assert problem.message
        assert 0 <= problem.line <= lines
    stage = Stage(SNAPSHOT)
    for case in cases:
        some = list(islice(case.questions(STRUCTURES), 3))
        assert some, "a case that asks nothing would always pass"
        assert all(stage.ask(stage.question(one.point, one.right)) for one in some)


@BOUNDED
@given(st.lists(tables, min_size=1, max_size=3), st.integers(0, 15))
def test_any_values_are_read_or_explained(those, sound):
    named = [
        {"name": f'"{number}"', **(SOUND if sound >> number & 1 else {}), **table}
        for number, table in enumerate(those)
    ]
    look_at("\n".join(written(table) for table in named).encode())


@BOUNDED
@given(
    st.one_of(st.binary(max_size=80), st.text("[]case\"'=\n #é,{}", max_size=80).map(str.encode))
)
def test_any_bytes_are_read_or_explained(content):
    look_at(content)
