"""What a process remembers changes no answer: two workers with all that they remember, and somebody
who remembers nothing, say the same to everybody, to the last byte, and leave the same rows.

Longer, with other seeds: `python -m tests.property.test_remembering_changes_nothing DATABASE FIRST
LAST STEPS`, with ` at-once` behind it rounds in which several live at once; see tests/README.md.
"""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.at_once import at_once, live_at_once
from tests.support.cast import EITHER, Casts
from tests.support.everybody import Everybody
from tests.support.postgres import postgres_server
from tests.support.side_by_side import Different, side_by_side

pytestmark = pytest.mark.slow

SEEDS = {"sqlite": 9, "postgresql": 8}
STEPS = {"sqlite": 60, "postgresql": 40}


@pytest.mark.parametrize("database", EITHER)
def test_whoever_remembers_answers_as_whoever_does_not(
    casts: Casts, tmp_path: Path, database: str
) -> None:
    story_of(casts, tmp_path, database, SEEDS[database], STEPS[database])


@pytest.mark.parametrize("database", EITHER)
def test_whatever_several_do_at_once_nothing_wrong_is_remembered(
    casts: Casts, tmp_path: Path, database: str
) -> None:
    at_once_of(casts, tmp_path, database, seed=3, rounds=1)


def at_once_of(casts: Casts, folder: Path, database: str, seed: int, rounds: int) -> int:
    """How many rounds they lived through."""
    with casts.copy(database, folder / f"once-{seed}") as instance, at_once(instance) as worlds:
        try:
            live_at_once(worlds, seed, rounds, acts=6, questions=12)
        except Exception as error:
            message = f"on {database}, seed {seed}, {rounds} rounds at once\n{error!r:.6000}"
            raise Different(message) from error
    return rounds


def story_of(casts: Casts, folder: Path, database: str, seed: int, steps: int) -> int:
    """How many requests and deeds it had."""
    with (
        casts.copy(database, folder / f"warm-{seed}") as warm,
        casts.copy(database, folder / f"cold-{seed}") as cold,
        side_by_side(warm, cold) as worlds,
    ):
        everybody = Everybody(worlds, seed)
        try:
            everybody.live(steps)
        except Exception as error:
            last = "\n".join(everybody.story.told[-12:])
            message = f"on {database}, seed {seed}, {steps} steps, after\n{last}\n{error!r:.6000}"
            raise Different(message) from error
        return worlds.chapter


def main(database: str, first: int, last: int, steps: int, *, several: bool) -> int:
    failed, tell = 0, at_once_of if several else story_of
    with tempfile.TemporaryDirectory() as folder, ExitStack() as kept:
        server = kept.enter_context(postgres_server()) if database == "postgresql" else None
        casts = Casts(Path(folder), lambda: server, kept)  # type: ignore[arg-type,return-value]
        for seed in range(first, last + 1):
            try:
                print(f"{seed}: {tell(casts, Path(folder), database, seed, steps)}", flush=True)
            except Different as different:
                failed += 1
                print(different, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:5]), several="at-once" in sys.argv))
