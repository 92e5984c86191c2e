"""Writes golden files that are not there yet: `python -m tests.golden.write_golden`.

It never changes one: what was stored must keep opening. A new format or label gets new files.
"""

import json
from pathlib import Path

from tests.golden.golden_blobs import golden_blobs
from tests.golden.golden_vectors import golden_vectors

FOLDER = Path(__file__).parent / "sealing"


def golden_files() -> dict[str, bytes]:
    """By file name, everything that lies in FOLDER."""
    files = {f"{name}.blob": one.encode() for name, one in golden_blobs().items()}
    for kind, vectors in golden_vectors().items():
        text = json.dumps(vectors, indent=1, ensure_ascii=False, sort_keys=True)
        files[f"{kind}.json"] = f"{text}\n".encode()
    return files


if __name__ == "__main__":
    for name, content in golden_files().items():
        if not (FOLDER / name).exists():
            (FOLDER / name).write_bytes(content)
            print(f"wrote {name}")
