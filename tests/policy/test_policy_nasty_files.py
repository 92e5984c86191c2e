"""Files as editors, spreadsheets, mail programs and accidents leave them: told, never misread."""

import os
from pathlib import Path

import pytest

from policies.loader import FILES, check, load, load_bytes, read_files
from policies.problems import LONGEST_WORD, MOST_PROBLEMS, Code, PolicyProblems, Report
from policies.sheet import LONGEST_LINE
from tests.policy.question import shipped_files

ROW = b"p, one, allow, professional, grantee, consult, *, *, *, *, *\n"


def problems_of(files):
    try:
        return load_bytes(files).warnings
    except PolicyProblems as found:
        return found.problems


def with_rules(content: bytes):
    return problems_of({**shipped_files(), "rules.csv": content})


def codes(found):
    return [(p.file, p.line, p.column, p.code) for p in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in shipped_files().items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_unix_and_windows_line_ends_may_be_mixed_in_one_file():
    lines = shipped_files()["rules.csv"].split(b"\n")
    mixed = b"".join(line + (b"\r\n" if n % 2 else b"\n") for n, line in enumerate(lines))
    assert with_rules(mixed) == ()


def test_what_follows_in_a_file_of_the_wrong_encoding_is_looked_at_too():
    """Saved by an old editor as Latin 1, and with a mistake further on."""
    found = with_rules("# règles\n".encode("latin-1") + ROW.replace(b"allow", b"alow"))
    assert codes(found) == [
        ("rules.csv", 1, 4, Code.NOT_UTF8),
        ("rules.csv", 2, 9, Code.UNKNOWN_EFFECT),
    ]


def test_utf_16_is_named_as_such_and_read():
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        found = with_rules(ROW.replace(b"allow", b"alow").decode().encode(encoding))
        told = [(p.code, p.line, p.column) for p in found if p.line]
        assert told == [(Code.NOT_UTF8, 1, 1), (Code.UNKNOWN_EFFECT, 1, 9)], encoding
        assert "UTF-16" in found[0].message


def test_a_spreadsheet_with_quotes_and_semicolons_is_told_once_per_line_and_kind():
    row = b'"p";"one";"allow";"professional";"grantee";"consult";"*";"*";"*";"*";"*"\n'
    assert codes(with_rules(row + row.replace(b"one", b"two").replace(b"consult", b"modify"))) == [
        ("rules.csv", 1, 1, Code.QUOTE),
        ("rules.csv", 1, 4, Code.SEMICOLONS),
        ("rules.csv", 2, 1, Code.QUOTE),
        ("rules.csv", 2, 4, Code.SEMICOLONS),
    ]


def test_columns_made_with_tabs_are_told_once_per_line():
    found = with_rules(ROW.replace(b", ", b",\t"))
    assert codes(found) == [("rules.csv", 1, 3, Code.CONTROL_CHARACTER)]
    assert found[0].message == "A tab; use ordinary spaces. There are 10 in this line."


def test_a_word_in_letters_of_another_alphabet_says_so():
    """“аllow” with a Cyrillic а looks right to whoever reads the message."""
    found = [p for p in with_rules(ROW.replace(b"allow", "аllow".encode())) if p.line]
    assert found[0].message.startswith("“аllow” (with U+0430, no Latin letter) is ")
    assert found[0].nearest == "allow"


def test_a_letter_that_turns_the_reading_direction_around_is_told():
    found = with_rules(ROW.replace(b"one", "o\u202ene".encode()))
    assert (Code.ODD_SPACE, 1, 5) in [(p.code, p.line, p.column) for p in found]


def test_a_line_that_never_ends_is_not_repeated_in_the_message():
    found = with_rules(ROW + b"p, " + b"x" * LONGEST_LINE + b"\n")
    assert codes(found) == [("rules.csv", 2, LONGEST_LINE + 1, Code.LINE_TOO_LONG)]
    long_word = with_rules(ROW.replace(b"consult", b"x" * 500))
    assert max(len(p.message) for p in long_word) < LONGEST_WORD + 250


def test_a_file_of_something_else_is_not_told_thousandfold():
    found = with_rules(b"lorem ipsum\n" * 50_000)
    assert len(found) < MOST_PROBLEMS + 5
    assert found[-1].code is Code.TOO_MANY_PROBLEMS
    assert found[-1].message.endswith("the rest was not looked at.")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [b"\0" * 5000, bytes(range(256)) * 20, b"\xff\xfe", b"PK\3\4"])
