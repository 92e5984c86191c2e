"""tests/*.toml: read strictly, with every problem at its place, and asked of the real judge."""

from pathlib import Path

import pytest

from benchmarks.policy_sets import made
from davserver.domain.errors import Reason
from policies.case_files import read_cases, read_folder
from policies.loader import check, load, load_bytes, shipped
from policies.problems import Code, Report
from policies.trials import MOST_QUESTIONS, run
from tests.policy.question import NETWORKS, shipped_files, with_files

GOOD = """\
[[case]]
name = "One"
role = "professional"
relation = "via-structure"
action = ["get", "put"]
category = "health"
expect = "deny"
"""
SETS = ("shipped", "examples/office-hours", "examples/two-factor")


def a_folder(name: str) -> Path:
    return shipped() if name == "shipped" else shipped() / name


def files_of(text: str | bytes) -> dict[str, bytes]:
    return {"tests/one.toml": text if isinstance(text, bytes) else text.encode()}


def problems_of(text: str | bytes, **files: str):
    report = Report()
    read_cases(files_of(text), with_files(**files), report)
    return report.problems


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_a_case_without_mistakes_has_no_problem():
    assert problems_of(GOOD) == ()


WRONG: list[tuple[str | bytes, Code, int, int, str | None]] = [
    # text, code, line, column, nearest
    (changed('"via-structure"', "via-structure"), Code.NOT_TOML, 4, 12, None),
    (changed('"deny"', "“deny”"), Code.NOT_TOML, 7, 10, None),
    (GOOD + 'name = "Two"\n', Code.NOT_TOML, 8, 13, None),
    (GOOD + "[[case", Code.NOT_TOML, 8, 1, None),
    (b"\xef\xbb\xbf" + GOOD.encode(), Code.BYTE_ORDER_MARK, 1, 1, None),
    (GOOD.encode() + b"# \xe9\n", Code.NOT_UTF8, 8, 0, None),
    (changed("category", "categry"), Code.UNKNOWN_CASE_KEY, 6, 1, "category"),
    (GOOD.replace("[[case]]", "[[cases]]"), Code.UNKNOWN_CASE_KEY, 1, 1, "case"),
    ("expect = 1\n" + GOOD, Code.UNKNOWN_CASE_KEY, 1, 1, None),
    (changed('name = "One"\n', ""), Code.MISSING_CASE_KEY, 1, 1, None),
    (changed('expect = "deny"\n', ""), Code.MISSING_CASE_KEY, 1, 1, None),
    (changed('role = "professional"\n', ""), Code.MISSING_CASE_KEY, 1, 1, None),
    (changed('relation = "via-structure"\n', ""), Code.MISSING_CASE_KEY, 1, 1, None),
    (changed('action = ["get", "put"]\n', ""), Code.MISSING_CASE_KEY, 1, 1, None),
    (changed('["get", "put"]', "[]"), Code.BAD_CASE_VALUE, 5, 1, None),
    (changed('["get", "put"]', '["get", 3]'), Code.BAD_CASE_VALUE, 5, 1, None),
    (changed('"deny"', "false"), Code.BAD_CASE_VALUE, 7, 1, None),
    (changed('"deny"', '["deny", "allow"]'), Code.BAD_CASE_VALUE, 7, 1, None),
    (changed('"deny"', '""'), Code.BAD_CASE_VALUE, 7, 1, None),
    (GOOD.replace("[[case]]", "[case]"), Code.BAD_CASE_VALUE, 1, 1, None),
    (changed('"get", "put"', '"get", "putt"'), Code.UNKNOWN_CASE_WORD, 5, 19, "put"),
    (changed('"get", "put"', '\n  "get",\n  "putt",\n'), Code.UNKNOWN_CASE_WORD, 7, 4, "put"),
    (changed("health", "helth"), Code.UNKNOWN_CASE_WORD, 6, 13, "health"),
    (changed("professional", "profesional"), Code.UNKNOWN_CASE_WORD, 3, 9, "professional"),
    (changed("deny", "dney"), Code.UNKNOWN_CASE_WORD, 7, 11, "deny"),
    (GOOD + 'structure = "cas"\n', Code.UNKNOWN_CASE_WORD, 8, 14, "ccas"),
    (GOOD + 'zone = "ofice"\n', Code.UNKNOWN_CASE_WORD, 8, 9, "office"),
    (GOOD + 'auth = "2fa"\n', Code.UNKNOWN_CASE_WORD, 8, 9, "mfa"),
    (GOOD + 'slot = "clsed"\n', Code.UNKNOWN_CASE_WORD, 8, 9, "closed"),
    (GOOD + 'right = "wriet"\n', Code.UNKNOWN_CASE_WORD, 8, 10, "write"),
    (GOOD + 'device = "readonly"\n', Code.UNKNOWN_CASE_WORD, 8, 11, "read-only"),
    (GOOD + 'reason = "categories"\n', Code.UNKNOWN_CASE_WORD, 8, 11, "category"),
    (GOOD + 'rule = "team-consul"\n', Code.UNKNOWN_CASE_WORD, 8, 9, "team-consult"),
    (GOOD + "\n" + GOOD, Code.DUPLICATE_CASE, 10, 1, None),
    (GOOD + 'zone = "office"\nfrom = "192.0.2.7"\n', Code.CLASHING_KEYS, 8, 1, None),
    (GOOD + 'when = "2026-01-14 10:00"\nslot = "closed"\n', Code.CLASHING_KEYS, 9, 1, None),
    (GOOD + 'time-zone = "Indian/Reunion"\n', Code.CLASHING_KEYS, 8, 1, None),
    (GOOD + 'slug = "ccas-lyon"\n', Code.CLASHING_KEYS, 8, 1, None),
    (changed("deny", "allow") + 'reason = "category"\n', Code.CLASHING_KEYS, 8, 1, None),
    (changed("via-structure", "owner") + 'structure = "ccas"\n', Code.CLASHING_KEYS, 8, 1, None),
    (GOOD + 'from = "192.0.2"\n', Code.BAD_CASE_MOMENT, 8, 9, None),
    (GOOD + 'from = "office"\n', Code.BAD_CASE_MOMENT, 8, 9, "office"),
    (GOOD + 'when = "tomorrow"\n', Code.BAD_CASE_MOMENT, 8, 9, None),
    (GOOD + 'when = "2026-01-14"\n', Code.BAD_CASE_MOMENT, 8, 9, None),
    (GOOD + "when = 2026-01-14\n", Code.BAD_CASE_MOMENT, 8, 1, None),
    (GOOD + "when = 10\n", Code.BAD_CASE_MOMENT, 8, 1, None),
    (GOOD + "when = []\n", Code.BAD_CASE_VALUE, 8, 1, None),
    (GOOD + 'when = "1999-12-31 10:00"\n', Code.BAD_CASE_MOMENT, 8, 9, None),
    (GOOD + 'when = "2026-10-25 02:30"\n', Code.BAD_CASE_MOMENT, 8, 9, None),
    (GOOD + 'when = "2026-03-29 02:30"\n', Code.BAD_CASE_MOMENT, 8, 9, None),
    (GOOD + 'when = "2026-01-14 10:00"\ntime-zone = "Mars/Base"\n',
     Code.BAD_CASE_MOMENT, 9, 14, None),
    ("", Code.NO_CASE, 0, 0, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "line", "column", "near"), WRONG)
