"""`abri policy impact`: what the documentation shows is what it prints."""

import json
import re
import shutil
from pathlib import Path

from davserver.domain.actions import Category
from davserver.domain.conditions import NONE
from davserver.domain.paths import DrivePath
from davserver.wiring.services import Services
from tests.support.drive import Body
from tests.support.instance import Instance

PAGE = Path(__file__).parents[2] / "docs/policy/impact.md"


def block(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return found


def put(to: Services, login: str, path: str, category: Category | None = None) -> None:
    who, place = to.people.operator_for(login, "tests", to.clock()), DrivePath.parse(path)
    to.writing.put(who, place, Body(b"paper"), NONE, to.clock())
    if category is not None:
        to.classifying.set(who, place, category, to.clock())


def test_the_page_shows_what_it_prints(bare: Instance, made: Path, on, tmp_path: Path):
    bare.add_structure("ccas-lyon", "CCAS de Lyon")
    bare.add_person("amina", "beneficiary", "Amina", template="fr")
    for login in ("karim", "zoe"):
        bare.add_person(login, "professional", login.title(), "ccas-lyon")
    bare.grant("amina", "structure:ccas-lyon", "/Logement", "read")
    bare.grant("amina", "zoe", "/Santé", "read")
    with bare.opened() as to:
        put(to, "amina", "/Logement/bail.pdf")
        put(to, "amina", "/Logement/certificat.pdf", Category.HEALTH)
        put(to, "amina", "/Santé/analyse.pdf")
    candidate = Path(shutil.copytree(made / "policies", tmp_path / "candidate"))
    for same in (candidate, "active", "1"):
        assert on("policy", "impact", same).out == "Nothing would change for anybody here.\n"
    for line in block("csv").splitlines():
        name = "rules.csv" if line.startswith("p,") else "calendars.csv"
        with (candidate / name).open("a") as file:
            file.write(line + "\n")
    command, _, printed = block("console").partition("\n")
    assert command == "$ abri policy impact candidate --names"
    shown = on("policy", "impact", candidate, "--names")
    assert (shown.code, shown.out) == (7, printed)
    hidden = json.loads(on("policy", "impact", candidate, "--json").out)
    assert not re.search("amina|karim|zoe|Logement|bail", json.dumps(hidden))
    first = hidden["lines"][0]
    assert all(re.fullmatch(r"p-[a-z2-7]{10}", one) for one in first["named"])
    assert all(re.fullmatch(r"v-[a-z2-7]{10}", one) for one in first["owners"])
    assert (first["people"], first["documents"], first["categories"]) == (2, 1, {"health": 1})
