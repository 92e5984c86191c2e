"""The literal tables of the pages are complete: routes, troubles, happenings, catalogues."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import davserver.web
from davserver.domain import errors
from davserver.domain.actions import Right
from davserver.domain.errors import AbriError
from davserver.domain.people import Role
from davserver.gate.affiliations.views import RequestState
from davserver.trail import What
from davserver.web.errors import TROUBLES, trouble_of
from davserver.web.happened import HAPPENED, KINDS, Kind
from davserver.web.languages import SHIPPED
from davserver.web.links import local
from davserver.web.menu import MENU
from davserver.web.pages import accompanying, sharing
from davserver.web.pages.entrance import HOME
from davserver.web.routes import ROUTES
from davserver.web.sentences import of_pages

WEB = Path(davserver.web.__file__).parent


def catalogue(language: str) -> Catalog:
    with (WEB / "catalogues" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", [one.code for one in SHIPPED if one.catalogue])
def test_every_sentence_is_in_every_catalogue_and_nothing_else(language: str) -> None:
    whole = catalogue(language)
    said = {one.id: one for one in whole if one.id}
    assert set(said) == of_pages()
    for one in said.values():
        assert one.string
        assert not one.fuzzy
        assert not list(one.check(whole)), one.id


def test_every_text_of_a_template_comes_from_a_catalogue() -> None:
    """What stands between tags is a value, a sign, or the service's name."""
    import re

    for file in (WEB / "templates").glob("*.html"):
        text = re.sub(r"{% trans.*?{% endtrans %}", "", file.read_text(), flags=re.DOTALL)
        text = re.sub(
            r"<style>.*?</style>|{%.*?%}|{{.*?}}|<[^>]*>|{#.*?#}", " ", text, flags=re.DOTALL
        )
        words = set(text.split()) - {"Abri", "SHA-256", "–", "·", "“", "”"}
        assert words == set(), (file.name, words)


def test_the_menu_leads_to_pages_of_whoever_sees_it() -> None:
    pages = {route.rule: route for route in ROUTES if route.method == "GET"}
    for one in MENU:
        assert one.audience <= (pages[one.path].audience or frozenset()), one


def test_every_route_is_one_row_with_a_name_and_an_address_of_its_own() -> None:
    names = [route.name for route in ROUTES]
    addresses = [(route.method, route.rule) for route in ROUTES]
    assert len(set(names)) == len(names)
    assert len(set(addresses)) == len(addresses)


def test_a_stranger_sees_the_entrance_only() -> None:
    open_to_all = {route.name for route in ROUTES if route.audience is None}
    assert open_to_all == {"entrance", "sign-in", "language", "static"}
    leaving = {"sign-out", "sign-out-all"}
    assert {r.name for r in ROUTES if r.audience is not None and r.action is None} == leaving


def test_every_error_has_its_words() -> None:
    kinds = [
        one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, AbriError)
    ]
    for kind in kinds:
        trouble = next(TROUBLES[one] for one in kind.__mro__ if one in TROUBLES)
        assert trouble.headline
    assert trouble_of(AbriError()).status == 500


def test_everything_that_can_happen_everybody_and_every_right_has_its_words() -> None:
    assert set(HAPPENED) == set(What)
    assert set(KINDS) == set(Kind)
    assert set(sharing.RIGHTS) == set(Right)
    assert set(HOME) == set(Role)
    assert set(accompanying.STATES) == set(RequestState)


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ("/documents/a%20b", "/documents/a%20b"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\\b", "/"),
        ("\t/a", "/"),
        ("/\t/evil", "/"),
        ("", "/"),
        ("documents", "/"),
        ("/é", "/"),
    ],
)
def test_only_pages_of_ours_come_next(target: str, where: str) -> None:
    assert local(target) == where
