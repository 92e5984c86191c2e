#!/bin/sh
# Abri as it is for users, for a benchmark that starts several WebDAV servers in turn:
# `abri.sh prepare` makes an instance with one beneficiary (repeatable), `abri.sh run` serves it.
# Plain HTTP on loopback, like the servers it is compared with.
# davbench-path: /dav/
set -eu
repository=$(cd "$(dirname "$0")/.." && pwd)
abri=$repository/.venv/bin/abri
instance=$DAV_DIR/abri
# As it is for users: a machine that keeps no bytecode compiles 500 files at each start.
unset PYTHONDONTWRITEBYTECODE

case $1 in
prepare)
  if [ ! -e "$instance/config.yaml" ]; then
    "$abri" init "$instance" --listen "127.0.0.1:$DAV_PORT" --plain-http
    # Room for all rounds: what is removed stays in the trash, and counts.
    sed -i 's/^  quota: .*/  quota: 1000 GB/' "$instance/config.yaml"
    printf '%s\n' "$DAV_PASS" | "$abri" --config "$instance/config.yaml" person add "$DAV_USER" \
      --role beneficiary --name "Bench" --template none --password-stdin
  fi
  sed -i "s/^  port: .*/  port: $DAV_PORT/" "$instance/config.yaml"
  ;;
run)
  exec "$abri" --config "$instance/config.yaml" serve
  ;;
*)
  echo "usage: abri.sh prepare|run" >&2
  exit 2
  ;;
esac
