"""Client certificates on a running server: in TLS, by a listed proxy, and what the policy makes of
them. Only whoever has shown one may open a sensitive document here.
"""

import base64
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest

from davserver.gate.people.people import CertificateToAdd
from tests.support.cards import DAY, Card, Issuer, new_key
from tests.support.cast import CCAS, EITHER, Casts
from tests.support.http import Answer, Caller, basic
from tests.support.instance import Instance, Server, serving

pytestmark = pytest.mark.server

HERE, PROXY, NEIGHBOUR = "127.0.0.1", "127.0.0.2", "127.0.0.3"
HEADER = "X-Client-Cert"
RULES = """
p, named-see,   allow, professional, grantee, list, *,         *, *, *,    *
p, named-open,  allow, professional, grantee, get,  ordinary,  *, *, *,    *
p, named-card,  allow, professional, grantee, get,  sensitive, *, *, cert, *
"""
PLAIN, HEALTH = "/dav/Amina%20Benali/avis.pdf", "/dav/Amina%20Benali/sante.pdf"
_OWN = {"date", "x-request-id"}
_numbers = count()
RCLONE = str(Path(sys.executable).with_name("rclone"))


@dataclass
class Counter:
    """Where cards are accepted: a running server with two workers, and who signs cards."""

    instance: Instance
    server: Server
    issuer: Issuer
    folder: Path
    ids: dict[bytes, str] = field(default_factory=dict)

    def card(self, login: str, **more: object) -> Card:
        """A new card, registered for that person."""
        card = self.issuer.card(f"Card of {login}", **more)  # type: ignore[arg-type]
        self.register(login, card)
        return card

    def register(self, login: str, card: Card) -> None:
        with self.instance.opened() as to:
            now = to.clock()
            who = to.people.operator("tests", now)
            made = to.people.add_certificate(who, login, card.pem, now, CertificateToAdd())
        self.ids[card.der] = made.hex()

    def revoke(self, card: Card) -> None:
        self.instance.abri("client-certificate", "revoke", self.ids[card.der])

    def somebody(self) -> str:
        """A professional whom no other test knows, with a grant to both documents."""
        login = f"agent-{next(_numbers)}"
        self.instance.add_person(login, "professional", "Agent", CCAS)
        for name in ("avis", "sante"):
            self.instance.grant("amina", login, f"/{name}.pdf", "read")
        return login

    def caller(
        self, card: Card | None = None, login: str | None = None, source: str = HERE
    ) -> Caller:
        """`login`: with their right password beside the card."""
        files = card.written(self.folder, f"card-{next(_numbers)}") if card else None
        secret = self.instance.passwords[login] if login else ""
        return Caller(self.instance.port, login, secret, tls=True, source=source, card=files)

    def ask(
        self,
        path: str,
        card: Card | None = None,
        login: str | None = None,
        *,
        source: str = HERE,
        headers: dict[str, str] | None = None,
    ) -> str:
        """The status, and the reason if there is one."""
        with self.caller(card, login, source) as caller:
            return heard(caller.ask("GET", path, headers or {}))


def heard(answer: Answer) -> str:
    reason = re.search(r"<abri:reason>(.*)</abri:reason>", answer.text())
    return f"{answer.status} {reason[1]}" if reason else str(answer.status)


def pem_of(card: Card) -> dict[str, str]:
    """As nginx writes it."""
    return {HEADER: quote(card.pem.decode(), safe="")}


def der_of(card: Card) -> dict[str, str]:
    """As RFC 9440 has it."""
    return {HEADER: f":{base64.b64encode(card.der).decode()}:"}


