"""The loader tells every problem at once: file, line, column, code, and the word that was meant."""

import re
from pathlib import Path

import pytest

from policies.loader import FILES, check, load, load_bytes, shipped
from policies.problems import WARNINGS, Code, PolicyProblems, Problem
from tests.policy.question import shipped_files

ROW = "p, one, allow, professional, grantee, consult, *, *, *, *, *"
CASES: list[tuple[str, str, Code, int, int, str | None]] = [
    # file, added lines, code, line of the addition (from 1), column, nearest
    ("rules.csv", "", Code.NOTHING_ALLOWED, -1, 0, None),
    ("rules.csv", "P" + ROW[1:], Code.UNKNOWN_KEY, 1, 1, "p"),
    ("rules.csv", ROW + ", *", Code.FIELD_COUNT, 1, 63, None),
    ("rules.csv", ROW[:-3], Code.FIELD_COUNT, 1, 57, None),
    ("rules.csv", ROW.replace(", *, *, *, *, *", ", , *, *, *, *"),
     Code.EMPTY_FIELD, 1, 47, None),
    ("rules.csv", ROW.replace("allow", "alow"), Code.UNKNOWN_EFFECT, 1, 9, "allow"),
    ("rules.csv", ROW.replace("allow", "dney"), Code.UNKNOWN_EFFECT, 1, 9, "deny"),
    ("rules.csv", ROW.replace("professional", "profesional"), Code.UNKNOWN_WORD, 1, 16,
     "professional"),
    ("rules.csv", ROW.replace("grantee", "grante"), Code.UNKNOWN_WORD, 1, 30, "grantee"),
    ("rules.csv", ROW.replace("consult", "Consult"), Code.UNKNOWN_WORD, 1, 39, "consult"),
    ("rules.csv", ROW[:-3] + ", nine-to-five", Code.UNKNOWN_WORD, 1, 60, None),
    ("rules.csv", ROW.replace("one", "o_n.e"), Code.BAD_ID, 1, 4, None),
    ("rules.csv", ROW.replace("one", ""), Code.BAD_ID, 1, 3, None),
    ("rules.csv", ROW.replace("one", "invariant/own-revoke"), Code.BAD_ID, 1, 4, None),
    ("rules.csv", ROW.replace("one", "a" * 61), Code.BAD_ID, 1, 4, None),
    ("rules.csv", f"{ROW}\n{ROW.replace('consult', 'modify')}", Code.DUPLICATE_ID, 2, 4, None),
    ("rules.csv", f"{ROW}\n{ROW.replace('one', 'two')}", Code.SAME_RULE, 2, 4, None),
    ("rules.csv", ROW.replace("*, *, *", "*, *, office"), Code.LIST_DEPENDS, 1, 54, None),
    ("rules.csv", ROW[:-6] + ", mfa, *", Code.LIST_DEPENDS, 1, 57, None),
    ("rules.csv", "\n".join(ROW.replace("one", f"r{n}") for n in range(101)),
     Code.TOO_MANY_RULES, 101, 1, None),
    ("rules.csv", ROW.replace("professional", "manager"), Code.NEVER_HONOURED, 1, 16, None),
    ("rules.csv", ROW.replace("consult", "grant"), Code.NEVER_HONOURED, 1, 16, None),
    ("rules.csv", "p, x, deny, professional, *, get, *, *, *, mfa, *", Code.DENY_STRENGTH, 1, 44,
     None),
    ("rules.csv", "p, x, allow, *, *, regrant, ordinary, *, *, password, *",
     Code.WIDENS_SHARING_ON, 1, 17, "grantee"),
    ("rules.csv", "p, x, allow, professional, via-structure, regrant, ordinary, *, *, mfa, *",
     Code.WIDENS_SHARING_ON, 1, 28, "grantee"),
    ("rules.csv", "p, x, allow, professional, grantee, regrant, *, *, *, password, *",
     Code.WIDENS_SHARING_ON, 1, 46, "ordinary"),
    ("rules.csv", "p, x, allow, professional, grantee, regrant, health, *, *, password, *",
     Code.WIDENS_SHARING_ON, 1, 46, "ordinary"),
    ("rules.csv", "p, x, allow, professional, grantee, regrant, housing, *, *, *, *",
     Code.WIDENS_SHARING_ON, 1, 61, "password"),
    ("rules.csv", "p, x, allow, *, *, *, *, *, *, *, *", Code.WIDENS_SHARING_ON, 1, 20, None),
    ("rules.csv", ROW.replace(",", ";"), Code.SEMICOLONS, 1, 2, None),
    ("rules.csv", ROW.replace(", one", ",\tone"), Code.CONTROL_CHARACTER, 1, 3, None),
    ("rules.csv", ROW.replace(", one", ",\u00a0one"), Code.ODD_SPACE, 1, 3, None),
    ("rules.csv", ROW.replace("one", "o\u200bne"), Code.ODD_SPACE, 1, 5, None),
    ("rules.csv", ROW.replace("one", "“one”"), Code.QUOTE, 1, 4, None),
    ("rules.csv", ROW + "  # who?", Code.TRAILING_COMMENT, 1, 63, None),
    ("rules.csv", f"\t# note\n{ROW}", Code.TRAILING_COMMENT, 1, 2, None),
    ("rules.csv", ROW + "\r\r", Code.CONTROL_CHARACTER, 1, 61, None),
    ("groups.csv", "acton, get, consult", Code.UNKNOWN_GROUP_KIND, 1, 1, "action"),
    ("groups.csv", "action, get", Code.FIELD_COUNT, 1, 1, None),
    ("groups.csv", "action, gett, consult", Code.UNKNOWN_MEMBER, 1, 9, "get"),
    ("groups.csv", "action, Get, consult", Code.UNKNOWN_MEMBER, 1, 9, None),
    ("groups.csv", "auth, certt, mfa", Code.UNKNOWN_MEMBER, 1, 7, "cert"),
    ("groups.csv", "action, *, consult", Code.UNKNOWN_MEMBER, 1, 9, None),
    ("groups.csv", "action, get, consult", Code.DUPLICATE_MEMBER, 1, 9, None),
    ("groups.csv", "action, use, use", Code.GROUP_CYCLE, 1, 9, None),
    ("groups.csv", "action, use, consult\naction, consult, use", Code.GROUP_CYCLE, 1, 9, None),
    ("groups.csv", "action, delete, put", Code.BAD_GROUP_NAME, 1, 17, None),
    ("groups.csv", "action, delete, Re moved", Code.BAD_GROUP_NAME, 1, 17, None),
    ("groups.csv", "structure, x, none", Code.BAD_GROUP_NAME, 1, 15, None),
    ("groups.csv", "structure, y, ccas\nstructure, x, y", Code.BAD_GROUP_NAME, 1, 12, None),
    ("groups.csv", "auth, cert, two-factor", Code.BAD_GROUP_NAME, 1, 13, None),
    ("groups.csv", "action, delete, remvoe", Code.GROUP_UNUSED, 1, 17, "remove"),
    ("groups.csv", "category, health, ordinary", Code.CATEGORY_CLASS, -1, 11, None),
    ("groups.csv", "auth, app-password, mfa", Code.STRENGTH_ORDER, 1, 7, None),
    ("groups.csv", "structure, lyon, cas", Code.STRUCTURE_KIND, 1, 12, None),
    ("groups.csv", "structure, x, ccas\nstructure, x, shelter", Code.STRUCTURE_KIND, 1, 12, None),
    ("groups.csv", "structure, ccas, shelter", Code.STRUCTURE_KIND, 1, 12, None),
    ("networks.csv", "10.0.0.0/33, office", Code.BAD_NETWORK, 1, 1, None),
    ("networks.csv", "ten, office", Code.BAD_NETWORK, 1, 1, None),
    ("networks.csv", "10.0.0.0, office", Code.BAD_NETWORK, 1, 1, None),
    ("networks.csv", "10.1.2.3/8, office", Code.HOST_BITS, 1, 1, "10.1.2.3/32"),
    ("networks.csv", "203.0.113.0/16, office", Code.HOST_BITS, 1, 1, "203.0.113.0/24"),
    ("networks.csv", "2001:db8:12::/16, blocked", Code.HOST_BITS, 1, 1, "2001:db8:12::/48"),
    ("networks.csv", "10.0.0.0/255.0.0.0, office", Code.BAD_NETWORK, 1, 1, "10.0.0.0/8"),
    ("networks.csv", "10.0.0.0/8, vpn\n10.0.0.0/8, office", Code.DUPLICATE_NETWORK, 2, 1, None),
    ("networks.csv", "2001:db8::/32, vpn\n2001:0DB8:0::/32, office",
     Code.DUPLICATE_NETWORK, 2, 1, None),
    ("networks.csv", "10.0.0.0/8, vpn\n10.1.0.0/16, office\n10.1.2.0/24, office",
     Code.NETWORK_CHANGES_NOTHING, 3, 1, None),
    ("networks.csv", "11.1.0.0/16, internet", Code.NETWORK_CHANGES_NOTHING, 1, 1, None),
    ("networks.csv", "10.0.0.0/8, ofice", Code.UNKNOWN_ZONE, 1, 13, "office"),
    ("networks.csv", "10.0.0.0/8", Code.FIELD_COUNT, 1, 1, None),
    ("networks.csv", "0.0.0.0/0, office", Code.NETWORK_TOO_WIDE, 1, 1, None),
    ("networks.csv", "2000::/3, vpn", Code.NETWORK_TOO_WIDE, 1, 1, "2000::/32"),
    ("networks.csv", "192.0.2.0/2, office", Code.NETWORK_TOO_WIDE, 1, 1, "192.0.2.0/24"),
    ("networks.csv", "198.0.0.0/8, vpn", Code.NETWORK_TOO_WIDE, 1, 1, "198.0.0.0/16"),
    ("networks.csv", "::ffff:10.0.0.0/104, office", Code.MAPPED_NETWORK, 1, 1, None),
    ("calendars.csv", "*, mon, 08:00, 09:00", Code.BAD_SLOT_NAME, 1, 1, None),
    ("calendars.csv", "Day, mon, 08:00, 09:00", Code.BAD_SLOT_NAME, 1, 1, None),
    ("calendars.csv", "day, monday, 08:00, 09:00", Code.BAD_DAYS, 1, 6, "mon"),
    ("calendars.csv", "day, dimanche, 08:00, 09:00", Code.BAD_DAYS, 1, 6, "sun"),
    ("calendars.csv", "day, lun-ven, 08:00, 09:00", Code.BAD_DAYS, 1, 6, "mon"),
    ("calendars.csv", "day, sun+holiday, 08:00, 09:00", Code.BAD_DAYS, 1, 6, "holidays"),
    ("calendars.csv", "day, sun-holidays, 08:00, 09:00", Code.BAD_DAYS, 1, 6, "holidays"),
    ("calendars.csv", "day, fri-mon, 08:00, 09:00", Code.BAD_DAYS, 1, 6, None),
    ("calendars.csv", "day, mon, 8:00, 09:00", Code.BAD_TIME, 1, 11, "08:00"),
    ("calendars.csv", "day, mon, 8h, 09:00", Code.BAD_TIME, 1, 11, "08:00"),
    ("calendars.csv", "day, mon, 08:00, 18.30", Code.BAD_TIME, 1, 18, "18:30"),
    ("calendars.csv", "day, mon, 08:00, 25:00", Code.BAD_TIME, 1, 18, None),
    ("calendars.csv", "night, mon, 22:00, 06:00", Code.IMPOSSIBLE_SLOT, 1, 13, None),
    ("calendars.csv", "day, mon, 08:00, 08:00", Code.IMPOSSIBLE_SLOT, 1, 11, None),
    ("calendars.csv", "day, mon, 08:00", Code.FIELD_COUNT, 1, 1, None),
    ("calendars.csv", "timezone, UTC", Code.FIELD_COUNT, 1, 1, "time-zone"),
    ("calendars.csv", "closing, 2026-12-24", Code.FIELD_COUNT, 1, 1, "closed"),
    ("calendars.csv", "a, mon-fri, 08:00, 12:00\nb, wed, 11:00, 13:00",
     Code.OVERLAPPING_SLOTS, 2, 1, None),
    ("calendars.csv", "a, mon+mon, 08:00, 12:00", Code.OVERLAPPING_SLOTS, 1, 1, None),
    ("calendars.csv", "time-zone, Europe/Lyon", Code.BAD_TIME_ZONE, 1, 12, None),
    ("calendars.csv", "time-zone, paris", Code.BAD_TIME_ZONE, 1, 12, "Europe/Paris"),
    ("calendars.csv", "time-zone, Afrique/Réunion", Code.BAD_TIME_ZONE, 1, 12, "Indian/Reunion"),
    ("calendars.csv", "time-zone, Europe/Paris, x", Code.FIELD_COUNT, 1, 26, None),
    ("calendars.csv", "time-zone, UTC\ntime-zone, UTC", Code.BAD_TIME_ZONE, 2, 12, None),
    ("calendars.csv", "holidays", Code.FIELD_COUNT, 1, 1, None),
    ("calendars.csv", "holidays, frence", Code.BAD_TERRITORY, 1, 11, "france"),
    ("calendars.csv", "holidays, belgium", Code.BAD_TERRITORY, 1, 11, None),
    ("calendars.csv", "holidays, alsace-moselle", Code.BAD_TERRITORY, 1, 11, None),
    ("calendars.csv", "holidays, alsace, ccas-x", Code.BAD_TERRITORY, 1, 11, "alsace-moselle"),
    ("calendars.csv", "holidays, alsace-moselle, CCAS X", Code.BAD_SLUG, 1, 27, None),
    ("calendars.csv", "holidays, france\nholidays, france", Code.SAME_HOLIDAYS, 2, 11, None),
    ("calendars.csv", "holidays, guyane, x\nholidays, mayotte, x", Code.SAME_HOLIDAYS, 2, 20, None),
    ("calendars.csv", "guard, sun+holidays, 08:00, 20:00", Code.NEVER_HOLDS, 1, 8, None),
    ("calendars.csv", "closed, 24/12/2026", Code.BAD_DATE, 1, 9, "2026-12-24"),
    ("calendars.csv", "closed, 2027-02-29", Code.BAD_DATE, 1, 9, None),
    ("calendars.csv", "closed, 0026-12-24", Code.BAD_DATE, 1, 9, None),
    ("calendars.csv", "closed, mon, 08:00, 09:00", Code.BAD_DATE, 1, 9, None),
    ("calendars.csv", "closed, 2026-12-24, 2027-o1-02", Code.BAD_DATE, 1, 21, None),
    ("calendars.csv", "closed, 2026-12-24, 2025-01-02", Code.IMPOSSIBLE_CLOSING, 1, 21, None),
    ("calendars.csv", "closed, 2026-12-24, 2028-01-02", Code.IMPOSSIBLE_CLOSING, 1, 21, None),
    ("calendars.csv", "closed, 2026-12-24, CCAS", Code.BAD_SLUG, 1, 21, None),
    ("calendars.csv", "closed", Code.FIELD_COUNT, 1, 1, None),
    ("calendars.csv", "closed, 2026-12-24, 2026-12-25, x, y", Code.FIELD_COUNT, 1, 1, None),
    ("calendars.csv", "closed, 2026-12-20, 2026-12-31\nclosed, 2026-12-24, x",
     Code.CLOSED_ALREADY, 2, 9, None),
]  # fmt: skip
ELSEWHERE = {
    Code.FILE_MISSING,
    Code.FILE_UNREADABLE,
    Code.FILE_UNEXPECTED,
    Code.NOT_UTF8,
    Code.BYTE_ORDER_MARK,
    Code.MODEL_CHANGED,
    Code.LINE_TOO_LONG,
    Code.TOO_MANY_PROBLEMS,
    Code.GROUP_TOO_DEEP,
}
"""Codes whose test stands below, beside the defect that they answer, or among the nasty files."""


