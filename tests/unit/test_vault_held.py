"""What is held of folders has a weight, and a limit."""

from davserver.vault.held import Held
from davserver.vault.seen import WHOLE_FOLDER


def asked(held: Held, question: str, size: int) -> bool:
    """Whether it had to be read."""
    read = []

    def ask() -> range:
        read.append(question)
        return range(size)

    assert len(held.once(question, ask)) == size
    return bool(read)


def test_a_folder_is_read_once_however_little_is_in_it() -> None:
    held = Held()
    for size in (0, 1, 1000):
        assert asked(held, f"of {size}", size)
        assert not asked(held, f"of {size}", size)


def test_a_folder_that_is_too_large_to_remember_is_read_each_time() -> None:
    held = Held()
    assert asked(held, "large", WHOLE_FOLDER)
    assert asked(held, "large", WHOLE_FOLDER)
    assert not len(held)


def test_many_folders_take_no_more_than_their_share() -> None:
    held = Held()
    for number in range(100):
        asked(held, f"of a thousand {number}", 1000)
        assert len(held) <= 15
    assert not asked(held, "of a thousand 99", 1000)
    for number in range(100_000):
        held.keep(number, ())
    assert len(held) <= 15_001
