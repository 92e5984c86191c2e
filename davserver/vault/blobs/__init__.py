"""Where large contents lie: byte strings under random ids, of which a store knows nothing.

In reading order:
    store  what a store promises
    disk   the one on a local disk
"""
