"""What changes between two sets of files is told as an administrator would say it."""

import re
from pathlib import Path

import pytest

from policies.diff import Change, differences
from policies.diff_texts import as_lines, sentence
from policies.loader import load, load_bytes, shipped
from policies.pairs import Pair
from policies.vocabulary import Column
from tests.policy.question import NETWORKS, a_set, shipped_files, with_files

PAGE = (shipped().parent / "docs" / "policy" / "diff.md").read_text()
RULES = shipped_files()["rules.csv"].decode()
GROUPS = shipped_files()["groups.csv"].decode()


def sentences(old, new) -> list[str]:
    return [sentence(box) for box in differences(old, new).boxes]


def facts(old, new) -> list[str]:
    return [fact.says for fact in differences(old, new).facts]


def with_rule(*lines: str):
    return with_files(rules=RULES + "\n".join(["", *lines, ""]))


def edited(page: str) -> dict[str, bytes]:
    """The example's files after the edits that the page shows."""
    files = dict(load(shipped() / "examples" / "office-hours").files)
    for block in re.findall(r"```diff\n(.*?)```", page, re.DOTALL):
        lines = block.splitlines()
        gone = [line[1:] for line in lines if line.startswith("-")]
        come = "\n".join(line[1:] for line in lines if line.startswith("+"))
        names = [
            name for name, content in files.items() if all(g.encode() in content for g in gone)
        ]
        name = names[0] if gone else ("rules.csv" if come.startswith("p,") else "networks.csv")
        old = gone[0] if gone else ""
        text = files[name].decode()
        files[name] = (text.replace(old, come) if gone else f"{text}{come}\n").encode()
    return files


def test_the_page_shows_what_the_command_says():
    before = load(shipped() / "examples" / "office-hours")
    told = "".join(f"{line}\n" for line in as_lines(differences(before, load_bytes(edited(PAGE)))))
    assert "".join(re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)) == told


def test_the_same_answers_are_no_difference_however_they_are_written():
    lines = [line for line in RULES.splitlines() if line.startswith("p,")]
    fields = [[field.strip() for field in line.split(",")] for line in lines]
    other = [", ".join(["p", f"{f[1]}-2", *f[2:]]) for f in reversed(fields)]
    spelt = [line for line in other if " owner-consult-2," not in line]
    spelt += [
        f"p, owner-{one}, allow, beneficiary, owner, {one}, *, *, *, *, *"
        for one in ("list", "get")
    ]
    diff = differences(with_files(), with_files(rules="\n".join(spelt)))
    assert (diff.boxes, diff.facts, diff.widens, diff.narrows) == ((), (), False, False)
    assert diff.old != diff.new


def test_one_more_rule_is_one_sentence_with_the_rules_that_decide():
    old = a_set("two-factor")
    rules = old.files["rules.csv"].decode()
    more = "p, vpn-health, allow, professional, via-structure, get, health, *, vpn, mfa, *"
    new = load_bytes({**old.files, "rules.csv": f"{rules}{more}\n".encode()})
    (box,) = differences(old, new).boxes
    assert sentence(box) == (
        "+ professional (granted to the structure) may now get health documents"
        " from vpn with mfa or stronger"
    )
    assert (box.before, [rule and rule.id for rule in box.after]) == ((None,), ["vpn-health"])
    assert box.values[Column.AUTH] == (Pair("mfa", "mfa"), Pair("cert", "cert"))


def test_a_deny_that_goes_is_named_as_what_decided_before():
    more = "p, no-health, deny, professional, grantee, get, health, *, *, *, *"
    (box,) = differences(with_rule(more), with_files()).boxes
    assert [rule and rule.id for rule in box.before] == ["no-health"]
    assert [rule and rule.id for rule in box.after] == ["named-consult"]
    assert sentence(box) == "+ professional (granted by name) may now get health documents"


