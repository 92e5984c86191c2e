"""`{urn:x-abri:properties}category` over HTTP, and `abri vault category` beside it."""

import pytest
from lxml import etree

from tests.support.dav import Drive, multistatus
from tests.support.instance import Instance, Server

CATEGORY = "{urn:x-abri:properties}category"
SEEN = "/Amina Benali/Logement/bail.txt"
BAIL = "/Logement/bail.txt"


@pytest.fixture(scope="module")
def instance(served: Server) -> Instance:
    instance = served.instance
    amina = instance.drive("amina")
    assert amina.mkcol("/Logement").status == 201
    assert amina.put(BAIL, b"bail").status == 201
    instance.grant("amina", "karim", "/Logement", "write")
    return instance


def shown(drive: Drive, path: str) -> str | None:
    (one,) = multistatus(drive.propfind(path, "0", CATEGORY))
    return one.text(CATEGORY)


def stats(body: bytes) -> dict[str, etree._Element]:
    root = etree.fromstring(body)
    return {
        one.findtext("{DAV:}status", "").partition(" ")[2]: one
        for one in root.iter("{DAV:}propstat")
    }


def test_everybody_who_sees_a_thing_reads_what_it_is_about(instance: Instance):
    amina, karim = instance.drive("amina"), instance.drive("karim")
    assert (shown(amina, BAIL), shown(karim, SEEN)) == ("unclassified", "unclassified")
    assert amina.proppatch("/Logement", CATEGORY, "housing").status == 207
    assert (shown(amina, BAIL), shown(karim, SEEN)) == ("housing", "housing")
    assert shown(karim, "/Amina Benali") is None
    assert b"category" not in amina.ask("PROPFIND", BAIL, {"Depth": "0"}).body


def test_its_owner_sets_and_removes_it(instance: Instance):
    amina = instance.drive("amina")
    for value, after in (
        ("work", "work"),
        ("", "housing"),
        ("income", "income"),
        (None, "housing"),
    ):
        amina.proppatch("/Logement", CATEGORY, "housing")
        assert set(stats(amina.proppatch(BAIL, CATEGORY, value).body)) == {"200 OK"}
        assert shown(amina, BAIL) == after
    wrong = stats(amina.proppatch(BAIL, CATEGORY, "gossip").body)
    assert set(wrong) == {"409 Conflict"}
    assert shown(amina, BAIL) == "housing"


def test_for_others_it_is_a_protected_property_and_the_refusal_is_recorded(instance: Instance):
    karim = instance.drive("karim")
    before = shown(karim, SEEN)
    body = (
        '<D:propertyupdate xmlns:D="DAV:" xmlns:x="urn:x"><D:set><D:prop><x:a>1</x:a>'
        '<category xmlns="urn:x-abri:properties">health</category></D:prop></D:set>'
        "</D:propertyupdate>"
    )
    found = stats(karim.ask("PROPPATCH", SEEN, {"Content-Type": "text/xml"}, body.encode()).body)
    assert set(found) == {"403 Forbidden", "424 Failed Dependency"}
    error = found["403 Forbidden"].find("{DAV:}error")
    assert error is not None
    assert error.find("{DAV:}cannot-modify-protected-property") is not None
    assert error.findtext("{urn:x-abri:reason}reason") == "owner-only"
    assert shown(karim, SEEN) == before
    last = instance.json("trail", "show", "amina", "--limit", "1")[-1]
    assert (last["what"], last["reason"], last["who"]) == ("refused", "owner-only", "karim")


def test_what_is_hidden_has_no_category_to_be_refused(instance: Instance):
    karim = instance.drive("karim")
    for value in ("health", "gossip", None):
        hidden = karim.proppatch("/Amina Benali/Logement/none.txt", CATEGORY, value)
        assert hidden.status == 404


def test_the_command_shows_and_sets_it(instance: Instance):
    assert instance.drive("amina").proppatch("/Logement", CATEGORY, "housing").status == 207
    words = ("vault", "category", "amina", BAIL)
    assert instance.abri(*words, "family") == "family\n"
    assert instance.abri(*words) == "family\n"
    assert instance.json(*words) == {"path": BAIL, "category": "family", "own": "family"}
    assert instance.abri(*words, "inherit") == "housing (inherited)\n"
    assert instance.json(*words)["own"] is None
    last = instance.json("trail", "show", "amina", "--limit", "1")[-1]
    assert (last["what"], last["details"]["before"], last["details"]["after"]) == (
        "category",
        "family",
        "housing",
    )
    assert last["details"]["operator"]
    for wrong, code in (
        ((*words, "gossip"), 2),
        (("vault", "category", "amina", "/Rien"), 4),
        (("vault", "category", "nobody", "/x"), 4),
        (("vault", "category", "karim", SEEN, "work"), 5),
    ):
        assert instance.run(*wrong).returncode == code, wrong
