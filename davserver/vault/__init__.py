"""The encrypted store. Its methods take a `Permit` and act on its own target; whether somebody may
is not asked here.

Read `rows` (how a row opens), `way` (how a path is found), `writing` (how a node is made) and
`staging` (how bytes come in).

A vault and its keys:
    vault                 making one, opening one
    unlock                its rows and keys
    kept_keys             opened keys, for minutes
    templates             the folders that a new one starts with

Nodes:
    rows                  rows ↔ opened nodes: the only module that opens or seals a record
    version_rows          the same for earlier versions
    seen                  opened rows, by their exact bytes
    held                  whole folders, for as long as a connection remembers anything
    index                 children, ancestors, subtrees; twins and what a name means
    child_rows            what lies in one folder, read lean
    way                   the way down a path
    way_statements        its statements
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

Grants and what they stand on:
    grants                which are live, and giving, renewing, ending them
    grant_reading         from rows to live grants
    grant_rows            rows ↔ grants
    grant_statements      the statements that read them
    grant_names           what a shared thing is called on the other side
    kin                   whose grants appear on one drive, so that names must differ
    standing              what a grant stands on
    suspensions           grants that rest
    living                all living grants of the instance
    deposited             what somebody put into folders a moment ago
    affiliations          rows of them
    affiliation_requests  rows of requests for them
    offers                rows of them
    sharing_codes         rows of them

Locks:
    locks                 taking, refreshing, dropping them
    live_locks            which there are on some nodes
    lock_statements       their SQL
    lock_ends             locks that end because something else does

Checking:
    check                 all checks of one vault
    check_rows            what is read for them
    check_tree            whether everything hangs where it may
    check_blobs           whether rows and bytes fit
    check_contents        every stored byte
    check_locks           locks
    check_authority       rows that carry authority
    check_trail           rows against what the trail last said of them
    check_policy          the policy in force
    findings              what a check can find
"""
