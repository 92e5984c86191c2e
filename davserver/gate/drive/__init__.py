"""The drive: what the methods of WebDAV do. Read `reading` and `writing`.

In reading order:
    reading              what is there, what is in it, the bytes of a file
    noting               a reading is recorded before the first byte
    writing              files, folders, properties
    small_upload         an upload in memory, sealed before the turn
    free_names           names that nothing has
    removing             DELETE
    moving               MOVE, and what it has in common with COPY
    copying              COPY
    classifying          what a document is about
    pacing               whoever changes too much of others is stopped
    scratch              side files
    locking              LOCK and UNLOCK
"""
