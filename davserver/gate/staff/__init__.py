"""Staff from directories. Read `synchronising`, which takes all of a directory, then `roster`.

In reading order:
    synchronising        all of a directory
    sync_roll            everybody in it, beside what the database has
    sync_guard           too many endings wait for a person
    sync_turn            one process at a time
    roster               who comes, changes, leaves, comes back
    roster_plan          what becomes of one person: worked out
    settling             the same: done
    directory_care       directories as people look after them
"""
