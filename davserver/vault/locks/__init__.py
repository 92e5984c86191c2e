"""Locks as rows. What a lock binds is judged by the gate. Read `locks`.

In reading order:
    locks       taking, refreshing, dropping them
    live        which there are on some nodes
    expected    which will be asked for, by their token
    statements  their SQL
    ends        locks that end because something else does
"""