def test_no_bytes_get_past_the_reader(name, content):
    if name in ("networks.csv", "calendars.csv") and not content.strip(b"\xff\xfe"):
        return  # a file of UTF-16 with nothing in it: told below
    assert any(
        p.is_error and p.file == name for p in problems_of({**shipped_files(), name: content})
    )


def test_a_huge_file_is_neither_read_nor_kept(folder):
    with (folder / "rules.csv").open("wb") as file:
        file.truncate(10 << 30)
    assert codes(check(folder)) == [("rules.csv", 0, 0, Code.FILE_UNREADABLE)]
    read = read_files(folder, Report())
    assert sum(map(len, read.values())) < 2 << 20


@pytest.mark.parametrize("make", ["folder", "pipe", "device", "nothing", "itself"])
def test_what_is_no_file_is_told_and_never_waited_for(folder, make):
    path = folder / "groups.csv"
    path.unlink()
    if make == "folder":
        path.mkdir()
    elif make == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"device": "/dev/zero", "nothing": "gone", "itself": path}[make])
    assert codes(check(folder)) == [("groups.csv", 0, 0, Code.FILE_UNREADABLE)]


def test_files_may_be_links_to_files(folder, tmp_path_factory):
    """As Kubernetes puts them into a folder."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "r"
    elsewhere.write_bytes((folder / "rules.csv").read_bytes())
    (folder / "rules.csv").unlink()
    (folder / "rules.csv").symlink_to(elsewhere)
    assert check(folder) == ()
    assert load(folder).rules


def test_a_missing_file_of_groups_is_told_and_not_each_of_its_words(folder):
    (folder / "groups.csv").unlink()
    assert codes(check(folder)) == [("groups.csv", 0, 0, Code.FILE_MISSING)]


def test_an_empty_file_of_groups_is_told_in_one_line(folder):
    (folder / "groups.csv").write_bytes(b"")
    assert codes(check(folder))[0] == ("groups.csv", 0, 0, Code.CATEGORY_CLASS)
    assert [p.file for p in check(folder)].count("groups.csv") == 1


def test_a_rule_about_sharing_on_is_read_without_the_word_that_it_must_say(folder):
    (folder / "groups.csv").write_bytes(b"auth, cert, mfa\n")
    rule = b"p, on, allow, professional, grantee, regrant, housing, *, *, password, *\n"
    (folder / "rules.csv").write_bytes(rule)
    assert codes(check(folder))[0] == ("groups.csv", 0, 0, Code.CATEGORY_CLASS)


@pytest.mark.parametrize(
    "name",
    ["Rules.csv", "rules.CSV", "rules (1).csv", "rules.csv.txt", "rules.txt", "groups.xlsx",
     "networks.ods", "model.conf.txt", "rules.csv.csv", "new.conf"],
)  # fmt: skip
def test_a_file_that_somebody_may_take_for_a_policy_file_is_told(folder, name):
    (folder / name).write_bytes(ROW)
    assert codes(check(folder)) == [(name, 0, 0, Code.FILE_UNEXPECTED)]


@pytest.mark.parametrize(
    "name",
    ["POLICY.md", "rules.csv~", "rules.csv.bak", ".rules.csv.swp", "#rules.csv#", ".#rules.csv",
     ".~lock.rules.csv#", "notes.txt", "README"],
)  # fmt: skip
def test_what_editors_leave_behind_is_nobodys_mistake(folder, name):
    (folder / name).write_bytes(b"p, x")
    assert check(folder) == ()