@pytest.fixture(scope="module", params=EITHER)
def counter(
    casts: Casts, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Counter]:
    folder = tmp_path_factory.mktemp("cards")
    issuer = Issuer()
    with casts.copy(request.param, folder / "abri", tls=True) as instance:
        instance.set("listen.client_ca", str(issuer.file(folder)))
        instance.set("listen.proxies", f"[{PROXY}]")
        instance.set("listen.certificate_header", HEADER)
        policies = instance.folder / "policies"
        # The shipped cases expect the shipped rules.
        shutil.rmtree(policies / "tests")
        rules = (policies / "rules.csv").read_text().splitlines()
        kept = [line for line in rules if not line.startswith("p, named-consult,")]
        (policies / "rules.csv").write_text("\n".join(kept) + RULES)
        with serving(instance, workers=2) as server:
            amina = instance.drive("amina")
            for name, category in (("avis", "income"), ("sante", "health")):
                assert amina.put(f"/{name}.pdf", b"a paper").status == 201
                amina.proppatch(f"/{name}.pdf", "{urn:x-abri:properties}category", category)
            yield Counter(instance, server, issuer, folder)


def test_only_whoever_shows_a_card_opens_what_the_policy_keeps_for_it(counter):
    login = counter.somebody()
    card = counter.card(login)
    assert counter.ask(HEALTH, login=login) == "403 auth-too-weak"
    assert counter.ask(PLAIN, login=login) == "200"
    for beside in (None, login):
        assert counter.ask(HEALTH, card, beside) == "200"
        assert counter.ask(PLAIN, card, beside) == "200"
        assert counter.ask("/dav/Amina%20Benali/absent.pdf", card, beside) == "404"
    made = counter.instance.json("app-password", "add", login, "--name", "Téléphone")
    device = {"Authorization": basic(login, made["secret"])}
    assert counter.ask(HEALTH, headers=device) == "403 auth-too-weak"
    assert counter.ask(HEALTH, card, headers=device) == "200"


def test_listings_are_the_same_with_and_without_a_card(counter):
    login = counter.somebody()
    card = counter.card(login)
    listings = set()
    for shown in (None, card):
        with counter.caller(shown, login) as caller:
            answer = caller.ask("PROPFIND", "/dav/Amina%20Benali/", {"Depth": "1"})
        listings.add((answer.status, tuple(re.findall("<D:(?:href|getetag)>.*?<", answer.text()))))
    ((status, names),) = listings
    assert status == 207
    assert len(names) == 6


def test_curl_with_a_card_needs_no_password(counter):
    login = counter.somebody()
    certificate, key = counter.card(login).written(counter.folder, "curl")
    other, others = Issuer("another").card().written(counter.folder, "other")
    found = [
        subprocess.run(
            ["curl", "-sS", "--cacert", counter.instance.folder / "keys/tls.crt",
             "--cert", first, "--key", second, "-o", "/dev/null", "-w", "%{http_code}",
             f"https://localhost:{counter.instance.port}{HEALTH}"],
            capture_output=True, text=True, timeout=60, check=False,
        )
        for first, second in ((certificate, key), (other, others))
    ]  # fmt: skip
    assert (found[0].returncode, found[0].stdout) == (0, "200")
    # 35, 55 or 56: the handshake, or what follows it, ended.
    assert (found[1].returncode in {35, 55, 56}, found[1].stdout) == (True, "000")


