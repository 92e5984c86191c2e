"""What somebody put into others' vaults and may take back: the list says what the act does."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from davserver.domain.actions import Right
from davserver.domain.errors import NotFound, Reason, Refused
from davserver.domain.ids import NodeId, PersonId
from davserver.gate.recovery.recallable import PutIn
from davserver.vault import deposited
from tests.support.accounts import statements_of
from tests.support.drive import Drive
from tests.support.safekeeping import Safekeeping

pytestmark = pytest.mark.slow

HERE = "/Name of amina/Logement"
SCAN = f"{HERE}/scan.pdf"


@dataclass
class Scene:
    """karim and lea may write in amina's /Logement, zoe may put documents in."""

    world: Safekeeping

    def __post_init__(self) -> None:
        world = self.world
        self.ccas = world.structure("ccas")
        self.amina = world.beneficiary("amina", "fr")
        self.karim = world.professional("karim", self.ccas)
        self.lea, self.zoe = world.professional("lea"), world.professional("zoe")
        self.grant = world.share(self.amina, self.karim, "/Logement")
        world.share(self.amina, self.lea, "/Logement")
        world.share(self.amina, self.zoe, "/Logement", Right.DEPOSIT)

    def seen(self, by: Drive | None = None) -> list[PutIn]:
        drive = by or self.karim
        return self.world.nets.put_in(drive.who, self.world.clock())

    def told(self, by: Drive | None = None) -> dict[str, str]:
        """By path, why not; nothing where it may be taken back."""
        return {str(one.path): one.why_not.value if one.why_not else "" for one in self.seen(by)}

    def acts(self, node: NodeId, by: Drive | None = None) -> str:
        """What comes of taking it back."""
        try:
            self.world.nets.recall_node((by or self.karim).who, node)
        except Refused as refused:
            return refused.reason.value
        return ""


@pytest.fixture
def scene(world: Safekeeping) -> Scene:
    return Scene(world)


def test_it_says_where_it_is_and_until_when(scene: Scene) -> None:
    made = scene.world.clock()
    scene.karim.mkcol(f"{HERE}/Reçus")
    scene.karim.put(f"{HERE}/Reçus/scan.pdf", b"0123456789")
    (one,) = scene.seen()
    assert (str(one.path), one.size, one.made) == (f"{HERE}/Reçus/scan.pdf", 10, made)
    assert one.until == made + scene.world.tools.limits.recall
    assert (one.why_not, one.removed) == (None, False)
    assert scene.seen(scene.lea) == scene.seen(scene.amina) == []
    scene.world.clock.passes(minutes=1)
    scene.karim.put(SCAN, b"later")
    assert [str(one.path) for one in scene.seen()] == [SCAN, f"{HERE}/Reçus/scan.pdf"]


def opened(scene: Scene) -> None:
    scene.amina.get("/Logement/scan.pdf")


def opened_and_closed(scene: Scene) -> None:
    scene.lea.get(SCAN)
    scene.world.clock.passes(minutes=11)
    scene.world.sweep()


def folder_copied(scene: Scene) -> None:
    scene.amina.copy("/Logement", "/Travail/kept")


def written_by_another(scene: Scene) -> None:
    scene.lea.put(SCAN, b"lea's version")
    scene.karim.put(SCAN, b"karim's again")


def removed(scene: Scene) -> None:
    scene.karim.delete(SCAN)


def read_by_themselves(scene: Scene) -> None:
    scene.karim.get(SCAN)


def renamed(scene: Scene) -> None:
    scene.karim.move(SCAN, f"{HERE}/other.pdf")


def nothing(scene: Scene) -> None:
    pass


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (nothing, None),
        (opened, Reason.OPENED_BY_OTHERS),
        (opened_and_closed, Reason.OPENED_BY_OTHERS),
        (folder_copied, Reason.OPENED_BY_OTHERS),
        (written_by_another, Reason.NOT_YOURS),
        (removed, None),
        (read_by_themselves, None),
        (renamed, None),
    ],
)
def test_the_list_and_the_act_say_the_same(
    scene: Scene, happens: Callable[[Scene], None], reason: Reason | None
) -> None:
    world = scene.world
    if happens is not folder_copied:
        scene.amina.copy("/Logement", "/Travail/before")
    world.clock.passes(minutes=1)
    scene.karim.put(SCAN, b"misfiled")
    happens(scene)
    (one,) = scene.seen()
    assert one.why_not is reason
    assert one.removed is (happens is removed)
    assert world.nets.put_in_one(scene.karim.who, one.node, world.clock()) == one
    assert scene.acts(one.node) == (reason.value if reason else "")
    assert len(scene.seen()) == (1 if reason else 0)
    assert world.troubles() == []


