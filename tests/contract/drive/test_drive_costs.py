"""The drive below its fronts: how many statements it asks, whatever there is."""

from sqlalchemy import Engine, event

from davserver.domain.conditions import Conditions
from tests.support.drive import Drive, World


class Counted:
    """How many statements the engines of a world executed."""

    def __init__(self, engines: tuple[Engine, ...]) -> None:
        self.statements: list[str] = []
        for engine in engines:
            event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, *arguments: object) -> None:
        self.statements.append(str(arguments[2]))

    def during(self, act: object) -> int:
        self.statements.clear()
        act()  # type: ignore[operator]
        return len(self.statements)


def test_a_listing_costs_the_same_for_few_and_for_many_children(
    world: World, amina: Drive, karim: Drive
) -> None:
    for name, size in (("few", 3), ("many", 60)):
        amina.mkcol(f"/Logement/{name}")
        for n in range(size):
            amina.put(f"/Logement/{name}/{n}.txt", b"x")
    world.grant(amina, karim, "/Logement")
    counted = Counted(world.db.engines())
    for drive, top in ((amina, "/Logement"), (karim, "/Name of amina/Logement")):
        who, now = drive.who, world.clock()
        paths = [drive.look(f"{top}/{name}").path for name in ("few", "many")]
        costs = [
            counted.during(lambda p=p, w=who, n=now: world.reading.list(w, p, n)) for p in paths
        ]
        assert costs[0] == costs[1] <= 8


def test_a_get_costs_at_most_four_statements_after_sign_in(
    world: World, amina: Drive, karim: Drive
) -> None:
    amina.put("/Logement/bail.pdf", b"x")
    world.grant(amina, karim, "/Logement")
    counted = Counted(world.db.engines())
    for drive, path in (
        (amina, "/Logement/bail.pdf"),
        (karim, "/Name of amina/Logement/bail.pdf"),
    ):
        who, now, place = drive.who, world.clock(), drive.look(path).path
        world.reading.open(who, place, Conditions(), now).close()
        cost = counted.during(
            lambda w=who, p=place, n=now: world.reading.open(w, p, Conditions(), n)
        )
        assert cost <= 4