def test_rclone_with_a_card_needs_no_password(counter):
    login = counter.somebody()
    certificate, key = counter.card(login).written(counter.folder, "rclone")
    address = f"https://localhost:{counter.instance.port}/dav/Amina%20Benali/"
    listed = subprocess.run(
        [RCLONE, "--config", "/dev/null", "--ca-cert", counter.instance.folder / "keys/tls.crt",
         "--client-cert", certificate, "--client-key", key, "--webdav-url", address,
         "cat", ":webdav:sante.pdf"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (listed.stdout, listed.returncode) == ("a paper", 0), listed.stderr


def test_a_listed_proxy_shows_its_clients_card_and_nobody_else_does(counter):
    login = counter.somebody()
    card = counter.card(login)
    for headers in (pem_of(card), der_of(card)):
        assert counter.ask(HEALTH, source=PROXY, headers=headers) == "200"
        assert counter.ask(HEALTH, login=login, source=PROXY, headers=headers) == "200"
        for source in (HERE, NEIGHBOUR):
            assert counter.ask(HEALTH, source=source, headers=headers) == "401"
            kept = counter.ask(HEALTH, login=login, source=source, headers=headers)
            assert kept == "403 auth-too-weak"
    # The proxy's own card is not its client's.
    assert counter.ask(HEALTH, card, source=PROXY) == "401"


GARBAGE = [
    "",
    "(null)",
    "x",
    ":AA:",
    "::",
    "%2D%2D",
    "é",
    "-----BEGIN CERTIFICATE-----",
    "A" * 9000,
]


def test_what_a_proxy_garbles_is_no_card(counter):
    with (
        counter.caller(source=PROXY) as nobody,
        counter.caller(login="karim", source=PROXY) as karim,
    ):
        for value in GARBAGE:
            assert nobody.ask("GET", PLAIN, {HEADER: value}).status == 401, value
            answer = karim.ask("PROPFIND", "/dav/", {HEADER: value, "Depth": "0"})
            assert answer.status == 207, value


def test_two_cards_in_one_request_are_none(counter):
    cards = [counter.card(counter.somebody()) for _ in range(2)]
    with counter.caller(source=PROXY) as caller:
        pairs = [pair for card in cards for pair in der_of(card).items()]
        assert caller.ask("GET", HEALTH, pairs).status == 401


def test_whoever_is_not_let_in_gets_one_and_the_same_answer(counter):
    blocked, revoked, other = (counter.somebody() for _ in range(3))
    cards = {login: counter.card(login) for login in (blocked, revoked, other)}
    counter.instance.abri("person", "disable", blocked)
    counter.revoke(cards[revoked])
    over, coming = (counter.issuer.card(life=life) for life in ((-2 * DAY, -DAY), (DAY, 2 * DAY)))
    counter.register(other, coming)
    tries = [
        (None, "", {}),
        (None, "", pem_of(counter.issuer.card())),
        (None, "", pem_of(cards[blocked])),
        (None, "", pem_of(cards[revoked])),
        (None, "", pem_of(over)),
        (None, "", pem_of(coming)),
        (revoked, "not the password", pem_of(cards[revoked])),
        (blocked, counter.instance.passwords[blocked], pem_of(cards[blocked])),
        (revoked, counter.instance.passwords[revoked], pem_of(cards[other])),
        (other, "not the password", pem_of(cards[other])),
        ("nobody", "x", pem_of(cards[other])),
        (None, "", pem_of(cards[other]) | {"Authorization": "Bearer x"}),
        (None, "", pem_of(cards[other]) | {"Authorization": ""}),
    ]
    answers = set()
    for login, secret, headers in tries:
        with Caller(counter.instance.port, login, secret, tls=True, source=PROXY) as caller:
            answer = caller.ask("PROPFIND", "/dav/", {"Depth": "0"} | headers)
        kept = tuple(one for one in answer.headers if one[0].lower() not in _OWN)
        answers.add((answer.status, answer.phrase, kept, answer.body))
    ((status, *_),) = answers
    assert status == 401


def test_a_card_that_was_revoked_is_out_in_every_worker_and_on_open_connections(counter):
    login = counter.somebody()
    card = counter.card(login)
    assert {counter.ask(HEALTH, card) for _ in range(6)} == {"200"}
    with counter.caller(card) as open_one:
        assert open_one.ask("GET", HEALTH).status == 200
        counter.revoke(card)
        assert open_one.ask("GET", HEALTH).status == 401
    assert {counter.ask(HEALTH, card) for _ in range(6)} == {"401"}
    assert counter.ask(HEALTH, card, login) == "403 auth-too-weak"


def test_a_card_renewed_for_the_same_key_goes_on_without_an_operator(counter):
    key, login = new_key(), counter.somebody()
    counter.card(login, key=key)
    renewed = counter.issuer.card("Another name", key=key, life=(-DAY, 365 * DAY))
    assert counter.ask(HEALTH, renewed) == "200"


def test_nothing_of_a_card_reaches_the_log(counter):
    login = counter.somebody()
    card = counter.card(login)
    counter.ask(HEALTH, card)
    counter.ask(HEALTH, source=PROXY, headers=pem_of(card))
    log = counter.server.log_text()
    for secret in (login, "Card of", "BEGIN", card.pem.decode().splitlines()[3]):
        assert secret not in log