def test_what_is_seen_comes_first_and_says_nothing_of_circumstances():
    more = "p, team-health, allow, professional, via-structure, consult, health, *, *, *, *"
    first, second = differences(with_files(), with_rule(more)).boxes
    assert (first.change, second.change) == (Change.SEEN, Change.GAIN)
    assert sentence(first) == "+ professional (granted to the structure) now sees health documents"
    assert "may now get health documents" in sentence(second)
    assert [box.change for box in differences(with_rule(more), with_files()).boxes] == [
        Change.HIDDEN, Change.LOSS,
    ]  # fmt: skip


def test_a_blocked_network_takes_everything_and_hides_nothing():
    new = with_files(networks="198.51.100.0/24, blocked\n")
    diff = differences(with_files(), new)
    assert {box.change for box in diff.boxes} == {Change.LOSS}
    assert {box.values[Column.ZONE] for box in diff.boxes} == {(Pair("internet", "blocked"),)}
    assert sentences(with_files(), new)[0] == (
        "- beneficiary (own vault) may no longer use or list documents"
        " from blocked (before: internet)"
    )
    assert facts(with_files(), new) == ["198.51.100.0/24: internet → blocked"]


def test_rules_that_no_invariant_lets_through_change_nothing():
    more = [
        "p, x1, deny, beneficiary, owner, revoke, *, *, *, *, *",
        "p, x2, deny, *, none, get, *, *, *, *, *",
        "p, x3, deny, professional, grantee, delete, *, *, *, *, *",
        "p, x4, deny, beneficiary, owner, get, *, ccas, *, *, *",
        "p, x5, deny, professional, via-structure, get, *, none, *, *, *",
    ]
    assert differences(with_files(), with_rule(*more)).boxes == ()


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("networks", "192.0.2.0/24, office\n", "192.0.2.0/25, office\n",
         "192.0.2.128/25: office → internet"),
        ("networks", "", "2001:db8::/32, vpn\n2001:db8:1::/48, blocked\n",
         "2001:db8:1::/48: internet → blocked"),
        ("calendars", "work-hours, mon-fri, 08:00, 19:00\n", "work-hours, mon-thu, 08:00, 19:00\n",
         "fri 08:00–19:00: work-hours → closed"),
        ("calendars", "time-zone, Europe/Paris\n", "time-zone, Indian/Reunion\n",
         "time zone of people who act for no structure: Europe/Paris → Indian/Reunion"),
        ("calendars", "work-hours, mon-fri, 08:00, 19:00\n",
         "work-hours, mon-fri, 08:00, 19:00\nholidays, france\n",
         "public holidays: kept by each structure"),
        ("calendars", "", "closed, 2026-12-24, 2027-01-02, lyon\n",
         "2026-12-24–2027-01-02: a day of closing (lyon)"),
        ("calendars", "holidays, france\n", "holidays, france\nholidays, alsace-moselle, lyon\n",
         "public holidays of lyon: those of its time zone, if any → alsace-moselle"),
        ("calendars", "holidays, france\non-call, holidays, 08:00, 20:00\n",
         "holidays, france\non-call, holidays, 09:00, 20:00\n",
         "holidays 08:00–09:00: on-call → closed"),
        ("groups", GROUPS, GROUPS + "structure, lyon, ccas\n",
         "structure lyon, a ccas, has a name of its own"),
        ("groups", GROUPS + "structure, lyon, ccas\n", GROUPS + "structure, lyon, shelter\n",
         "structure lyon: ccas → shelter"),
        ("groups", GROUPS, GROUPS.replace("action, recall, modify\n", ""),
         "action modify: - recall"),
    ],
)  # fmt: skip
def test_what_words_stand_for_is_told_even_where_no_rule_cares(file, old, new, says):
    assert says in facts(with_files(**{file: old}), with_files(**{file: new}))