def problems_of(files: dict[str, bytes]) -> tuple[Problem, ...]:
    try:
        return load_bytes(files).warnings
    except PolicyProblems as found:
        return found.problems


def changed(file: str, added: str) -> tuple[dict[str, bytes], int]:
    """The shipped set with lines added, and the number of the line before the first of them.
    Files that say something already are replaced where the addition would otherwise clash.
    """
    files = shipped_files()
    before = b"" if file in {"rules.csv", "calendars.csv"} else files[file]
    files[file] = before + added.encode()
    return files, before.count(b"\n")


@pytest.mark.parametrize(("file", "added", "code", "line", "column", "near"), CASES)
def test_a_problem_is_told_at_its_place_with_the_word_that_was_meant(
    file, added, code, line, column, near
):
    files, before = changed(file, added)
    found = [p for p in problems_of(files) if p.code is code]
    assert found, problems_of(files)
    assert (found[0].file, found[0].column, found[0].nearest) == (file, column, near)
    assert line == -1 or found[0].line == before + line


def test_every_code_has_a_case():
    here = {code for _, _, code, *_ in CASES}
    beside = {code for code in Code if code.value >= "P100"}
    assert set(Code) - here - beside == ELSEWHERE


def test_codes_are_unique_and_well_formed():
    assert len({code.value for code in Code}) == len(Code)
    assert all(re.fullmatch(r"P[01][0-9]{2}", code.value) for code in Code)


