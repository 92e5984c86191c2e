# Two commands matter: `make run` serves a demonstration, `make test` proves that it works.
# Needed beforehand: make, Python 3.11 or later, and root or sudo on Debian for the tests' programs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
RUN := run
CONFIG := $(RUN)/config.yaml
WORKERS ?= 2
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
SUDO := $(shell test "$$(id -u)" = 0 || echo sudo)

# Bytecode is kept, whatever the machine says: every command, server and test worker would compile
# hundreds of files again.
unexport PYTHONDONTWRITEBYTECODE

# The outside programs that tests/interop and tests/conftest.py drive. Debian's names.
DEBIAN := ca-certificates cadaver chromium curl davfs2 dbus dbus-daemon fuse3 gvfs-backends gvfs-daemons \
          iproute2 ldap-utils libglib2.0-bin libreoffice-writer litmus mount openssl postgresql \
          procps python3-uno samba samba-ad-dc samba-ad-provision samba-dsdb-modules slapd util-linux

# The servers that `make bench` compares with, and what Debian has of them.
ROUNDS ?= 5
SERVERS ?=
PEERS := build/peers
BENCH_DEBIAN := apache2-bin apache2-utils libnginx-mod-http-dav-ext media-types nginx-light openssl \
                postgresql util-linux
BENCH_COMMAND = make bench$(foreach name,ROUNDS SERVERS,$(if \
                $(filter command,$(firstword $(origin $(name)))), $(name)='$($(name))'))

.PHONY: help setup run test check bench bench-debian debian requirements clean

help:
	@cat <<-'END'
	make setup         the virtual environment in .venv, with .venv/bin/abri
	make run           a demonstration on https://localhost:8443/ (Ctrl-C ends it)
	make test          every test there is; installs the Debian packages that they need
	make bench         Abri beside other servers, into docs/benchmarks.md, docs/limits.md
	make check         format, lint, layers, types and the quick tests: under a minute
	make requirements  work out requirements/*.txt again from requirements/*.in
	make clean         remove what the other targets made, but not the data in run/
	END

setup: .venv/.ready
	@:

.venv/.ready: .venv/.installed pyproject.toml requirements/run.in
	@$(PIP) install --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q admin authn davserver policies
	touch $@

.venv/.installed: requirements/dev.txt | $(BIN)/python
	@$(PIP) install --require-hashes --requirement requirements/dev.txt
	touch $@

# Debian's Python comes without what makes virtual environments; its package is asked for then.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Abri needs Python 3.11")'
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  $(SUDO) apt-get update -qq; \
	  DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -qq -y python3-venv >/dev/null; }
	$(PYTHON) -m venv .venv

run: setup
	@if [ ! -e $(CONFIG) ]; then
	  $(BIN)/abri init $(RUN)
	fi
	# Again at every start: it makes what is missing, and prints addresses, names and passwords.
	$(BIN)/abri --config $(CONFIG) demo
	exec $(BIN)/abri --config $(CONFIG) serve

# Only what is missing is installed, so that a second run needs neither network nor root.
debian:
	@missing=$$(for name in $(DEBIAN); do \
	  dpkg-query -W -f '$${Status}' "$$name" 2>/dev/null | grep -q 'install ok installed' \
	    || echo "$$name"; done)
	if [ -n "$$missing" ]; then
	  echo "installing Debian packages:" $$missing
	  $(SUDO) apt-get update -qq
	  # Debian asks this program before it starts a service (Debian policy §9.3.3.1).
	  asked=/usr/sbin/policy-rc.d
	  if [ ! -e $$asked ]; then
	    printf '#!/bin/sh\nexit 101\n' | $(SUDO) tee $$asked >/dev/null
	    $(SUDO) chmod +x $$asked
	    trap '$(SUDO) rm -f /usr/sbin/policy-rc.d' EXIT
	  fi
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
	    --no-install-recommends $$missing >/dev/null
	  # What is new here and would serve from the next start on: the tests start their own.
	  services=
	  case " $$missing " in *" slapd "*) services=slapd ;; esac
	  case " $$missing " in *" nginx-light "*) services="$$services nginx" ;; esac
	  case " $$missing " in *" samba "*) services="$$services smbd nmbd winbind samba-ad-dc" ;; esac
	  for name in $$services; do
	    $(SUDO) systemctl --quiet disable "$$name" 2>/dev/null || :
	  done
	fi

test: setup debian
	@$(BIN)/pytest -q -n $(WORKERS) --dist worksteal

# PostgreSQL and the long list of tampered rows wait for `make test`.
check: setup
	@$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports
	$(BIN)/mypy --no-error-summary
	$(BIN)/pytest -q -n $(WORKERS) -m 'not slow and not postgres' -k 'not mallory' tests/unit tests/contract tests/property \
	  tests/arch/test_arch_packages.py tests/arch/test_arch_docs.py

# rclone and WsgiDAV come from PyPI into an environment of their own, Apache and nginx from Debian;
# whoever cannot be installed is left out. SERVERS="rclone-crypt wsgidav abri" names some.
bench: setup $(PEERS)/.installed bench-debian
	@$(BIN)/python -m benchmarks.beside --rounds $(ROUNDS) --page docs/benchmarks.md \
	  --json build/bench.json --command "$(strip $(BENCH_COMMAND))" $(SERVERS)
	$(BIN)/python -m benchmarks.limits --json build/bench.json --page docs/limits.md

bench-debian:
	@$(MAKE) --no-print-directory debian DEBIAN='$(BENCH_DEBIAN)' \
	  || echo "not all of Debian's packages could be installed: their servers are left out"

$(PEERS)/.installed: requirements/peers.txt | $(BIN)/python
	@$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip -qq --disable-pip-version-check install --require-hashes \
	  --requirement requirements/peers.txt
	touch $@

# Versions and hashes for every platform; no address of a package index is written.
requirements: .venv/.installed
	@$(PIP) install uv
	for name in run dev peers; do
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	    --no-emit-index-url --custom-compile-command 'make requirements' $(UPGRADE) \
	    requirements/$$name.in --output-file requirements/$$name.txt
	done

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
