"""Getting things back. Read `restoring`; `nets` brings the other ways together.

In reading order:
    restoring            versions and the trash
    vault_views          what is shown of a vault, its versions, its trash, its locks
    recalling            a document that was put into the wrong vault
    recallable           which may be recalled
    nets                 recall and undo, as commands and pages ask for them
    undoing              what one person did, taken back
    undone               what came of it
"""