def test_the_document_explains_every_code_and_no_other():
    text = (shipped().parent / "docs" / "policy.md").read_text()
    explained = set(re.findall(r"^\| (P[0-9]{3}) \|", text, re.MULTILINE))
    assert explained == {code.value for code in Code}
    for code in WARNINGS:
        assert re.search(rf"^\| {code.value} \| .*warning", text, re.MULTILINE)


def test_every_problem_is_told_at_once():
    files = shipped_files()
    files["rules.csv"] = b"p, x, dney, profesional, grantee, consult, *, *, *, *\nq, y\n"
    files["groups.csv"] += b"acton, get, consult\n"
    files["networks.csv"] = b"10.0.0.0/99, ofice\n"
    files["calendars.csv"] = b"night, mon, 22:00, 06:00\n"
    files["model.conf"] += b"#"
    found = {(p.file, p.code) for p in problems_of(files)}
    assert found >= {
        ("rules.csv", Code.FIELD_COUNT),
        ("rules.csv", Code.UNKNOWN_KEY),
        ("groups.csv", Code.UNKNOWN_GROUP_KIND),
        ("networks.csv", Code.BAD_NETWORK),
        ("networks.csv", Code.UNKNOWN_ZONE),
        ("calendars.csv", Code.IMPOSSIBLE_SLOT),
        ("model.conf", Code.MODEL_CHANGED),
    }


