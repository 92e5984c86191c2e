"""Where somebody is decides what they may: as the server sees it, or a listed proxy says it. And
whoever is refused by circumstances hears which others would do.
"""

import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from tests.support.cast import EITHER, Casts
from tests.support.instance import Instance, serving

pytestmark = pytest.mark.server

PROXY, NEIGHBOUR, ELSEWHERE = "127.0.0.1", "127.0.0.2", "127.0.0.3"
"""Three addresses of this machine. The first two are in the office's network, one is a proxy."""

NETWORKS = b"""
127.0.0.1/32, office
127.0.0.2/32, office
198.51.100.0/24, office
2001:db8:12::/48, office
203.0.113.66/32, blocked
"""
RULES = """
p, office-only, deny,  professional, *,       use,  *,         *, internet, *,   *
p, named-see,   allow, professional, grantee, list, *,         *, *,        *,   *
p, named-open,  allow, professional, grantee, get,  ordinary,  *, *,        *,   *
p, named-vpn,   allow, professional, grantee, get,  sensitive, *, vpn,      mfa, *
p, work-later,  deny,  professional, *,       use,  work,      *, *,        *,   closed
"""
PARIS = ZoneInfo("Europe/Paris")
OFFICE, INTERNET, BLOCKED = "198.51.100.7", "192.0.2.9", "203.0.113.66"


@pytest.fixture(scope="module", params=EITHER)
def office(
    casts: Casts, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Instance]:
    """Professionals open documents in the office only, those of work not before the day after
    tomorrow, sensitive ones by VPN and with a second factor. The proxy stands in the office too.
    """
    folder = tmp_path_factory.mktemp("zones") / "abri"
    with casts.copy(request.param, folder) as instance:
        instance.set("listen.proxies", f"[{PROXY}, 10.0.0.0/8]")
        policies = folder / "policies"
        # The shipped cases expect the shipped rules.
        shutil.rmtree(policies / "tests")
        (policies / "networks.csv").write_bytes(NETWORKS)
        (policies / "calendars.csv").write_text(f"later, {_later():%a}, 08:00, 19:00\n".lower())
        kept = [
            line
            for line in (policies / "rules.csv").read_text().splitlines()
            if not line.startswith("p, named-consult,")
        ]
        (policies / "rules.csv").write_text("\n".join(kept) + RULES)
        with serving(instance):
            amina = instance.drive("amina")
            for name, category in (("avis", "income"), ("contrat", "work"), ("sante", "health")):
                assert amina.put(f"/{name}.pdf", b"a paper").status == 201
                amina.proppatch(f"/{name}.pdf", "{urn:x-abri:properties}category", category)
                instance.grant("amina", "karim", f"/{name}.pdf", "read")
            yield instance


@cache
def _later() -> datetime:
    """The day after tomorrow, at eight in the morning where the structure is."""
    day = datetime.now(PARIS) + timedelta(days=2)
    return day.replace(hour=8, minute=0)


def ask(office: Instance, source: str, *headers: tuple[str, str]) -> str:
    """What karim hears when he opens the document: `200`, or the status and the reason."""
    with office.caller("karim", source=source) as karim:
        answer = karim.ask("GET", "/dav/Amina%20Benali/avis.pdf", headers)
    reason = re.search(r"<abri:reason>(.*)</abri:reason>", answer.text())
    return f"{answer.status} {reason[1]}" if reason else str(answer.status)


