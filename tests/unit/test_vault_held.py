"""What is held of folders, and what was opened of them, has a weight, and a limit."""

from datetime import UTC, datetime

from davserver.domain.ids import NodeId, PersonId, SpaceId, VaultId
from davserver.domain.nodes import Kind, Node, NodeState
from davserver.vault.nodes.listing_cache import ListingCache
from davserver.vault.nodes.node_cache import WHOLE_FOLDER, Key, NodeCache


def asked(held: ListingCache, question: str, size: int) -> bool:
    """Whether it had to be read."""
    read = []

    def ask() -> range:
        read.append(question)
        return range(size)

    assert len(held.cached(question, ask)) == size
    return bool(read)


def test_a_folder_is_read_once_however_little_is_in_it() -> None:
    held = ListingCache()
    for size in (0, 1, 1000):
        assert asked(held, f"of {size}", size)
        assert not asked(held, f"of {size}", size)


def test_a_folder_that_is_too_large_to_remember_is_read_each_time() -> None:
    held = ListingCache()
    assert asked(held, "large", WHOLE_FOLDER)
    assert asked(held, "large", WHOLE_FOLDER)
    assert not len(held)


def test_many_folders_take_no_more_than_their_share() -> None:
    held = ListingCache()
    for number in range(100):
        asked(held, f"of a thousand {number}", 1000)
        assert len(held) <= 15
    assert not asked(held, "of a thousand 99", 1000)
    for number in range(100_000):
        held.store(number, ())
    assert len(held) <= 15_001


RECORD = 320
"""Bytes of a sealed record with a name of a usual length."""
ID, NOW = bytes(16), datetime(2026, 11, 27, tzinfo=UTC)
NODE = Node(
    id=NodeId(ID), vault=VaultId(ID), space=SpaceId(ID), parent=NodeId(ID), kind=Kind.FOLDER,
    state=NodeState.LIVE, name="any", twin=0, category=None, content=None, etag=ID, row_version=1,
    epoch=1, maker=PersonId(ID), author=PersonId(ID), created=NOW, modified=NOW, made_at=NOW,
)  # fmt: skip


def folder_of(size: int) -> dict[Key, Node]:
    return {(number,): NODE for number in range(size)}


def test_the_largest_folder_that_is_remembered_leaves_room_for_others() -> None:
    seen = NodeCache()
    largest = WHOLE_FOLDER - 1
    for folder, size in (b"large", largest), *((b"%d" % number, 1000) for number in range(5)):
        seen.keep_inside(folder, folder_of(size), size * RECORD)
    assert len(seen.inside(b"large")) == largest
    for number in range(100):
        seen.keep_inside(b"more %d" % number, folder_of(1), 1 << 20)
    assert not seen.inside(b"large"), "what is remembered has an end"


def test_a_folder_is_handed_on_to_whoever_lists_it_again() -> None:
    first = NodeCache()
    for folder in (b"listed", b"forgotten"):
        first.keep_inside(folder, folder_of(10), 10 * RECORD)
    second = first.later()
    assert len(second.inside(b"listed")) == 10
    third = second.later()
    assert len(third.inside(b"listed")) == 10
    assert not third.inside(b"forgotten")


def test_what_is_handed_on_counts_too() -> None:
    first = NodeCache()
    first.keep_inside(b"large", folder_of(WHOLE_FOLDER - 1), (WHOLE_FOLDER - 1) * RECORD)
    second = first.later()
    for number in range(10):
        second.keep_inside(b"more %d" % number, folder_of(1), 1 << 20)
    assert not second.inside(b"large"), "nobody asked for it, and there was no room left"
    assert not second.later().inside(b"large")
    assert len(first.inside(b"large")) == WHOLE_FOLDER - 1, "others may use it still"
