"""Vaults as they are looked after, by commands and by the server itself. Read `keeping`.

In reading order:
    keeping              vaults as commands look after them
    lock_keeping         locks as the vault's owner meets them
    checking             vaults and trails, looked through
    upkeep               what a server does for itself
    keys                 replacing the key that opens everything
    key_states           how keyring and database stand to each other
"""
