"""The servers that Abri is compared with, each set up as its users would, on loopback."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.beside.client import HERE
from benchmarks.beside.servers import Kind, Room
from tests.support.serving import make_certificate

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "build/peers/bin"
"""Where `make bench` puts what comes from PyPI."""
APACHE, NGINX, HTPASSWD = "/usr/sbin/apache2", "/usr/sbin/nginx", "/usr/bin/htpasswd"
_MODULES = "/usr/lib/apache2/modules"
_NGINX_MODULE = Path("/usr/lib/nginx/modules/ngx_http_dav_ext_module.so")
_LOADED = (
    "mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "mime",
    "autoindex", "dav", "dav_fs",
)  # fmt: skip


def _program(name: str) -> str:
    """From the peers' environment, else from this one, else from this machine."""
    own = (folder / name for folder in (PEERS, Path(sys.executable).parent))
    return next((str(one) for one in own if one.exists()), None) or shutil.which(name) or name


def _store(room: Room) -> Path:
    store = room.folder / "store"
    store.mkdir(exist_ok=True)
    return store


# ── rclone ──────────────────────────────────────────────────────────────────────────────────────


def _crypt(room: Room) -> None:
    told = room.folder / "rclone.conf"
    if told.exists():
        return
    secret = subprocess.run(
        [_program("rclone"), "obscure", "only for a benchmark"],
        capture_output=True, text=True, check=True, timeout=30,
    ).stdout.strip()  # fmt: skip
    told.write_text(
        f"[sealed]\ntype = crypt\nremote = {_store(room)}\nfilename_encryption = standard\n"
        f"directory_name_encryption = true\npassword = {secret}\n"
    )


def _crypt_tls(room: Room) -> None:
    _crypt(room)
    if not (room.folder / "key.pem").exists():
        make_certificate(room.folder)


def _rclone(room: Room, *more: str | Path) -> Sequence[str | Path]:
    return [
        _program("rclone"), "--config", room.folder / "rclone.conf",
        "--cache-dir", room.folder / "cache", "serve", "webdav", "sealed:",
        "--addr", f"{HERE}:{room.port}", "--user", room.user, "--pass", room.password, *more,
    ]  # fmt: skip


def _rclone_tls(room: Room) -> Sequence[str | Path]:
    return _rclone(
        room, "--cert", room.folder / "certificate.pem", "--key", room.folder / "key.pem"
    )


# ── WsgiDAV ─────────────────────────────────────────────────────────────────────────────────────


def _wsgidav(room: Room) -> None:
    (room.folder / "wsgidav.yaml").write_text(
        f"server: cheroot\nhost: {HERE}\nport: {room.port}\nverbose: 1\n"
        f'provider_mapping:\n  "/": "{_store(room)}"\n'
        "http_authenticator:\n  accept_basic: true\n  accept_digest: false\n"
        "  default_to_digest: false\n"
        f'simple_dc:\n  user_mapping:\n    "*":\n      "{room.user}":\n'
        f'        password: "{room.password}"\n'
    )


# ── Apache and nginx ────────────────────────────────────────────────────────────────────────────


def _known(room: Room) -> Path:
    """A file of people, and a store that the server's own user may write to."""
    people = room.folder / "people"
    given: list[str | Path] = [HTPASSWD, "-bc", people, room.user, room.password]
    subprocess.run(given, check=True, capture_output=True, timeout=30)
    if os.geteuid() == 0:
        for one in (room.folder, _store(room)):
            shutil.chown(one, "www-data", "www-data")
    return people


def _apache(room: Room) -> None:
    loaded = "\n".join(f"LoadModule {one}_module {_MODULES}/mod_{one}.so" for one in _LOADED)
    (room.folder / "httpd.conf").write_text(f"""{loaded}
ServerRoot "{room.folder}"
ServerName localhost
Listen {HERE}:{room.port}
PidFile httpd.pid
ErrorLog error.log
User www-data
Group www-data
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
TypesConfig /etc/mime.types
DocumentRoot "{_store(room)}"
DavLockDB "{room.folder}/locks"
<Directory "{_store(room)}">
  Dav On
  Options Indexes
  AuthType Basic
  AuthName dav
  AuthUserFile "{_known(room)}"
  Require valid-user
</Directory>
""")


def _nginx(room: Room) -> None:
    user = "user www-data;" if os.geteuid() == 0 else ""
    scraps = "".join(
        f"{one}_temp_path {room.folder}/{one};" for one in ("proxy", "fastcgi", "uwsgi", "scgi")
    )
    (room.folder / "nginx.conf").write_text(f"""load_module {_NGINX_MODULE};
{user} daemon off; worker_processes 2; pid {room.folder}/nginx.pid;
error_log {room.folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000; keepalive_timeout 60s;
  client_max_body_size 0; client_body_temp_path {room.folder}/bodies; {scraps}
  dav_ext_lock_zone zone=locks:10m;
  server {{
    listen {HERE}:{room.port};
    location / {{
      root {_store(room)}; auth_basic dav; auth_basic_user_file {_known(room)};
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK; dav_ext_lock zone=locks;
    }}
  }}
}}
""")


# ── all of them ─────────────────────────────────────────────────────────────────────────────────

CRYPT, CRYPT_TLS, WSGIDAV = "rclone-crypt", "rclone-crypt-tls", "wsgidav"

KINDS = {
    kind.label: kind
    for kind in (
        Kind(
            CRYPT,
            "rclone `serve webdav` over a `crypt` remote: contents and names encrypted",
            _crypt,
            _rclone,
        ),
        Kind(CRYPT_TLS, "the same with `--cert` and `--key`", _crypt_tls, _rclone_tls, tls=True),
        Kind(
            WSGIDAV,
            "WsgiDAV on cheroot, as installed: plain files",
            _wsgidav,
            lambda room: [_program("wsgidav"), "--config", room.folder / "wsgidav.yaml"],
        ),
        Kind(
            "apache",
            "Apache httpd, mod_dav_fs: plain files",
            _apache,
            lambda room: [APACHE, "-D", "FOREGROUND", "-f", room.folder / "httpd.conf"],
        ),
        Kind(
            "nginx",
            "nginx with dav-ext: plain files",
            _nginx,
            lambda room: [NGINX, "-c", room.folder / "nginx.conf"],
        ),
    )
}


def missing(label: str) -> str | None:
    """What it needs and this machine does not have."""
    needs: dict[str, tuple[str | Path, ...]] = {
        "apache": (APACHE, HTPASSWD, f"{_MODULES}/mod_dav_fs.so"),
        "nginx": (NGINX, HTPASSWD, _NGINX_MODULE),
        WSGIDAV: (_program("wsgidav"),),
    }
    wanted = needs.get(label, (_program("rclone"),))
    return next((str(one) for one in wanted if not Path(one).exists()), None)


def version(label: str) -> str:
    """As the program tells it itself."""
    words = {
        "apache": [APACHE, "-v"],
        "nginx": [NGINX, "-v"],
        WSGIDAV: [_program("wsgidav"), "--version"],
    }.get(label, [_program("rclone"), "version"])
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    found = re.search(r"\d+\.\d+(?:\.\d+)?", done.stdout + done.stderr)
    return found[0] if found else "?"
