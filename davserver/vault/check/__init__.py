"""Whether what is stored fits together. Read `check`; each other file is one look that it takes.

In reading order:
    check      all checks of one vault
    findings   what a check can find
    rows       what is read for the checks
    tree       whether everything hangs where it may
    blobs      whether rows and bytes fit
    contents   every stored byte
    locks      locks
    authority  rows that carry authority
    trail      rows against what the trail last said of them
    policy     the policy in force
"""
