"""What a process that serves does not keep: pools for each thread, what a password took, holes."""

import re
import subprocess
import sys
from pathlib import Path

MIB = 1024 * 1024

_BEGIN = """
import ctypes, sys, threading
from davserver.serving.memory import settle_memory

if sys.argv[1] == "settled":
    settle_memory()
"""

_POOLS = """
started, over = threading.Barrier(9), threading.Event()

def hold():
    kept = [bytes(1000) for _ in range(100)]
    started.wait(30)
    over.wait(30)

for _ in range(8):
    threading.Thread(target=hold).start()
started.wait(30)
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
over.set()
"""

_LARGE = """
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

before = resident()
for _ in range(3):
    block = b"x" * (19 * 1024 * 1024)
    del block
open(sys.argv[2], "w").write(str(resident() - before))
"""

_HOLES = """
from davserver.serving.memory import Spare

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

def listing():
    made = [bytearray(1000) for _ in range(20_000)]
    return made[::50]

spare = Spare()
kept = listing()
grown = resident()
if sys.argv[1] == "settled":
    spare.look()
freed = grown - resident()
small = [bytearray(1000) for _ in range(500)][::50]
before = resident()
spare.look()
open(sys.argv[2], "w").write(f"{freed} {before - resident()}")
"""


def told(program: str, folder: Path, *, settled: bool) -> str:
    file = folder / f"told-{settled}"
    words = [sys.executable, "-c", _BEGIN + program, "settled" if settled else "", str(file)]
    subprocess.run(words, check=True, timeout=60)
    return file.read_text()


def test_threads_share_two_pools(tmp_path):
    """As the C library counts them itself, with eight threads that hold memory."""

    def pools(*, settled: bool) -> int:
        return len(re.findall("<heap nr=", told(_POOLS, tmp_path, settled=settled)))

    assert pools(settled=True) <= 2 < pools(settled=False)


def test_what_a_look_at_a_password_takes_goes_back(tmp_path):
    assert int(told(_LARGE, tmp_path, settled=True)) < 2 * MIB
    assert int(told(_LARGE, tmp_path, settled=False)) > 10 * MIB


def test_what_a_long_answer_took_goes_back_although_something_of_it_stays(tmp_path):
    """Twenty megabytes, of which every fiftieth object stays: none of the holes is at the end."""
    freed, _ = told(_HOLES, tmp_path, settled=True).split()
    assert int(freed) > 10 * MIB


def test_without_growth_nothing_is_looked_through(tmp_path):
    _, again = told(_HOLES, tmp_path, settled=True).split()
    assert int(again) == 0
    _, late = told(_HOLES, tmp_path, settled=False).split()
    assert int(late) > 10 * MIB
