"""What computing a digest leaves alone: other threads' processors."""

import subprocess
import sys

COUNTED = """
import os
from davserver.sealing.digests import DigestAlg, digesting
begun = len(os.listdir("/proc/self/task"))
for alg in DigestAlg:
    found = digesting(alg)
    for _ in range(8):
        found.update(bytes(1 << 20))
    found.digest()
print(len(os.listdir("/proc/self/task")) - begun)
"""


def test_digests_are_computed_in_the_thread_that_asks() -> None:
    """BLAKE3 could spread over all processors, which others wait for."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTED], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "0\n"