def test_several_problems_of_one_line_are_all_told():
    files = shipped_files()
    files["rules.csv"] = (
        b"p, x, dney, profesional, grante, consult, helth, *, *, *, * # why\n"
        b"p, y, allow, professional, grantee, consult, *, *, *, *, *\n"
    )
    found = [(p.line, p.code, p.nearest) for p in problems_of(files)]
    assert found == [
        (1, Code.UNKNOWN_EFFECT, "deny"),
        (1, Code.UNKNOWN_WORD, "professional"),
        (1, Code.UNKNOWN_WORD, "grantee"),
        (1, Code.UNKNOWN_WORD, "health"),
        (1, Code.TRAILING_COMMENT, None),
    ]


def test_swapped_columns_are_recognised():
    files = shipped_files()
    files["rules.csv"] = b"p, x, allow, grantee, professional, consult, *, *, *, *, *\n"
    messages = [p.message for p in problems_of(files) if p.code is Code.UNKNOWN_WORD]
    assert len(messages) == 2
    assert "belongs into the column relation" in messages[0]
    assert "belongs into the column role" in messages[1]


@pytest.mark.parametrize(
    ("was", "wrong", "says"),
    [
        ("professional", "karim", "administrator, beneficiary, manager, professional, and “*”"),
        ("*, *, *, *, *", "logement, *, *, *, *", "identity, income, justice, ordinary, sensitive"),
        ("*, *, *, *, *", "*, ccas-nulle, *, *, *", "listed in groups.csv"),
        ("*, *, *, *, *", "*, *, *, *, jours-ouvrés", "made in calendars.csv"),
    ],
)
def test_a_word_that_is_none_comes_with_those_that_there_are(was: str, wrong: str, says: str):
    (found,) = problems_of({**shipped_files(), "rules.csv": ROW.replace(was, wrong).encode()})
    assert (found.code, found.line) == (Code.UNKNOWN_WORD, 1)
    assert says in found.message


