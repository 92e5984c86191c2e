"""What a process remembers changes no answer: two workers with all that they remember, and somebody
who remembers nothing, say the same to everybody, to the last byte, and leave the same rows.

Longer, with other seeds: `python -m tests.property.test_remembering_changes_nothing DATABASE FIRST
LAST STEPS`, as tests/README.md says.
"""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

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


def main(database: str, first: int, last: int, steps: int) -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as folder, ExitStack() as kept:
        server = kept.enter_context(postgres_server()) if database == "postgresql" else None
        casts = Casts(Path(folder), lambda: server, kept)  # type: ignore[arg-type,return-value]
        for seed in range(first, last + 1):
            try:
                print(f"{seed}: {story_of(casts, Path(folder), database, seed, steps)}", flush=True)
            except Different as different:
                failed += 1
                print(different, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
