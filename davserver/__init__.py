"""Abri's server. Upper layers come last; none knows one that stands below it here.

In reading order:
    domain/   the words of the field, and what can go wrong
    config/   `config.yaml`, checked
    db/       the database: tables, transactions, what is remembered
    sealing/  formats and keys
    http/     what both fronts know of HTTP
    vault/    the encrypted store
    trail/    the record of what was done
    gate/     the use cases: who may, and doing it (with `authn` and `policies` beside)
    wiring/   builds all of it
    dav/      the drives
    web/      the pages
    serving/  an HTTPS server around both
"""