def test_a_problem_prints_as_place_code_message_and_hint():
    files, _ = changed("rules.csv", ROW.replace("allow", "alow"))
    (told,) = problems_of(files)
    assert str(told) == (
        "rules.csv:1:9: P023 “alow” is neither allow nor deny, so this rule would have no effect."
        " Did you mean “allow”?"
    )
    assert told.source == ROW.replace("allow", "alow")
    assert told.source[told.column - 1 :][: told.length] == "alow"


def test_a_problem_of_a_whole_file_has_no_line():
    files, _ = changed("rules.csv", "# nothing")
    (told,) = problems_of(files)
    assert str(told) == "rules.csv: P030 No rule allows anything: nobody gets in."
    assert told.source == ""


def test_a_set_that_is_wrong_otherwise_is_not_said_to_allow_nothing():
    files, _ = changed("rules.csv", "p, x")
    assert [p.code for p in problems_of(files)] == [Code.FIELD_COUNT]


def test_a_changed_model_is_told_at_the_first_character_that_differs():
    files = shipped_files()
    lines = files["model.conf"].split(b"\n")
    row, column = next(
        (n, line.index(b"r.rel")) for n, line in enumerate(lines) if b"r.rel" in line
    )
    for old, new in ((b"r.rel", b"r.role"), (b"r.rel == p.rel)", b"")):
        changed_model = files["model.conf"].replace(old, new, 1)
        (told,) = problems_of({**files, "model.conf": changed_model})
        where = column + (3 if new else 0)
        assert (told.line, told.column) == (row + 1, where + 1)
    (told,) = problems_of({**files, "model.conf": files["model.conf"] + b"\n# more"})
    assert told.line == len(lines) + 1


