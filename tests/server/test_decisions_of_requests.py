"""The decision log of a running server: what each request was answered, counted, without a name."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.dav import Drive
from tests.support.instance import Instance, Server, serving
from tests.support.serving import eventually

pytestmark = pytest.mark.server

MANY = 30
Line = dict[str, Any]


class Log:
    """The lines of the log, as a reader of the files meets them."""

    def __init__(self, instance: Instance) -> None:
        self.folder = instance.folder / "decisions"

    def lines(self) -> list[Line]:
        files = sorted(self.folder.glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def of(self, request: str | None) -> list[Line]:
        return [line for line in self.lines() if line["request"] == request]


def told(line: Line) -> tuple[str, str, str, str, int]:
    why = line.get("reason") or line["rule"]
    return line["action"], line["category"], line["decision"], why, line["count"]


@pytest.fixture
def shared(instance: Instance) -> Instance:
    """Jeanne's housing papers, for karim to read by name."""
    instance.add_person("jeanne", "beneficiary", "Jeanne Moreau", template="fr")
    instance.grant("jeanne", "karim", "/Logement", "read")
    return instance


def test_each_request_leaves_what_it_was_answered(shared: Instance) -> None:
    log = Log(shared)
    log.folder.write_text("a file stands here")
    with serving(shared, workers=2) as server:
        jeanne, karim = shared.drive("jeanne"), shared.drive("karim")
        _while_the_folder_is_no_folder(log, server, jeanne)
        for n in range(MANY):
            assert jeanne.mkcol(f"/Logement/dossier-{n}").status == 201
        assert jeanne.put("/Logement/note.txt", b"x" * 100_000).status == 201
        place = f"{next(iter(karim.names('/')))}/Logement"
        _reads(log, karim, f"/{place}")
        _refusals(log, karim, f"/{place}")
        _from_many_at_once(log, shared, f"/{place}")
        _no_names(log)


def _reads(log: Log, karim: Drive, place: str) -> None:
    listing = karim.propfind(place)
    lines = log.of(listing.header("X-Request-Id"))
    # 30 folders, the file, and the folder itself.
    assert [told(one) for one in lines] == [("list", "housing", "allow", "named-consult", MANY + 2)]
    (line,) = lines
    assert len(line["grant"]) == len(line["structure_id"]) == 32
    assert (line["generation"], len(line["policy"])) == (1, 12)
    assert line["time_zone"] == "Europe/Paris"
    assert (line["role"], line["relation"]) == ("professional", "grantee")
    read = karim.get(f"{place}/note.txt")
    assert read.status == 200
    assert [told(one) for one in log.of(read.header("X-Request-Id"))] == [
        ("get", "housing", "allow", "named-consult", 1),
    ]
    root = karim.propfind("/")
    assert [told(one) for one in log.of(root.header("X-Request-Id"))] == [
        ("list", "housing", "allow", "named-consult", 1)
    ]


def _refusals(log: Log, karim: Drive, place: str) -> None:
    refused = karim.put(f"{place}/note.txt", b"mine")
    assert refused.status == 403
    (line,) = (one for one in log.of(refused.header("X-Request-Id")) if one["action"] == "put")
    assert told(line) == ("put", "housing", "refuse", "read-only", 1)
    assert line["rule"] == "invariant/read-only-grant"
    absent = karim.get(f"{place}/nothing.txt")
    assert absent.status == 404
    assert [told(one)[:3] for one in log.of(absent.header("X-Request-Id"))] == [
        ("list", "housing", "allow")
    ]
    stranger = karim.get("/Nobody/nothing.txt")
    assert [told(one) for one in log.of(stranger.header("X-Request-Id"))] == [
        ("list", "unclassified", "refuse", "no-grant", 1)
    ]


def _from_many_at_once(log: Log, instance: Instance, place: str) -> None:
    """Both workers write to one file."""

    def ask(_: int) -> list[str | None]:
        drive = instance.drive("karim")
        answers = [drive.propfind(place) for _ in range(5)]
        drive.caller.close()
        return [one.header("X-Request-Id") for one in answers]

    with ThreadPoolExecutor(4) as several:
        requests = [one for some in several.map(ask, range(4)) for one in some]
    counts = Counter(one["request"] for one in log.lines() if one["count"] == MANY + 2)
    assert {counts[one] for one in requests} == {1}


def _no_names(log: Log) -> None:
    text = "".join(file.read_text() for file in log.folder.iterdir()).lower()
    for word in (
        "jeanne",
        "moreau",
        "karim",
        "logement",
        "dossier",
        "note",
        "nobody",
        "127.0.0.1",
        "ccas-",
    ):
        assert word not in text, word


def _while_the_folder_is_no_folder(log: Log, server: Server, jeanne: Drive) -> None:
    waiting = [jeanne.propfind("/Logement", "0") for _ in range(20)]
    assert {one.status for one in waiting} == {207}
    assert 1 <= server.log_text().count("decisions-not-written") <= 2, "once for each worker"
    log.folder.unlink()

    def all_there() -> bool:
        assert jeanne.propfind("/Logement", "0").status == 207
        there = {one["request"] for one in log.lines()}
        return all(one.header("X-Request-Id") in there for one in waiting)

    assert eventually(all_there), "nothing was lost"
