"""Puts entries into a Samba domain that is not running; for Debian's own Python, which knows Samba.

`python3 samba_entries.py SMB_CONF SAM_LDB < entries.json`: a list of objects with `dn`, attributes
as texts or lists of texts, and perhaps `password` and `guid` (in hexadecimal).
"""

import json
import sys

from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB


def main(conf: str, sam: str) -> None:
    parameters = LoadParm()
    parameters.load(conf)
    domain = SamDB(url=sam, session_info=system_session(), lp=parameters)
    domain.transaction_start()
    for entry in json.load(sys.stdin):
        password, guid = entry.pop("password", None), entry.pop("guid", None)
        if password is not None:
            entry["unicodePwd"] = f'"{password}"'.encode("utf-16-le")
        if guid is not None:
            entry["objectGUID"] = bytes.fromhex(guid)
        domain.add(entry, controls=["relax:0"] if guid is not None else None)
    domain.transaction_commit()


main(*sys.argv[1:])
