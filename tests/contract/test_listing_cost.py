"""What a listing costs grows with its children alone, and by little for each. No times here:
statements are counted, and the functions that are called.
"""

from collections.abc import Iterator

import pytest

from tests.support.accounts import something_changes
from tests.support.growing import more_files, more_locks
from tests.support.in_process import Front, calls, counted, front_of
from tests.support.instance import Instance

pytestmark = pytest.mark.slow

SIZES = (100, 200, 1000, 2000)
GVFS = (
    "<creationdate/><displayname/><getcontentlength/><getcontenttype/><getetag/><getlastmodified/>"
    "<resourcetype/>"
)
RCLONE = "<displayname/><getlastmodified/><getcontentlength/><resourcetype/>"
NEXTCLOUD = (
    "<resourcetype/><getlastmodified/><getcontentlength/><getetag/><oc:size/><oc:id/><oc:fileid/>"
    "<oc:permissions/><oc:checksums/><oc:share-types/>"
)
LOCKS = f"{GVFS}<lockdiscovery/><quota-used-bytes/><quota-available-bytes/>"
MOST = {GVFS: 60, RCLONE: 57, NEXTCLOUD: 61, LOCKS: 60}
"""Calls for each child whose name has to be opened first, of an owner and of somebody with a grant:
it was four times as many once.
"""
MOST_AGAIN = {"amina": 9, "karim": 14}
"""The same where nothing was changed since the listing before: dates, digests, and whose it is."""
STATEMENTS = 8
TOPS = {"amina": "/dav", "karim": "/dav/Amina%20Benali"}


@pytest.fixture
def front(instance: Instance) -> Iterator[Front]:
    for size in SIZES:
        more_files(instance, f"of {size}", size)
        instance.grant("amina", "karim", f"/of {size}", "write")
    with front_of(instance) as made:
        yield made


def _list(front: Front, login: str, size: int, names: str) -> bytes:
    body = (
        f'<propfind xmlns="DAV:" xmlns:oc="http://owncloud.org/ns"><prop>{names}</prop></propfind>'
    )
    path = f"{TOPS[login]}/of%20{size}/"
    status, _, answer = front.ask(login, "PROPFIND", path, body.encode(), depth="1")
    assert status == 207
    return answer


def _seen(answer: bytes) -> int:
    return answer.count(b"<D:response>") - 1


def test_a_listing_asks_the_database_as_often_for_100_as_for_2000(front: Front) -> None:
    for login in TOPS:
        for names in MOST:
            _list(front, login, SIZES[0], names)
            costs, shown = set(), []
            for size in SIZES:
                something_changes(front.services.db)
                with counted(front.services.db) as cost:
                    shown.append(_seen(_list(front, login, size, names)))
                costs.add(cost.statements.total())
            assert len(costs) == 1
            assert max(costs) <= STATEMENTS
            assert shown == sorted(shown)
            assert login != "amina" or shown == [*SIZES]


def _calls(front: Front, login: str, size: int, names: str) -> int:
    """Of a folder whose rows are read, whether or not they have to be opened."""
    something_changes(front.services.db)
    with calls() as made:
        _list(front, login, size, names)
    return made["call"] + made["c_call"]


def test_a_child_costs_few_calls_and_as_many_in_a_large_folder_as_in_a_small(
    instance: Instance, front: Front
) -> None:
    for login in TOPS:
        for names, most in MOST.items():
            # Nothing of these folders was opened in this process before.
            with front_of(instance) as fresh:
                _list(fresh, login, SIZES[0], names)
                small, middle, large = (_calls(fresh, login, size, names) for size in SIZES[1:])
            each, later = (middle - small) / 800, (large - middle) / 1000
            assert each == pytest.approx(later, rel=0.05)
            assert each < most


def test_what_was_opened_a_moment_ago_is_not_opened_again(front: Front) -> None:
    first, again = (_calls(front, "amina", 1000, GVFS) for _ in range(2))
    assert again < first * 2 / 3


def test_what_nobody_changed_since_is_written_and_not_read(front: Front) -> None:
    for login in TOPS:
        for names in (GVFS, RCLONE, NEXTCLOUD):
            _list(front, login, SIZES[0], names)
            costs = []
            for size in SIZES[2:]:
                shown = _seen(_list(front, login, size, names))
                with calls() as made, counted(front.services.db) as cost:
                    assert _seen(_list(front, login, size, names)) == shown
                costs.append((made["call"] + made["c_call"], shown))
                assert not cost.statements
            (few, some), (many, more) = costs
            assert (many - few) / (more - some) < MOST_AGAIN[login]


def test_locks_elsewhere_cost_a_listing_nothing(instance: Instance, front: Front) -> None:
    for _ in range(2):
        before = _calls(front, "amina", 200, LOCKS)
    assert more_locks(instance, "/of 1000") == 1000
    assert _calls(front, "amina", 200, LOCKS) < before + 50
    answer = _list(front, "amina", 1000, LOCKS)
    assert answer.count(b"<D:activelock>") == 1000
    # Those that are shown: a few calls for each, not one for each lock and child.
    assert _calls(front, "amina", 1000, LOCKS) < 200 * 1000