def test_the_hours_of_people_who_act_for_none_are_those_of_the_calendars_time_zone():
    hours = "work-hours, mon-fri, 08:00, 19:00\ntime-zone, {}\n"
    rules = "p, by-day, allow, beneficiary, owner, get, *, *, *, *, work-hours\n"
    old, new = (
        with_files(rules=rules, calendars=hours.format(zone))
        for zone in ("Europe/Paris", "Indian/Reunion")
    )
    gained, lost = sentences(old, new)
    assert gained == (
        "+ beneficiary (own vault) may now get documents, blocked networks too"
        " in work-hours (before: closed)"
    )
    assert lost == (
        "- beneficiary (own vault) may no longer get documents, blocked networks too"
        " in closed (before: work-hours)"
    )


def test_a_day_of_closing_takes_the_hours_of_its_structure_alone():
    rules = "p, by-day, allow, professional, via-structure, get, *, *, *, *, work-hours\n"
    hours = "work-hours, mon-fri, 08:00, 19:00\n"
    groups = GROUPS + "structure, lyon, ccas\nstructure, nice, ccas\n"
    old, new = (
        with_files(rules=rules, groups=groups, calendars=hours + more)
        for more in ("", "closed, 2026-12-24, lyon\n")
    )
    (box,) = differences(old, new).boxes
    assert sentence(box) == (
        "- professional of lyon (granted to the structure) may no longer get documents,"
        " blocked networks too in closed (before: work-hours)"
    )
    assert not differences(old, old).boxes


def test_a_day_of_closing_of_a_structure_that_groups_do_not_name_is_met_under_its_kind():
    rules = "p, by-day, allow, professional, via-structure, get, *, *, *, *, work-hours\n"
    hours = "work-hours, mon-fri, 08:00, 19:00\n"
    old, new = (
        with_files(rules=rules, calendars=hours + more)
        for more in ("", "closed, 2026-12-24, elsewhere\n")
    )
    (box,) = differences(old, new).boxes
    assert box.change is Change.LOSS
    assert box.values[Column.SLOT] == (Pair("work-hours", "closed"),)
    assert facts(old, new) == ["2026-12-24: a day of closing (elsewhere)"]


def test_a_structure_that_gets_a_name_is_compared_with_its_kind():
    rule = "p, lyon, deny, professional, *, modify, *, lyon, *, *, *\n"
    new = with_files(groups=GROUPS + "structure, lyon, ccas\n", rules=RULES + "\n" + rule)
    boxes = differences(with_files(), new).boxes
    assert {box.values[Column.STRUCTURE] for box in boxes} == {(Pair("ccas", "lyon"),)}
    assert sentences(with_files(), new) == [
        "- professional of lyon (granted by name) may no longer modify documents",
        "- professional of lyon (granted to the structure) may no longer modify ordinary documents",
    ]


def test_a_structure_whose_kind_changes_loses_as_the_one_and_gains_as_the_other():
    old, new = (
        with_files(groups=GROUPS + f"structure, lyon, {kind}\n") for kind in ("ccas", "shelter")
    )
    boxes = differences(old, new).boxes
    assert {box.change for box in boxes} == set(Change)
    assert {pair for box in boxes for pair in box.values[Column.STRUCTURE]} == {
        Pair("lyon", ""), Pair("", "lyon"),
    }  # fmt: skip


def test_addresses_of_ipv4_in_ipv6_are_told_as_ipv4():
    new = with_files(networks=NETWORKS.decode() + "::/32, vpn\n")
    told = facts(with_files(networks=NETWORKS), new)
    assert told == [
        "::–::fffe:ffff:ffff: internet → vpn",
        "::1:0:0:0–::ffff:ffff:ffff:ffff:ffff:ffff: internet → vpn",
    ]


def test_the_folders_of_the_examples_are_compared_as_they_stand():
    for name in ("two-factor", "office-hours"):
        diff = differences(load(shipped()), load(Path(shipped() / "examples" / name)))
        assert diff.narrows
        assert not diff.widens
