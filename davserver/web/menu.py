"""What stands in the menu, for whom; in the order in which it is shown."""

from dataclasses import dataclass

from davserver.web.audiences import (
    ADMINISTRATORS,
    EVERYBODY,
    IN_STRUCTURES,
    MANAGERS,
    OWNERS,
    STAFF,
    Audience,
)
from davserver.web.marked import N_


@dataclass(frozen=True, slots=True)
class Item:
    """`path` is that of a page in the table of routes."""

    path: str
    words: str
    audience: Audience


MENU: tuple[Item, ...] = (
    Item("/people", N_("Shared with me"), STAFF),
    Item("/put-in", N_("What I put in"), STAFF),
    Item("/documents/", N_("My documents"), OWNERS),
    Item("/accompanied", N_("People we accompany"), STAFF),
    Item("/code", N_("Code for sharing"), IN_STRUCTURES),
    Item("/shares", N_("What I share"), OWNERS),
    Item("/affiliations", N_("Who accompanies me"), OWNERS),
    Item("/history", N_("What happened"), OWNERS),
    Item("/trash", N_("Trash"), OWNERS),
    Item("/take-away", N_("Take everything away"), OWNERS),
    Item("/teams", N_("My team"), MANAGERS),
    Item("/overview", N_("Overview"), ADMINISTRATORS),
    Item("/rules", N_("Rules"), ADMINISTRATORS),
    Item("/refusals", N_("Refusals"), ADMINISTRATORS),
    Item("/health", N_("Health"), ADMINISTRATORS),
    Item("/devices", N_("My devices"), EVERYBODY),
    Item("/password", N_("My password"), EVERYBODY),
)