def test_a_mistake_is_told_at_its_place_with_the_word_that_was_meant(
    text, code, line, column, near
):
    found = [
        (one.file, one.line, one.column, one.nearest)
        for one in problems_of(text)
        if one.code is code
    ]
    assert ("tests/one.toml", line, column, near) in found, problems_of(text)


def test_every_code_of_cases_has_a_mistake_here():
    told = {code for _, code, *_ in WRONG}
    of_cases = {code for code in Code if "P100" <= code.value < "P120"}
    assert of_cases <= told | {Code.CASE_TOO_WIDE}


def test_all_mistakes_of_all_files_are_told_at_once():
    report = Report()
    first = GOOD.replace("health", "helth").replace('"get"', '"gett"') + 'colour = "red"\n'
    files = {"tests/a.toml": first.encode(), "tests/b.toml": b"x", "tests/c.toml": GOOD.encode()}
    read = read_cases(files, with_files(), report)
    assert [(one.file, one.line, one.code) for one in report.problems] == [
        ("tests/a.toml", 5, Code.UNKNOWN_CASE_WORD),
        ("tests/a.toml", 6, Code.UNKNOWN_CASE_WORD),
        ("tests/a.toml", 8, Code.UNKNOWN_CASE_KEY),
        ("tests/b.toml", 1, Code.NOT_TOML),
        ("tests/c.toml", 2, Code.DUPLICATE_CASE),
    ]
    assert [case.file for case in read] == ["tests/c.toml"]


def trial_of(text: str, snapshot=None):
    return run(snapshot or with_files(networks=NETWORKS), files_of(text))


def test_lists_and_groups_mean_each_of_their_words():
    trial = trial_of(changed('["get", "put"]', '["get", "modify"]'))
    # Six actions, one category, four kinds, three networks, four sign-ins, one slot.
    assert (trial.passed, trial.questions) == (True, 6 * 4 * 3 * 4)


