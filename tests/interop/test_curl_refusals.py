"""What somebody reads who is refused: with curl, in their own language or their program's."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from lxml import etree

from davserver.dav.errors import MESSAGE_NAMESPACE, REASON_NAMESPACE
from davserver.dav.french import said
from davserver.domain.advice import advice
from davserver.domain.errors import Reason
from davserver.domain.languages import LANGUAGES
from davserver.domain.people import Role
from davserver.gate.people.people import PersonToAdd
from tests.support.cast import CCAS
from tests.support.instance import Instance, Server, password_of
from tests.support.outside import Outside, program, trusting
from tests.support.rclone import Rclone

pytestmark = pytest.mark.interop

IN = {"fr": ["-H", "Accept-Language: fr-FR,fr;q=0.9"], "en": ["-H", "Accept-Language: en"]}
THERE = "/Amina%20Benali"
SIGN_IN = "Sign in with your name and password; after several mistakes, wait five minutes."
ABSENT, HIDDEN = "/refus/absent.txt", "/refus/sante.txt"


@dataclass(frozen=True)
class Told:
    """An answer as curl prints it: its head in lower case, and its body."""

    status: int
    head: str
    body: str

    @property
    def message(self) -> str | None:
        return etree.fromstring(self.body.encode()).findtext(f"{{{MESSAGE_NAMESPACE}}}message")

    @property
    def reason(self) -> str | None:
        return etree.fromstring(self.body.encode()).findtext(f"{{{REASON_NAMESPACE}}}reason")


Curl = Callable[..., Told]


@pytest.fixture(scope="module")
def refused(drive: Server) -> Instance:
    """Amina's folder is shared with karim to read, one of her documents is locked; her health
    documents are not for his team. eve works there too, and speaks English.
    """
    instance = drive.instance
    amina = instance.drive("amina")
    amina.mkcol("/refus")
    amina.proppatch("/refus", "{urn:x-abri:properties}category", "housing")
    amina.mkcol("/refus/dossier")
    for name in ("bail.txt", "verrou.txt", "sante.txt"):
        amina.put(f"/refus/{name}", b"0123456789")
    amina.proppatch("/refus/sante.txt", "{urn:x-abri:properties}category", "health")
    amina.lock("/refus/verrou.txt")
    with instance.opened() as to:
        now = to.clock()
        eve = PersonToAdd(
            "eve", Role.PROFESSIONAL, "Eve Martin", (CCAS,), "none", password_of("eve"), "en"
        )
        to.people.add_person(to.people.operator("tests", now), eve, now)
    instance.passwords["eve"] = password_of("eve")
    instance.grant("amina", f"structure:{CCAS}", "/refus", "read")
    return instance


@pytest.fixture
def curl(refused: Instance, outside: Outside) -> Curl:
    def ask(login: str | None, path: str, *arguments: str) -> Told:
        who = ["-u", f"{login}:{refused.passwords[login]}"] if login else []
        printed = outside.must(
            program("curl"), "-sS", "-i", "--http1.1", "--cacert",
            str(refused.folder / "keys/tls.crt"), *who, *arguments, f"{refused.url}/dav{path}",
        )  # fmt: skip
        *_, head, body = re.split(r"\r?\n\r?\n", printed, maxsplit=printed.count("HTTP/1.1 "))
        return Told(int(head.split()[1]), head.lower(), body)

    return ask


PUT = ["-X", "PUT", "--data-binary", "x"]
SAID = [
    # what is asked, by whom, where; the status, and the reason or the sentence in English
    (PUT, "karim", f"{THERE}/refus/x", 403, Reason.READ_ONLY),
    (["-X", "DELETE"], "karim", f"{THERE}/refus", 403, Reason.GRANT_ROOT),
    (["-X", "MKCOL"], "karim", "/ailleurs", 403, Reason.DRIVE_ROOT),
    (["-X", "GET"], "karim", f"{THERE}/rien", 404, "There is nothing here: check the name."),
    (["-X", "MKCOL"], "amina", "/refus", 405, "The name is taken: choose another."),
    (PUT, "amina", "/refus/dossier", 405, "A folder has that name: choose another."),
    (
        *(PUT, "amina", "/absent/x", 409),
        "The folder that should hold it does not exist: create it first.",
    ),
    (
        *([*PUT, "-H", "If-None-Match: *"], "amina", "/refus/bail.txt", 412),
        "It has changed meanwhile, or the name is taken: reload, then try again.",
    ),
    (
        *(PUT, "amina", "/refus/verrou.txt", 423),
        "Somebody is working on it: try again when they have finished.",
    ),
    (
        *(["-X", "UNLOCK", "-H", "Lock-Token: <urn:x>"], "amina", "/refus/dossier", 409),
        "There is no such lock here: open the document again.",
    ),
    (
        *([*PUT, "-H", f"OC-Checksum: MD5:{'0' * 32}"], "amina", "/refus/y", 400),
        "What arrived is not what was sent: send it again.",
    ),
    (
        *(["-X", "PROPFIND"], "amina", "/", 403),
        "Ask for one folder at a time: send Depth 0 or 1.",
    ),
    (["-X", "COPY"], "amina", "/refus", 400, "COPY and MOVE need a Destination header."),
    (["-X", "BREW"], "amina", "/", 501, "This method is not known."),
    (["-X", "GET"], None, "/refus", 401, SIGN_IN),
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_is_read_in_the_language_that_is_asked_for(curl: Curl, language) -> None:
    for asked, login, path, status, why in SAID:
        told = curl(login, path, *asked, *IN[language])
        refused = isinstance(why, Reason)
        assert (told.status, told.reason) == (status, why.value if refused else None), told
        assert told.message == (advice(why, language) if refused else said(why, language))
        assert f"content-language: {language}" in told.head
        # Two lines, in letters that anybody reads: no entities, no escapes.
        assert f">{told.message}</" in told.body
        assert told.body.count("\n") == 2


def test_a_name_that_cannot_be_is_explained(curl: Curl) -> None:
    long = "/" + "a" * 300
    assert curl("amina", long, "-X", "MKCOL", *IN["fr"]).message == (
        "L'adresse n'est pas valable : un nom compte au plus 255 octets, une lettre accentuée en "
        "comptant deux."
    )
    assert curl("amina", long, "-X", "MKCOL", *IN["en"]).message == (
        "The address is not valid: a name is at most 255 bytes long."
    )


def test_no_room_is_told_before_anything_is_sent(curl: Curl) -> None:
    large = ["-X", "PUT", "-H", "Content-Length: 99999999999", "-H", "Expect: 100-continue"]
    told = curl("amina", "/refus/grand.bin", *large, "--data-binary", "x", *IN["fr"])
    assert told.status == 507
    assert told.message == ("Il n'y a pas assez de place : libérez-en, ou demandez-en davantage.")


def test_without_a_wish_it_is_ones_own_language_and_french_for_strangers(curl: Curl) -> None:
    for login, language in (("karim", "fr"), ("eve", "en"), (None, "fr")):
        for wish in ([], ["-H", "Accept-Language: de, *;q=0.5"]):
            told = curl(login, f"{THERE}/refus/x", *PUT, *wish)
            assert f"content-language: {language}" in told.head, told


def test_plain_text_is_the_sentence_alone(curl: Curl) -> None:
    told = curl("eve", f"{THERE}/refus/x", *PUT, "-H", "Accept: text/plain")
    assert "content-type: text/plain; charset=utf-8" in told.head
    assert told.body == (
        "This was shared with you for reading only: ask the beneficiary to share it for writing. "
        "[read-only]\n"
    )


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("plain", [[], ["-H", "Accept: text/plain"]], ids=["xml", "plain"])
def test_hidden_and_absent_are_the_same_in_every_language(
    curl: Curl, language: str, plain: list[str]
) -> None:
    absent, hidden = (curl("eve", THERE + path, *IN[language], *plain) for path in (ABSENT, HIDDEN))
    assert absent.status == hidden.status == 404
    assert absent.body == hidden.body
    own = re.compile(r"^(date|x-request-id): .*$", re.MULTILINE)
    assert own.sub("", absent.head) == own.sub("", hidden.head)


@pytest.mark.parametrize(
    ("language", "protected", "others"),
    [
        ("fr", "Le serveur tient lui-même", "Rien n'a été modifié, parce qu'une autre"),
        ("en", "The server keeps this", "Nothing was changed, because another"),
    ],
)
def test_each_property_that_could_not_be_changed_has_its_sentence(
    curl: Curl, language: str, protected: str, others: str
) -> None:
    body = (
        '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:getetag>x</D:getetag>'
        '<note xmlns="urn:x">y</note></D:prop></D:set></D:propertyupdate>'
    )
    asked = ["-X", "PROPPATCH", "--data-binary", body]
    told = curl("amina", "/refus/bail.txt", *asked, *IN[language])
    assert told.status == 207
    told_of = {
        stat.findtext("{DAV:}status"): stat.find("{DAV:}responsedescription")
        for stat in etree.fromstring(told.body.encode()).iter("{DAV:}propstat")
    }
    starts = {
        "HTTP/1.1 403 Forbidden": protected,
        "HTTP/1.1 424 Failed Dependency": others,
    }
    assert set(told_of) == set(starts)
    for status, element in told_of.items():
        assert element.text.startswith(starts[status])
        assert element.get("{http://www.w3.org/XML/1998/namespace}lang") == language


READ_ONLY = {
    "fr": "Forbidden (Ce partage ne permet que la lecture : demandez au beneficiaire un partage en "
    "ecriture.)",
    "en": "Forbidden (This was shared with you for reading only: ask the beneficiary to share it "
    "for writing.)",
}


def test_cadaver_shows_the_sentence(refused: Instance, outside: Outside) -> None:
    netrc = outside.home / ".netrc"
    netrc.write_text(f'machine localhost login karim password "{refused.passwords["karim"]}"\n')
    netrc.chmod(0o600)
    said = outside.must(
        *trusting(refused.folder / "keys/tls.crt", program("cadaver")),
        f"{refused.url}/dav{THERE}/refus/", given="mkcol nouveau\nquit\n",
    )  # fmt: skip
    assert f"403 {READ_ONLY['fr']}" in said, said


def test_gnome_files_shows_the_sentence(refused: Instance, outside: Outside) -> None:
    place = f"davs://localhost:{refused.port}/dav"
    script = outside.home / "session.sh"
    script.write_text(
        f"printf '1\nkarim\n%s\n' \"$PASSWORD\" | gio mount {place}/\n"
        f"gio mkdir {place}{THERE}/refus/nouveau\n"
    )
    said = outside.run(
        program("dbus-run-session"), "--", "sh", str(script),
        environment={
            "PASSWORD": refused.passwords["karim"], "GIO_USE_VOLUME_MONITOR": "unix",
        },
    )  # fmt: skip
    assert READ_ONLY["en"] in said.stdout, "it says in which language it shows its windows"


def test_rclone_shows_the_sentence(refused: Instance, drive: Server, outside: Outside) -> None:
    rclone = Rclone(outside, drive, "karim", "Amina Benali/refus")
    (outside.home / "note.txt").write_text("x")
    done = outside.run(
        *rclone.common, "--retries", "1", "copy", str(outside.home / "note.txt"), rclone.remote
    )
    assert done.returncode != 0
    assert "demandez au bénéficiaire un partage en écriture.: 403 Forbidden" in done.stdout
