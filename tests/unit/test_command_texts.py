"""What commands say is in every catalogue, and each sentence of the layers below is found there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import admin
from admin import catalogue, speaking, words
from admin.sentences import of_commands, of_help, of_layers
from admin.speaking import language_of
from admin.told import in_catalogue
from admin.usage import MISTYPED
from authn.directory_accounts import Standing
from authn.ldap.steps import Looked
from davserver.domain.actions import Category, Right
from davserver.domain.nodes import Kind
from davserver.domain.offers import OfferState
from davserver.domain.people import AccountState, Role, StructureKind
from davserver.gate.affiliations.views import AffiliationViewState, RequestState
from davserver.gate.policy.rulebook import Origin
from davserver.gate.recovery.undone import Act
from davserver.gate.shares import GrantState
from davserver.gate.staff.directory_care import Freshness

FILE = catalogue.FOLDER / "fr.po"
BLANK = re.compile(r"%\(\w+\)s|\{\w*\}")
SAYING = {"say", "warn", "say_coloured", "progress", "getpass.getpass", "show_credentials"}


@pytest.fixture(scope="module")
def french() -> Catalog:
    with FILE.open("rb") as file:
        return read_po(file, locale="fr")


def _first(one: str | tuple[str, ...]) -> str:
    return one if isinstance(one, str) else one[0]


@pytest.mark.slow
def test_every_sentence_is_in_the_catalogue_and_nothing_else(french: Catalog) -> None:
    wanted = {_first(one) for one in (of_commands() | of_help() | of_layers())}
    said = {_first(one.id): one for one in french if one.id}
    assert set(said) - wanted == set()
    assert wanted - set(said) == set()
    for one in said.values():
        forms = one.string if isinstance(one.string, tuple) else (one.string,)
        assert all(forms), one.id
        assert len(forms) == (1 if isinstance(one.id, str) else 2), one.id
        assert not one.fuzzy
        assert not list(one.check(french)), one.id


def test_the_same_is_filled_in_in_every_language() -> None:
    for sentence, forms in catalogue.read(FILE).sentences.items():
        if sentence == "Value error, %(message)s":
            continue
        for form in forms:
            assert set(BLANK.findall(form)) == set(BLANK.findall(sentence)), sentence
            assert ("`" in form) == ("`" in sentence), sentence


def test_commands_and_options_are_named_as_they_are_typed() -> None:
    for sentence, forms in catalogue.read(FILE).sentences.items():
        for typed in re.findall(r"(?<![\w/-])(?:--[a-z-]+|abri [a-z-]+(?: [a-z-]+)?)", sentence):
            assert all(typed in form for form in forms), (sentence, typed)


def test_french_is_set_as_french_is(french: Catalog) -> None:
    """Signs that stand apart do so by a space that does not break; apostrophes are curved."""
    for one in french:
        for form in one.string if isinstance(one.string, tuple) else (one.string,):
            text = re.sub(r"`[^`]*`", "", form) if one.id else ""
            assert not re.search(r"(?<=[^ ]) [:;?!»](?!:)|« |\w'\w", text), form


def test_commands_read_of_a_catalogue_what_babel_reads(french: Catalog) -> None:
    ours = catalogue.read(FILE)
    theirs = {
        _first(one.id): one.string if isinstance(one.string, tuple) else (one.string,)
        for one in french
        if one.id
    }
    assert dict(ours.sentences) == theirs
    assert [ours.form(number) for number in (0, 1, 2, 100)] == [0, 0, 1, 1]


def test_what_is_shown_is_looked_up() -> None:
    """No command shows a sentence that no catalogue has. Commands to be typed are none."""
    for file in Path(admin.__file__).parent.glob("*.py"):
        for sentence in _bare(ast.parse(file.read_text())):
            assert not re.search(r"^(?!abri ).*[A-Za-z]{2,} [A-Za-z]{2,}", sentence), (
                file.name,
                sentence,
            )


def _bare(tree: ast.AST) -> Iterator[str]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in SAYING:
            for one in call.args:
                if isinstance(one, ast.Constant):
                    yield str(one.value)
                elif isinstance(one, ast.JoinedStr):
                    parts = (p.value if isinstance(p, ast.Constant) else "0" for p in one.values)
                    yield "".join(str(part) for part in parts)


def test_every_word_that_stands_alone_has_its_own() -> None:
    kinds = (
        Role, AccountState, Standing, StructureKind, Right, Category, Kind, GrantState, OfferState,
        RequestState, AffiliationViewState, Freshness, Act, Origin, Looked,
    )  # fmt: skip
    shown = {str(one.value) for kind in kinds for one in kind}
    assert shown - set(words.WORDS) == set()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "POSIX", "LANGUAGE": "fr"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "fr"}, "fr"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr"}, "fr"),
        ({"LANG": "fr_BE@euro"}, "fr"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": ""}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LANGUAGE": "en:fr"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:fr:en"}, "fr"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_language_is_that_of_the_environment(
    environment: dict[str, str], language: str
) -> None:
    assert language_of(environment) == language


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("the login “amina” is taken; choose another",
         "l’identifiant «\xa0amina\xa0» est pris\xa0; choisissez-en un autre"),
        # What people chose is a word of the catalogue, too.
        ("there is no directory “name”", "il n’y a pas d’annuaire «\xa0name\xa0»"),
        ("grant 12: an id has 32 hexadecimal digits, as listed",
         "partage 12\xa0: un id a 32 chiffres hexadécimaux, tel qu’il est listé"),
        ("keys.keyring: “x” must be a whole number from 1 to 65535",
         "keys.keyring\xa0: «\xa0x\xa0» doit être un nombre entier de 1 à 65535"),
        ("this is what no layer says: to or of by", "this is what no layer says: to or of by"),
        ("ldaps://a: the connection is not encrypted",
         "ldaps://a\xa0: la connexion n’est pas chiffrée"),
        ("/a: No such file or directory", "/a\xa0: ce fichier ou dossier n’existe pas"),
    ],
)  # fmt: skip
def test_what_a_layer_says_is_found_with_what_fills_it(english: str, french: str) -> None:
    assert in_catalogue(english, catalogue.read(FILE)) == french


@pytest.mark.slow
def test_each_sentence_of_the_layers_is_found_as_itself() -> None:
    """No other one takes its place."""
    known = catalogue.read(FILE)
    for sentence in sorted(of_layers() | set(MISTYPED)):
        blanks = re.findall(r"%\((\w+)\)s", sentence)
        filled = {name: f"x{number}" for number, name in enumerate(blanks)}
        if sentence in known.patterns:
            assert in_catalogue(sentence % filled, known) == known.said(sentence) % filled


@pytest.fixture
def english_again() -> Iterator[None]:
    """Other tests of this process are told nothing in French."""
    yield
    speaking.speak("en")


@pytest.mark.usefixtures("english_again")
def test_english_needs_no_catalogue_and_a_script_gets_it() -> None:
    speaking.speak("en")
    assert speaking.catalogue().sentences == {}
    speaking.speak("fr", for_scripts=True)
    assert speaking._("Nothing is locked.") == "Nothing is locked."
    assert speaking.ngettext("%(number)s vault", "%(number)s vaults", 0) == "0 vaults"
    assert speaking.catalogue().said("Nothing is locked.") == "Rien n’est verrouillé."
    speaking.speak("fr")
    assert speaking.ngettext("%(number)s vault", "%(number)s vaults", 0) == "0 coffre"
