"""On a terminal there are borders and questions; elsewhere plain lines. NO_COLOR is obeyed."""

import codecs
import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.instance import ABRI, Instance

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def on_a_terminal(made: Path, *words: str, typed: tuple[str, ...] = (), **environment: str) -> str:
    """What a terminal shows; each of `typed` is sent when a question stands at the end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [ABRI, "--config", str(made / "config.yaml"), *words],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8", **environment},
    )  # fmt: skip
    os.close(theirs)
    shown, answers, until = "", list(typed), time.monotonic() + 120
    decoder = codecs.getincrementaldecoder("utf-8")()  # what is read may end within a letter
    while time.monotonic() < until:
        if not select.select([ours], [], [], 0.1)[0]:
            if shown.endswith(": ") and answers:
                os.write(ours, answers.pop(0).encode() + b"\n")
                shown += "\n"
            continue
        try:
            read = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        shown += decoder.decode(read)
    os.close(ours)
    process.wait(60)
    return shown


@pytest.fixture(scope="module", autouse=True)
def structure(bare: Instance):
    bare.add_structure("ccas-lyon", "CCAS de Lyon")


def test_a_terminal_gets_a_table_with_borders_and_colours(made: Path):
    shown = on_a_terminal(made, "structure", "list")
    assert "│" in shown
    assert COLOUR.search(shown)
    assert "CCAS de Lyon" in shown


def test_no_color_is_obeyed(made: Path):
    shown = on_a_terminal(made, "structure", "list", NO_COLOR="1")
    assert "CCAS de Lyon" in shown
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", shown)


def test_a_pipe_gets_aligned_lines_without_any_escape(on):
    shown = on("structure", "list").out
    assert shown.splitlines() == [
        "slug       name          kind  time zone",
        "ccas-lyon  CCAS de Lyon  ccas  Europe/Paris",
    ]


def test_a_password_is_asked_for_twice_and_never_shown(made: Path, on):
    words = ("person", "add", "amina", "--role", "beneficiary", "--name", "Amina Benali")
    secret = "des mots que personne ne voit"
    shown = on_a_terminal(made, *words, typed=(secret, secret))
    assert "New password" in shown
    assert "Added amina" in shown
    assert secret not in shown
    assert "shown only now" not in shown


def test_two_different_answers_change_nothing(made: Path, on):
    words = ("person", "add", "bilal", "--role", "beneficiary", "--name", "Bilal")
    shown = on_a_terminal(made, *words, typed=("une chose et une autre", "tout autre chose"))
    assert "the two passwords differ: nothing was changed" in shown
    assert "bilal" not in on("person", "list").out


def test_an_empty_answer_means_one_is_made(made: Path):
    words = ("person", "add", "chloe", "--role", "beneficiary", "--name", "Chloé")
    shown = on_a_terminal(made, *words, typed=("",))
    assert re.search(r"shown only now: (?:[a-z2-9]{4}-){4}[a-z2-9]{4}", shown)


def test_a_terminal_that_has_no_accents_gets_escapes_and_no_error(on):
    ended = on("structure", "list", LANG="C", PYTHONIOENCODING="ascii")
    assert ended.code == 0


def test_the_settings_may_be_named_by_the_environment_or_the_working_folder(run, made: Path):
    named = run("structure", "list", ABRI_CONFIG=str(made / "config.yaml"))
    assert "ccas-lyon" in named.out
    assert "ccas-lyon" in run("structure", "list", folder=made).out
    missing = run("structure", "list", folder=made.parent)
    assert missing.code == 3
    assert "config.yaml: cannot be read: No such file or directory" in missing.err


@pytest.mark.parametrize("bare", ["postgresql"], indirect=True)
def test_a_fault_shows_its_place_but_nothing_of_what_was_handled(fresh: Instance, on_fresh):
    """The trace comes only when it is asked for."""
    fresh.tamper(text("ALTER TABLE structure RENAME TO something_else"))
    ended = on_fresh("structure", "list")
    assert ended.code == 1
    assert ended.err.startswith("abri: a fault in Abri: ")
    assert "Traceback" not in ended.err
    assert "Traceback" in on_fresh("--debug", "structure", "list").err
