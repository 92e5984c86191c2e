"""No habit of SQLite alone grows: what is tested on it only is in a list, with its reason."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
SQLITE = re.compile(r"sqlite3|sqlite:///|\[\"sqlite\"\]")
STORY = "minutes of outside programs, each of which meets both databases elsewhere"
BYTES = "a long transfer, whose bytes go to the disk whatever the database is"
ALONE = {
    "cli/test_commands_in_french.py": "the language is the same for both",
    "cli/test_commands_without_luck.py": "PostgreSQL tells its own disk and files itself",
    "contract/test_crash_shared_commit.py": "its file has one lock for every writer",
    "contract/test_database_failures.py": "its file has one lock for every writer",
    "contract/test_database_power_cut.py": "PostgreSQL waits for its own log",
    "contract/test_log_brought_in.py": "PostgreSQL brings its own log in",
    "contract/test_lookout.py": "a missing folder or keyring is the same for both",
    "contract/test_mallory_types.py": "it keeps any type in any column",
    "contract/test_database_remembered.py": "how long a connection is kept is the same for both",
    "contract/test_migrations.py": "it keeps the text of its statements",
    "contract/test_pages_of_a_change.py": "the pages are those of its file",
    "contract/test_reading_journals.py": "it keeps any type in any column",
    "contract/test_trail_proof.py": "it keeps any type in any column",
    "contract/test_vault_sweep.py": "PostgreSQL plans by how full its tables are",
    "contract/test_vault_sweep_cut_short.py": "its write-ahead log keeps what was erased",
    "interop/test_libreoffice_client.py": STORY,
    "interop/test_pages_story.py": STORY,
    "interop/test_rclone_client.py": BYTES,
    "server/test_large_files.py": BYTES,
    "unit/test_config_file.py": "reads settings and opens nothing",
}


def test_only_what_is_listed_runs_on_sqlite_alone() -> None:
    named = {
        str(path.relative_to(TESTS))
        for path in TESTS.rglob("*.py")
        if path.parent.name not in {"support", "arch"} and SQLITE.search(path.read_text())
    }
    assert named == set(ALONE)