@pytest.mark.parametrize("folder", ["shipped", "office-hours", "two-factor"])
def test_the_shipped_set_and_the_examples_load_without_a_problem(folder):
    path = shipped() if folder == "shipped" else shipped() / "examples" / folder
    assert check(path) == ()
    assert len(load(path).rules) >= 10


def test_there_is_no_example_that_is_not_tested():
    names = {path.name for path in (shipped() / "examples").iterdir()}
    assert names == {"office-hours", "two-factor"}


def test_all_sets_share_one_model():
    models = {path.read_bytes() for path in shipped().rglob("model.conf")}
    assert len(models) == 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in shipped_files().items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_told(folder, name):
    (folder / name).unlink()
    found = [(p.file, p.line) for p in check(folder) if p.code is Code.FILE_MISSING]
    assert found == [(name, 0)]


def test_a_misnamed_file_is_told_with_the_name_that_was_meant(folder):
    (folder / "rules.csv").rename(folder / "rule.csv")
    found = {(p.code, p.file, p.nearest) for p in check(folder) if p.is_error}
    assert (Code.FILE_UNEXPECTED, "rule.csv", "rules.csv") in found


def test_guides_and_editors_back_up_files_may_lie_beside(folder):
    (folder / "POLICY.md").write_text("# Policy")
    (folder / "rules.csv~").write_text("p, x")
    assert check(folder) == ()


def test_a_folder_that_is_not_there_is_told(tmp_path):
    codes = [p.code for p in check(tmp_path / "nowhere")]
    assert codes[0] is Code.FILE_UNREADABLE


def test_a_policy_file_that_is_a_folder_is_told(folder):
    (folder / "rules.csv").unlink()
    (folder / "rules.csv").mkdir()
    assert Code.FILE_UNREADABLE in {p.code for p in check(folder)}


