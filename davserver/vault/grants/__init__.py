"""Grants and what they stand on. Read `grants`, then `reading`.

In reading order:
    grants       which are live, and giving, renewing, ending them
    reading      from rows to live grants
    rows         rows ↔ grants
    statements   the statements that read them
    names        what a shared thing is called on the other side
    kin          whose grants appear on one drive, so that names must differ
    standing     what a grant stands on
    suspensions  grants that rest
    living       all living grants of the instance
"""