FRENCH_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
FRENCH_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août"),
    *("septembre", "octobre", "novembre", "décembre"),
)
REFUSED = "403 network"
AS_SAID = [
    ((), "200"),
    ((("X-Forwarded-For", OFFICE),), "200"),
    ((("X-Forwarded-For", INTERNET),), REFUSED),
    ((("X-Forwarded-For", BLOCKED),), REFUSED),
    ((("X-Forwarded-For", f"::ffff:{OFFICE}"),), "200"),
    ((("X-Forwarded-For", f"{OFFICE}, {INTERNET}"),), REFUSED),
    ((("X-Forwarded-For", f"{INTERNET}, {OFFICE}, 10.0.0.1"),), "200"),
    ((("X-Forwarded-For", OFFICE), ("X-Forwarded-For", INTERNET)), REFUSED),
    ((("X-Forwarded-For", INTERNET), ("X-Forwarded-For", OFFICE)), "200"),
    ((("X-Forwarded-For", "nonsense"),), REFUSED),
    ((("X-Forwarded-For", ""),), REFUSED),
    ((("Forwarded", f"for={OFFICE};proto=https"),), "200"),
    ((("Forwarded", f"for={INTERNET};proto=https"),), REFUSED),
    ((("Forwarded", 'for="[2001:db8:12::7]:4711"'),), "200"),
    ((("Forwarded", f'for="[::ffff:{INTERNET}]:1"'),), REFUSED),
    ((("Forwarded", f"for={OFFICE}"), ("Forwarded", f"for={INTERNET}")), REFUSED),
    ((("Forwarded", f"for={INTERNET}"), ("Forwarded", f"for={OFFICE}, for=10.0.0.1")), "200"),
    ((("Forwarded", "for=_hidden"),), REFUSED),
    ((("Forwarded", "for=unknown"),), REFUSED),
    ((("Forwarded", f"for={OFFICE}"), ("X-Forwarded-For", OFFICE)), "200"),
    ((("Forwarded", f"for={OFFICE}"), ("X-Forwarded-For", INTERNET)), REFUSED),
    ((("Forwarded", f"for={INTERNET}"), ("X-Forwarded-For", OFFICE)), REFUSED),
]


@pytest.mark.parametrize(("headers", "heard"), AS_SAID)
def test_a_listed_proxy_decides_for_its_client(office: Instance, headers, heard: str) -> None:
    assert ask(office, PROXY, *headers) == heard


def test_from_anybody_else_the_header_fields_change_nothing(office: Instance) -> None:
    for headers, _ in AS_SAID:
        assert ask(office, NEIGHBOUR, *headers) == "200"
        assert ask(office, ELSEWHERE, *headers) == REFUSED


def test_what_nobody_is_let_into_is_not_listed_either(office: Instance) -> None:
    with office.caller("karim", source=PROXY) as karim:
        asked = {"Depth": "1", "X-Forwarded-For": "unknown"}
        assert karim.ask("PROPFIND", "/dav/", asked).status == 403
        asked["X-Forwarded-For"] = INTERNET
        assert "avis.pdf" not in karim.ask("PROPFIND", "/dav/", asked).text()
        assert "avis.pdf" in karim.ask("PROPFIND", "/dav/Amina%20Benali/", asked).text()


def sentence(office: Instance, name: str, language: str) -> str:
    with office.caller("karim", source=NEIGHBOUR) as karim:
        asked = {"Accept-Language": language, "Accept": "text/plain"}
        return karim.ask("GET", f"/dav/Amina%20Benali/{name}.pdf", asked).text()


def test_the_next_opening_is_told(office: Instance) -> None:
    at = _later()
    number = "1er" if at.day == 1 else at.day
    french = f"{FRENCH_DAYS[at.weekday()]} {number} {FRENCH_MONTHS[at.month - 1]} {at.year}"
    assert sentence(office, "contrat", "fr") == (
        f"Ce n'est pas permis à cette heure : réessayez à partir du {french} à 08:00. "
        "[outside-hours]\n"
    )
    assert sentence(office, "contrat", "en") == (
        "This is not allowed at this hour: try again from "
        f"{at:%A} {at.day} {at:%B %Y} at 08:00 on. [outside-hours]\n"
    )


def test_everything_that_would_help_is_told_at_once(office: Instance) -> None:
    assert sentence(office, "sante", "fr") == (
        "Votre connexion n'est pas assez forte pour cela : connectez-vous avec un second facteur "
        "et passez par le VPN de votre structure. [auth-too-weak]\n"
    )
    assert sentence(office, "sante", "en") == (
        "Your sign-in is not strong enough for this: sign in with a second factor and use the VPN "
        "of your organisation. [auth-too-weak]\n"
    )