def test_a_file_of_more_than_one_mebibyte_is_told(folder):
    with (folder / "networks.csv").open("ab") as file:
        file.write(b"# x\n" * (1 << 19))
    assert [p.code for p in check(folder)] == [Code.FILE_UNREADABLE]


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        (b"# caf\xe9\n", Code.NOT_UTF8, 1, 6),
        (b"# one\n10.0.0.0/8, office\n# caf\xe9\n", Code.NOT_UTF8, 3, 6),
        ("10.0.0.0/8, office".encode("utf-16"), Code.NOT_UTF8, 1, 1),
        ("# 10\n10.0.0.0/8, office".encode("utf-16-le"), Code.NOT_UTF8, 1, 1),
        ("10.0.0.0/8, office\r\n".encode("utf-16-be"), Code.NOT_UTF8, 1, 1),
        (b"10.0.0.0/8, of\0fice", Code.NOT_UTF8, 1, 1),
        (b"10.0.0.0/8, office\r10.1.0.0/16, vpn\r", Code.CONTROL_CHARACTER, 1, 19),
        ("# fine\n".encode("utf-8-sig"), Code.BYTE_ORDER_MARK, 1, 1),
    ],
)
def test_a_file_that_is_not_plain_utf8_is_told(content, code, line, column):
    files = {**shipped_files(), "networks.csv": content}
    assert [(p.code, p.line, p.column) for p in problems_of(files)] == [(code, line, column)]


def test_line_ends_of_windows_are_accepted_in_every_file():
    files = {name: content.replace(b"\n", b"\r\n") for name, content in shipped_files().items()}
    assert problems_of(files) == ()
    assert load_bytes(files).rules == load_bytes(shipped_files()).rules


def test_columns_may_be_aligned_with_spaces_and_comments_indented():
    files = shipped_files()
    files["rules.csv"] = b"   # a comment\n" + ROW.replace(", ", "  ,   ").encode()
    assert problems_of(files) == ()


def test_warnings_alone_do_not_stop_a_set():
    files = shipped_files()
    files["rules.csv"] += b"p, again, allow, professional, grantee, modify, *, *, *, *, *\n"
    snapshot = load_bytes(files)
    assert [p.code for p in snapshot.warnings] == [Code.SAME_RULE]


def test_the_generation_changes_with_every_byte_of_every_file():
    files = shipped_files()
    seen = {load_bytes(files).generation}
    for name in FILES[1:]:
        seen.add(load_bytes({**files, name: files[name] + b"\n"}).generation)
    assert len(seen) == len(FILES)
    assert load_bytes(files).generation == load_bytes(dict(reversed(files.items()))).generation


def test_a_block_of_the_whole_drive_may_depend_on_circumstances():
    files = shipped_files()
    files["calendars.csv"] += b"work-hours, mon-fri, 08:00, 19:00\n"
    files["rules.csv"] += b"p, night, deny, professional, *, *, *, *, internet, *, closed\n"
    assert problems_of(files) == ()


@pytest.mark.parametrize(
    "rule",
    [
        "p, x, deny, professional, grantee, *, *, *, internet, *, *",
        "p, x, deny, professional, *, *, health, *, internet, *, *",
        "p, x, deny, professional, *, *, *, ccas, internet, *, *",
        "p, x, deny, professional, *, consult, *, *, internet, *, *",
        "p, x, deny, *, *, list, *, *, internet, *, *",
        "p, x, allow, *, *, consult, *, *, internet, *, *",
    ],
)
def test_a_rule_that_would_hide_things_by_network_is_refused(rule):
    files = shipped_files()
    files["rules.csv"] += rule.encode()
    assert [p.code for p in problems_of(files)] == [Code.LIST_DEPENDS]


def test_the_weakest_sign_in_is_no_circumstance():
    """`app-password` accepts every sign-in, like `*`."""
    files = shipped_files()
    rule = b"p, x, allow, professional, grantee, list, *, *, *, app-password, *\n"
    files["rules.csv"] += rule
    assert problems_of(files) == ()