def test_a_grants_root_stays_where_it_is(scene: Scene) -> None:
    scene.karim.put(SCAN, b"x")
    scene.world.share(scene.amina, scene.karim, "/Logement/scan.pdf")
    scene.world.sharing.end(scene.amina.who, scene.grant.id, scene.world.clock())
    (one,) = scene.seen()
    assert (str(one.path), one.why_not) == ("/Name of amina/scan.pdf", Reason.GRANT_ROOT)
    assert scene.acts(one.node) == "grant-root"


def test_after_the_window_it_is_not_listed_and_too_late(scene: Scene) -> None:
    scene.karim.put(SCAN, b"x")
    (one,) = scene.seen()
    scene.world.clock.now = one.until
    assert scene.seen() == []
    assert scene.acts(one.node) == "too-late"


def test_what_the_drive_does_not_show_is_not_there(scene: Scene) -> None:
    world, karim = scene.world, scene.karim
    world.share(scene.amina, scene.ccas, "/Travail")
    karim.put("/Name of amina/Travail/cv.pdf", b"x")
    karim.put(SCAN, b"x")
    nodes = {str(one.path): one.node for one in scene.seen()}
    assert set(nodes) == {SCAN, "/Name of amina/Travail/cv.pdf"}
    scene.amina.move("/Travail/cv.pdf", "/Santé/cv.pdf")
    world.sharing.end(scene.amina.who, scene.grant.id, world.clock())
    assert scene.seen() == []
    for node in (*nodes.values(), NodeId(bytes(16))):
        with pytest.raises(NotFound) as absent:
            world.nets.recall_node(karim.who, node)
        assert str(absent.value) == "nothing is there"
        with pytest.raises(NotFound):
            world.nets.put_in_one(karim.who, node, world.clock())


def test_nobody_takes_back_what_another_put_in(scene: Scene) -> None:
    scene.karim.put(SCAN, b"x")
    (one,) = scene.seen()
    for other in (scene.lea, scene.zoe, scene.amina):
        with pytest.raises(NotFound):
            scene.world.nets.recall_node(other.who, one.node)


def test_a_depositor_sees_what_they_put_in(scene: Scene) -> None:
    scene.zoe.put(SCAN, b"misfiled")
    scene.karim.put(f"{HERE}/other.pdf", b"x")
    assert scene.told(scene.zoe) == {SCAN: ""}
    assert scene.acts(scene.seen(scene.zoe)[0].node, scene.zoe) == ""
    assert scene.seen(scene.zoe) == []


def test_a_document_of_a_removed_folder_is_not_found(scene: Scene) -> None:
    scene.karim.mkcol(f"{HERE}/sub")
    scene.karim.put(f"{HERE}/sub/scan.pdf", b"x")
    (one,) = scene.seen()
    scene.amina.delete("/Logement/sub")
    assert scene.seen() == []
    with pytest.raises(NotFound):
        scene.world.nets.recall_node(scene.karim.who, one.node)


def test_programs_side_files_are_no_documents(scene: Scene) -> None:
    for name in ("~$scan.docx", ".goutputstream-ABC"):
        scene.karim.put(f"{HERE}/{name}", b"x")
    assert scene.seen() == []


def test_the_number_of_statements_does_not_depend_on_how_many_there_are(scene: Scene) -> None:
    world, counts = scene.world, []
    for number in range(3):
        owner = world.beneficiary(f"owner{number}", "fr")
        world.share(owner, scene.karim, "/Logement")
        for name in ("a", "b", "c"):
            scene.karim.put(f"/Name of owner{number}/Logement/{name}.txt", b"x")
        world.clock.passes(minutes=1)
        owner.get("/Logement/a.txt")
        # What is noted is told first, by whoever comes first: mostly by the chore.
        world.tools.readings.keep_up(world.clock())
        world.unlock.forget()
        with statements_of(world.db) as sent:
            found = scene.seen()
        counts.append(len(sent))
        assert len(found) == 3 * (number + 1)
        assert sum(one.why_not is None for one in found) == 2 * (number + 1)
    assert counts[0] == counts[1] == counts[2]
    assert counts[0] <= 12


def test_what_somebody_made_is_found_by_an_index(world: Safekeeping) -> None:
    with world.db.read() as tx:
        with statements_of(world.db) as sent:
            assert deposited.files_of(tx, PersonId(bytes(16)), world.clock()) == []
        wanted = sent[-1]
        if tx.dialect.name == "postgresql":
            tx.execute(text("SET LOCAL enable_seqscan = off"))
            tx.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
            tx.exec_driver_sql(f"PREPARE files_of AS {wanted}")
            nothing = ", ".join(["NULL"] * len(set(re.findall(r"\$\d", wanted))))
            plan = tx.exec_driver_sql(f"EXPLAIN EXECUTE files_of ({nothing})").all()
            tx.exec_driver_sql("DEALLOCATE files_of")
        else:
            nothing = (None,) * wanted.count("?")
            plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {wanted}", nothing).all()
    assert "ix_node_maker_id_created" in str(plan)