def test_a_failure_names_the_question_the_answer_and_the_rule_with_its_line():
    snapshot = with_files()
    trial = trial_of(changed('"health"', '["health", "work"]'), snapshot)
    assert not trial.passed
    (failure,) = trial.failures
    assert (failure.case.line, failure.failed, failure.asked) == (1, 96, 192)
    assert failure.question.point.category == "work"
    line = next(rule.line for rule in snapshot.rules if rule.id == "team-consult")
    got = failure.got
    assert (got.allowed, got.reason, got.rule, got.line) == (True, None, "team-consult", line)


def test_what_keeps_a_trial_from_being_passed_is_told_in_a_line_each():
    text = changed('"health"', '["health", "work"]') + GOOD.replace("One", "Two").replace("=", "==")
    assert [line.partition(" ")[0] for line in trial_of(text).complaints] == ["tests/one.toml:9:7:"]
    assert trial_of(changed('"health"', '["health", "work"]')).complaints == (
        (
            "tests/one.toml:1: “One” expects deny; 96 of 192 questions differ, the first: allow"
            " by team-consult."
        ),
    )
    assert trial_of(GOOD).complaints == ()


def test_reason_and_rule_are_expected_where_they_are_named():
    assert trial_of(GOOD + 'reason = "category"\n').passed
    (failure,) = trial_of(GOOD + 'reason = "network"\n').failures
    assert failure.got.reason is Reason.CATEGORY
    right = changed("health", "work").replace("deny", "allow").replace(', "put"', "")
    assert trial_of(right + 'rule = "team-consult"\n').passed
    assert not trial_of(right + 'rule = "team-modify"\n').passed


def test_an_address_is_looked_up_in_the_networks_of_the_candidate():
    rules = "p, a, allow, professional, via-structure, get, *, *, vpn, *, *"
    text = changed(', "put"', "").replace("deny", "allow") + 'from = "198.51.100.9"\n'
    assert trial_of(text, with_files(rules=rules, networks=NETWORKS)).passed
    (failure,) = trial_of(text, with_files(rules=rules, networks="")).failures
    assert failure.question.point.zone == "internet"
    assert failure.question.told == ("198.51.100.9",)


def test_a_moment_is_looked_up_in_the_calendar_of_the_candidate_with_a_fixed_clock():
    rules = "p, a, allow, professional, via-structure, get, *, *, *, *, day"
    day = with_files(rules=rules, calendars="day, wed, 09:00, 17:00\n")
    text = changed(', "put"', "").replace("deny", "allow")
    for moment in ('"2026-01-14 09:00"', "2026-01-14T16:59:00", "2026-01-14T15:59:00Z"):
        assert trial_of(text + f"when = {moment}\n", day).passed, moment
    (failure,) = trial_of(text + 'when = ["2026-01-14 16:59", "2026-01-14 17:00"]\n', day).failures
    assert (failure.failed, failure.got.reason) == (48, Reason.OUTSIDE_HOURS)
    assert failure.question.told == ("2026-01-14 wed 17:00 Europe/Paris",)
    there = 'when = "2026-01-14 09:00"\ntime-zone = "Indian/Reunion"\n'
    assert trial_of(text + there, day).passed


def test_a_moment_counts_as_in_the_calendar_of_the_structure():
    """Good Friday is a public holiday in Alsace and Moselle, and only there."""
    files = {
        "rules": "p, a, allow, professional, via-structure, get, *, *, *, *, day",
        "calendars": "day, mon-fri, 09:00, 17:00\nholidays, france\n"
        "holidays, alsace-moselle, ccas-colmar\nholidays, alsace-moselle, ccas-metz\n",
        "groups": shipped_files()["groups.csv"] + b"structure, ccas-metz, ccas\n",
    }
    snapshot = with_files(**files)
    text = changed(', "put"', "").replace("deny", "allow") + 'when = "2026-04-03 10:00"\n'
    assert trial_of(text + 'structure = ["association", "shelter"]\n', snapshot).passed
    (failure,) = trial_of(text, snapshot).failures
    assert failure.question.point.structure == "ccas-metz"
    assert failure.question.told == ("2026-04-03 fri 10:00 Europe/Paris, a public holiday",)
    (failure,) = trial_of(text + 'structure = "ccas-metz"\n', snapshot).failures
    assert failure.failed == failure.asked
    # A structure that no rule names has its own calendar all the same.
    assert not trial_of(text + 'slug = "ccas-colmar"\n', snapshot).passed
    report = Report()
    read_cases(files_of(text + 'slug = "ccas-comar"\n'), snapshot, report)
    (problem,) = report.problems
    assert (problem.code, problem.nearest) == (Code.UNKNOWN_CASE_WORD, "ccas-colmar")


