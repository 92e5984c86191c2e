"""cadaver over HTTPS: a script with locks and properties."""

from pathlib import Path

import pytest

from tests.support.instance import Server
from tests.support.outside import Outside, program, trusting

pytestmark = pytest.mark.interop

SCRIPT = """
mkcol cadaver
cd cadaver
put {folder}/note.txt
ls
copy note.txt copie.txt
move copie.txt lettre.txt
lock lettre.txt
showlocks
discover lettre.txt
propset lettre.txt auteur Amina
propget lettre.txt auteur
propnames lettre.txt
put {folder}/note2.txt lettre.txt
unlock lettre.txt
get lettre.txt {folder}/back.txt
delete note.txt
mkcol vide
rmcol vide
ls
quit
"""


def test_a_script_of_every_verb_with_a_lock_and_properties(
    drive: Server, outside: Outside, tmp_path: Path
) -> None:
    instance = drive.instance
    netrc = outside.home / ".netrc"
    netrc.write_text(f'machine localhost login amina password "{instance.passwords["amina"]}"\n')
    netrc.chmod(0o600)
    (tmp_path / "note.txt").write_text("première version")
    (tmp_path / "note2.txt").write_text("écrite sous verrou")
    output = outside.must(
        *trusting(instance.folder / "keys/tls.crt", program("cadaver")), f"{instance.url}/dav/",
        given=SCRIPT.format(folder=tmp_path),
    )  # fmt: skip
    assert "failed" not in output.lower(), output
    for said in ("Lock token <urn:uuid:", "Value of auteur is: Amina", "custom-properties/ auteur"):
        assert said in output, output
    assert (tmp_path / "back.txt").read_text() == "écrite sous verrou"
    amina = instance.drive("amina")
    assert amina.names("/cadaver") == {"lettre.txt"}
    assert amina.put("/cadaver/lettre.txt", b"the lock is gone").status == 204
