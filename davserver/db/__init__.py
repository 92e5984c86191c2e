"""The database: one snapshot to read from, one closure at a time to write with (DESIGN §2.4).

Whoever uses it needs `database` and `prepared`, and `tables` to look things up. The rest is how
that is quick and safe on both databases: `reader` and `reader_pool` for reading, `group_commit` and
`writers` for writing, `query_cache` and `dependencies` for caching.

Of a prepared statement `all`, `first`, `tuples` and `batches` read; `run` says how many rows it
changed, `send` and `run_for` do not; `must_change` and `must_add` raise where it went another way.

In reading order:
    database             `read`, `write` and `note`: all that others call
    tables               every table there is
    prepared             statements that are compiled once and given straight to the driver
    compiled             what a driver takes of a statement
    id_list              any number of ids as one bound value
    upserts              INSERT … ON CONFLICT for both databases
    clock                moments as the database keeps them
    authority            which columns a row's MAC covers
    engine               how both databases are opened
    failures             what a driver reports, in the domain's words; and `Retry`
    schema               the revision of the tables, and bringing it forward
    migrations/          one file for each revision

Reading:
    reader               what a reader does, one connection and its snapshots; the one of SQLite
    reader_pool          the readers of a process
    shared_snapshot      one that several processes read

Caching:
    query_cache          answers that are valid while nothing they depend on changes
    dependencies         what that is; the counters that invalidate them, moved by triggers

Writing:
    group_commit         one thread leads, and commits once for all who wait
    writers              what a writer does; the one of SQLite, with its turn among processes
    sqlite_transactions  begun and ended by the driver itself
    log                  SQLite's log, waited for after the turn
    leftovers            what was removed leaves its files
    turns                chores that one process does for all
    aside                who only waits says so, that others may compute

On PostgreSQL:
    postgres/            statements given to libpq itself, readers and writers that wait for little
"""