def test_a_read_only_device_and_the_right_of_the_grant_count():
    writes = changed('["get", "put"]', '"put"').replace("health", "work")
    assert not trial_of(writes).passed
    assert trial_of(writes + 'right = "read"\nreason = "read-only"\n').passed
    assert trial_of(writes + 'device = "read-only"\nreason = "read-only-device"\n').passed


def test_a_structure_with_a_name_of_its_own_can_be_asked_about():
    groups = shipped_files()["groups.csv"] + b"structure, ccas-lyon, ccas\n"
    rules = "p, a, allow, professional, via-structure, get, *, ccas-lyon, *, *, *"
    snapshot = with_files(rules=rules, groups=groups)
    text = changed(', "put"', "").replace("deny", "allow")
    assert trial_of(text + 'structure = "ccas-lyon"\n', snapshot).passed
    (failure,) = trial_of(text + 'structure = "ccas"\n', snapshot).failures
    assert (failure.failed, failure.asked) == (12, 24), "the kind stands for both"


def test_a_case_that_asks_for_nearly_everything_is_refused():
    everything = 'name = "x"\nrole = "*"\nrelation = "*"\naction = "*"\nauth = "*"\nzone = "*"\n'
    text = f'[[case]]\n{everything}right = ["read", "write", "deposit"]\nexpect = "deny"'
    trial = trial_of(text, load_bytes(made(0, 1)))
    assert [one.code for one in trial.problems] == [Code.CASE_TOO_WIDE]
    assert trial.questions <= MOST_QUESTIONS
    assert not trial.passed


def test_coverage_tells_matched_from_decisive():
    rules = """
p, first,  allow, professional, via-structure, get, *, *, *, *, *
p, second, allow, professional, *,             get, *, *, *, *, *
p, guard,  deny,  professional, *,             put, *, *, *, *, *
p, other,  allow, professional, grantee,       put, *, *, *, *, *
"""
    text = GOOD.replace("deny", "allow").replace(', "put"', "") + GOOD.replace("One", "Two")
    trial = trial_of(text.replace('["get", "put"]', '"put"'), with_files(rules=rules))
    assert trial.passed
    assert [(one.rule.id, one.matched, one.decisive) for one in trial.coverage] == [
        ("first", True, False),
        ("second", True, False),
        ("guard", True, False),
        ("other", False, False),
    ]
    assert trial.percent == 0
    named = GOOD.replace("via-structure", "grantee")
    trial = trial_of(named.replace('["get", "put"]', '"put"'), with_files(rules=rules))
    assert [one.rule.id for one in trial.coverage if one.decisive] == ["guard"]
    # “first” repeats “second”, “other” is refused by “guard”: neither could ever decide.
    assert trial.percent == 50


@pytest.mark.parametrize("name", SETS)
def test_the_cases_of_every_set_pass_and_each_rule_decides_one(name):
    folder, report = a_folder(name), Report()
    trial = run(load(folder), read_folder(folder, report))
    assert report.problems == ()
    assert trial.passed, (trial.problems, trial.failures)
    assert [one.rule.id for one in trial.coverage if not (one.matched and one.decisive)] == []
    assert trial.percent == 100


def test_without_a_rule_that_is_decisive_a_case_fails():
    files, cases = shipped_files(), read_folder(shipped(), Report())
    lines = files["rules.csv"].splitlines(keepends=True)
    for rule in load(shipped()).rules[::7]:
        without = b"".join(lines[: rule.line - 1] + lines[rule.line :])
        trial = run(load_bytes({**files, "rules.csv": without}), cases)
        assert not trial.passed, rule.id


def test_a_folder_of_cases_is_read_and_odd_files_in_it_are_told(tmp_path):
    for name, content in shipped_files().items():
        (tmp_path / name).write_bytes(content)
    assert (check(tmp_path), read_folder(tmp_path, Report())) == ((), {})
    folder = tmp_path / "tests"
    folder.mkdir()
    for name in ("a.toml", ".a.toml.swp", "a.toml~", "README.md", "b.tml"):
        (folder / name).write_text(GOOD.replace("One", name))
    (folder / "c.toml").write_bytes(b"#" * (1 << 20) + b"\n")
    (folder / "d.toml").mkdir()
    report = Report()
    assert list(read_folder(tmp_path, report)) == ["tests/a.toml"]
    expected = [
        ("tests/b.tml", Code.FILE_UNEXPECTED),
        ("tests/c.toml", Code.FILE_UNREADABLE),
        ("tests/d.toml", Code.FILE_UNREADABLE),
    ]
    assert [(one.file, one.code) for one in report.problems] == expected
    assert [(one.file, one.code) for one in check(tmp_path)] == expected
