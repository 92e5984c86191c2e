"""directory-groups.csv: what the groups of a structure's directory make of its people."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from davserver.domain.people import Role
from policies.diff import differences
from policies.diff_texts import as_lines
from policies.directory_groups import (
    FIELDS,
    FILE,
    DirectoryGroups,
    Place,
    parse_directory_groups,
    same_group,
)
from policies.lint import Lint, lint
from policies.loader import FILES, KNOWN, generation_of, load, load_bytes, shipped
from policies.problems import Code, PolicyProblems, Report
from policies.sheet import read_sheet
from policies.snapshot import Snapshot

STAFF = "cn=staff,ou=groups,dc=lyon,dc=example"
HEADS = "cn=heads,ou=groups,dc=lyon,dc=example"
UUID = "3b1d5a0c-7c1e-4e0e-9d55-0f6ad8b6a001"
WHOLE = f"m, lyon, professional, ccas-lyon, {STAFF}"


def with_lines(*lines: str, raw: bytes | None = None) -> Snapshot:
    content = raw if raw is not None else "\n".join(lines).encode()
    return load_bytes({**load(shipped()).files, FILE: content})


def places(*lines: str) -> tuple[Place, ...]:
    groups = with_lines(*lines).directory_groups
    assert groups is not None
    return groups.places


def test_a_line_gives_a_group_a_role_in_a_structure() -> None:
    assert places("# staff", "", WHOLE, f"  m ,lyon,manager,ccas-lyon,  {HEADS}  ") == (
        Place("lyon", Role.PROFESSIONAL, "ccas-lyon", STAFF, 3),
        Place("lyon", Role.MANAGER, "ccas-lyon", HEADS, 4),
    )


def test_administrators_belong_to_no_structure_and_ids_are_in_small_letters() -> None:
    (one,) = places(f"m, lyon, administrator, none, {UUID.upper()}")
    assert (one.role, one.structure, one.group) == (Role.ADMINISTRATOR, None, UUID)


@pytest.mark.parametrize(
    "group",
    [
        "cn=Équipe de l'accueil,ou=Groupes,dc=example",
        "cn=L’abri,dc=example",
        r"cn=Dupont\, Jean,ou=a b ,dc=example",
        r"cn=\23 \3B \22\+\=,dc=example",
        "CN = Staff , OU=x + uid=7,DC=example",
        "2.5.4.3=staff,dc=example",
        "cn=a=b",
        "66446001-1dd211b2-66225011-2ee211db",
    ],
)
def test_the_commas_and_apostrophes_of_a_group_are_its_own(group: str) -> None:
    (one,) = places(f"m, lyon, professional, ccas-lyon, {group}")
    assert one.group == group


def test_one_group_may_give_its_role_in_several_structures() -> None:
    assert len(places(WHOLE, f"m, lyon, professional, asso, {STAFF}")) == 2
    # Another directory's group may be called the same.
    assert len(places(WHOLE, f"m, paris, manager, ccas-lyon, {STAFF}")) == 2


DEFECTS: list[tuple[str, Code, int, str, str | None]] = [
    ("n, lyon", Code.UNKNOWN_KEY, 1, "starts with “m”, not with “n”", None),
    ("m, lyon, manager", Code.FIELD_COUNT, 10, "5 fields", None),
    (f"m, Lyon, manager, a, {STAFF}", Code.BAD_DIRECTORY, 4, "“Lyon” is no name", None),
    (f"m, , manager, a, {STAFF}", Code.BAD_DIRECTORY, 3, "is no name", None),
    (f"m, lyon, manger, a, {STAFF}", Code.UNKNOWN_ROLE, 10, "“manger” is no role", "manager"),
    (f"m, lyon, beneficiary, a, {STAFF}", Code.UNKNOWN_ROLE, 10, "No directory makes", None),
    (f"m, lyon, manager, CCAS, {STAFF}", Code.BAD_SLUG, 19, "“CCAS” is no structure", None),
    (f"m, lyon, manager, none, {STAFF}", Code.BAD_PLACE, 19, "write its slug", None),
    (f"m, lyon, administrator, ccas, {STAFF}", Code.BAD_PLACE, 25, "write “none”", "none"),
    ("m, lyon, manager, ccas, staff", Code.BAD_GROUP, 25, "“staff” is no group", None),
    ("m, lyon, manager, ccas, cn=a,ou", Code.BAD_GROUP, 25, "is no group", None),
    ("m, lyon, manager, ccas, cn=,ou=b", Code.BAD_GROUP, 25, "is no group", None),
    ("m, lyon, manager, ccas, cn=a\\", Code.BAD_GROUP, 25, "is no group", None),
    ("m, lyon, manager, ccas, cn=<a>", Code.BAD_GROUP, 25, "is no group", None),
    ("m, lyon, manager, ccas, ", Code.BAD_GROUP, 24, "The group is missing", None),
    (f"m, lyon, manager, ccas, {UUID[:-1]}", Code.BAD_GROUP, 25, "is no group", None),
    ('m, lyon, manager, ccas, cn="a",dc=b', Code.QUOTE, 28, "Quotes are not used", None),
    ("m, lyon, manager, ccas, cn=a;dc=b", Code.SEMICOLONS, 29, "commas", None),
    ("m, lyon, manager, ccas, cn=a # b", Code.TRAILING_COMMENT, 30, "of its own", None),
    ("m, lyon, manager, ccas, cn=a\tb", Code.CONTROL_CHARACTER, 29, "A tab", None),
    ("m, lyon, manager, ccas, cn=a\u202eb", Code.ODD_SPACE, 29, "U+202E", None),
    (f"m, lyon, manager, ccas, cn={'a' * 1000}", Code.LINE_TOO_LONG, 1001, "1000 are", None),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code", "column", "says", "nearest"), DEFECTS)
def test_each_defect_is_told_with_its_place(
    line: str, code: Code, column: int, says: str, nearest: str | None
) -> None:
    with pytest.raises(PolicyProblems) as caught:
        with_lines("# first", line)
    one = next(one for one in caught.value.problems if one.code is code)
    assert (one.file, one.line, one.column, one.nearest) == (FILE, 2, column, nearest)
    assert says in one.message


def test_a_byte_order_mark_and_another_encoding_are_told() -> None:
    for raw, code in (
        (b"\xef\xbb\xbf" + WHOLE.encode(), Code.BYTE_ORDER_MARK),
        (WHOLE.replace("staff", "équipe").encode("latin-1"), Code.NOT_UTF8),
        (WHOLE.encode("utf-16"), Code.NOT_UTF8),
    ):
        with pytest.raises(PolicyProblems) as caught:
            with_lines(raw=raw)
        assert next(one.code for one in caught.value.problems if one.file == FILE) is code


def test_what_stands_twice_and_what_contradicts_itself_is_told() -> None:
    same = "m, lyon, professional, ccas-lyon, CN=Staff, OU=groups, DC=lyon, DC=example"
    with pytest.raises(PolicyProblems, match="P134 Line 1 says the same") as caught:
        with_lines(WHOLE, same)
    assert (caught.value.problems[0].line, caught.value.problems[0].column) == (2, 35)
    with pytest.raises(PolicyProblems, match="P135 Line 1 makes the people of this group"):
        with_lines(WHOLE, f"m, lyon, manager, other, {STAFF}")


def test_two_ways_to_write_a_dn_are_one() -> None:
    assert same_group(" CN = Staff , DC=X ") == same_group("cn=staff,dc=x")
    assert same_group("cn=staff a,dc=x") != same_group("cn=staffa,dc=x")


_WORDS = st.sampled_from(["m", "lyon", "manager", "none", "ccas", STAFF, "cn=a", "\\,", "", UUID])
_LINES = st.lists(st.one_of(st.lists(_WORDS, max_size=7).map(",".join), st.text(max_size=60)))


@given(_LINES.map("\n".join).map(str.encode) | st.binary(max_size=200))
def test_any_content_is_read_line_by_line_and_nothing_is_taken_for_a_place(raw: bytes) -> None:
    report = Report()
    found = parse_directory_groups(read_sheet(FILE, raw, report, most=FIELDS), report)
    lines = raw.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    for one in found.places:
        where = one.structure or "none"
        fields = [field.strip(" ") for field in lines[one.line - 1].split(",", FIELDS - 1)]
        if not report.problems:
            assert fields[:4] == ["m", one.directory, one.role.value, where]
            assert fields[4].lower() == one.group.lower()
        assert (one.role is Role.ADMINISTRATOR) == (one.structure is None)
    told = {problem.line for problem in report.problems}
    silent = [
        number
        for number, line in enumerate(lines, start=1)
        if line.strip(" ") and not line.lstrip(" ").startswith("#")
    ]
    if not report.problems:
        assert {one.line for one in found.places} == set(silent) - told


# ── part of the set ─────────────────────────────────────────────────────────────────────────────


def test_a_set_of_before_loads_without_the_file_and_keeps_its_number() -> None:
    files = {name: content for name, content in load(shipped()).files.items() if name in FILES}
    older = load_bytes(files)
    assert older.directory_groups is None
    assert set(older.files) == set(FILES)
    empty = with_lines("")
    assert empty.directory_groups == DirectoryGroups(())
    assert len({older.generation, empty.generation, with_lines(WHOLE).generation}) == 3
    # As the release before worked it out; written down from there.
    assert generation_of(dict.fromkeys(FILES, b"")) == EMPTY_SET


EMPTY_SET = "879160f75072da7e72d871a6c5e892f8c23712c3faf80858614be089660d50ef"


def test_the_shipped_file_says_nothing_yet_in_two_languages() -> None:
    text = (shipped() / FILE).read_text()
    assert load(shipped()).directory_groups == DirectoryGroups(())
    assert all(one.startswith("#") for one in text.splitlines())
    examples = [one[2:] for one in text.splitlines() if one.startswith("# m, lyon")]
    assert len(places(*examples)) == 3
    assert "annuaire" in text
    assert "directory" in text


def test_a_file_that_is_called_nearly_so_is_told(tmp_path: object) -> None:
    files = {**load(shipped()).files, "directory-group.csv": b""}
    del files[FILE]
    with pytest.raises(PolicyProblems, match="P003") as caught:
        load_bytes(files)
    assert caught.value.problems[0].nearest == FILE
    assert FILE in KNOWN


# ── what changes, and what is not there ─────────────────────────────────────────────────────────


def test_a_difference_tells_who_gains_and_who_loses_a_place() -> None:
    old, new = with_lines(WHOLE), with_lines(f"m, lyon, manager, ccas-lyon, {HEADS}")
    found = differences(old, new)
    assert list(as_lines(found)) == [
        "What directories make of people:",
        f"  + people in {HEADS} (lyon) are now managers of ccas-lyon",
        f"  - people in {STAFF} (lyon) are no longer professionals of ccas-lyon",
    ]
    assert (found.widens, found.narrows) == (True, True)
    less = differences(old, with_lines(""))
    assert (less.widens, less.narrows) == (False, True)
    more = differences(with_lines(""), with_lines(f"m, lyon, administrator, none, {UUID}"))
    assert (more.widens, more.narrows) == (True, False)
    assert list(as_lines(more))[1] == f"  + people in {UUID} (lyon) are now administrators"


def test_only_an_order_that_may_say_another_role_is_a_difference() -> None:
    heads = f"m, lyon, manager, ccas-lyon, {HEADS}"
    other = f"m, lyon, professional, other, {UUID}"
    turned = differences(with_lines(WHOLE, heads), with_lines(heads, WHOLE))
    assert turned.places.reordered
    assert turned.widens
    same = differences(with_lines(WHOLE, other, heads), with_lines(other, "# x", WHOLE, heads))
    assert not same.places
    assert not same.widens
    spelled = WHOLE.replace("cn=staff,", "CN=Staff, ")
    assert not differences(with_lines(WHOLE), with_lines(spelled)).places


def test_lint_tells_of_structures_directories_and_roles_that_are_not_given() -> None:
    lines = (
        "# first",
        WHOLE,
        f"m, lyo, professional, ccas-lyon, {STAFF}",
        f"m, lyon, administrator, none, {UUID}",
    )
    found = [
        (one.file, one.line, one.code, one.message)
        for one in lint(with_lines(*lines), {}, {"lyon": ("professional", "manager")})
    ]
    assert [one[:3] for one in found] == [
        (FILE, 2, Lint.UNKNOWN_STRUCTURE),
        (FILE, 3, Lint.UNKNOWN_DIRECTORY),
        (FILE, 4, Lint.ROLE_NOT_GIVEN),
    ]
    assert "Did you mean “lyon”?" in found[1][3]
    assert "is ignored" in found[2][3]
    assert "directories.lyon.roles" in found[2][3]
    assert lint(with_lines(*lines)) == ()


def test_only_what_the_settings_let_a_directory_make_counts() -> None:
    groups = with_lines(WHOLE, f"m, lyon, administrator, none, {UUID}").directory_groups
    assert groups is not None
    assert [one.group for one in groups.of("lyon", ("professional", "manager"))] == [STAFF]
    assert len(groups.of("lyon", ("administrator", "professional"))) == 2
    assert groups.of("paris", ("professional",)) == ()
