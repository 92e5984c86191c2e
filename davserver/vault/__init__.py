"""The encrypted store. Its methods take a `Permit` and act on its own target; whether somebody may
is not asked here.

Read `nodes/rows` (how a row opens), `nodes/walk` (how a path is found), `writing` (how a node is
made) and `staging` (how bytes come in).

A vault and its keys:
    vault                 making one, opening one
    unlock                its rows and keys
    kept_keys             opened keys, for minutes
    key_generations       the key-encryption keys that the database names
    rewrapping            keys wrapped under another of those
    templates             the folders that a new one starts with

Nodes:
    nodes/                rows that are opened, and found
    outline               which nodes many vaults hold, without names
    outline_rows          what is read for that

Changing:
    writing               folders, files, versions, properties
    moving                MOVE, and saves that look like one
    classifying           the category of a document
    trash                 removal and its undoing
    thinning              the oldest versions and trash go first
    undo                  what one person did, taken back
    stamps                each row that was written, as the trail takes it
    changes               counters behind the ETags of folders
    quota                 who pays for stored bytes
    pace                  how much somebody changes of others, minute by minute

Contents:
    staging               bytes on their way in, sealed before any row shows them
    pieces                an upload in pieces of whole chunks
    beside                one thread receives while another seals
    contents              opening one
    blobs/                where large ones lie
    scratch               side files
    sweep                 what nothing needs any more goes

Grants and what comes before them:
    grants/               which are live, what they stand on; giving, renewing, ending them
    deposited             what somebody put into folders a moment ago
    affiliations          rows of them
    affiliation_requests  rows of requests for them
    offers                rows of them
    sharing_codes         rows of them

Locks:
    locks/                taking, refreshing, dropping them; which there are; how they end

Checking:
    check/                whether what is stored fits together
"""
