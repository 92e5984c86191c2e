"""The gate: the use cases, and the only place that knows both policy and vault (DESIGN §2.3).

Every front comes through here. Read `tools`, `acting`, `sight`, `places`, `judging`, then `reading`
and `writing`; the others are built on these. A class is a subject, its methods are what people do;
what works inside a transaction is a function beside it.

What every use case goes through:
    tools                what all of them work with
    acting               `look` and `change`: one snapshot, one transaction; the trail's entry
    sight                what one person sees in it
    places               what a path means for them
    down                 from a place further down: judged, or where nothing is hidden at once
    walked               the way down a path, remembered
    judging              may they; and what is counted of it
    listed               what a look showed and hid, counted
    turned               a refusal of something visible, on its way out
    conditions           those of a request, and locks in its way
    consent              whether an operator's gift waits for the owner
    watch                rights that change while a transfer runs

The drive:
    reading              what is there, what is in it, the bytes of a file
    noting               a reading is recorded before the first byte
    entries              what a front may show of a place
    below                a folder's children, as a front is given them
    inside               thousands of them, a column at a time
    members              what is in a folder, judged by kinds
    writing              files, folders, properties
    small_upload         an upload in memory, sealed before the turn
    free_names           names that nothing has
    removing             DELETE
    moving               MOVE, and what it has in common with COPY
    copying              COPY
    classifying          what a document is about
    pacing               whoever changes too much of others is stopped
    deposits             what a grant to deposit shows
    scratch              side files
    locking              LOCK and UNLOCK
    lock_reach           what a lock binds
    lock_holders         what its holder sees and may write
    lock_views           locks as one person may see them
    lock_keeping         locks as the vault's owner meets them

Getting things back:
    restoring            versions and the trash
    recalling            a document that was put into the wrong vault
    recallable           which may be recalled
    nets                 recall and undo, as commands and pages ask for them
    undoing              what one person did, taken back
    undone               what came of it
    keeping              vaults as commands look after them
    vault_views          what they show of one
    upkeep               what a server does for itself
    checking             vaults and trails, looked through

Sharing:
    sharing              who gives what to whom, until when
    giving               an owner gives
    resharing            a professional shares on
    renewing             another end
    taking_back          the end, at once
    ledger               what these do alike
    shares               grants as people read them
    shared_items         what others share with somebody
    received             the same, as the top of their drive
    sharing_codes        a code instead of a name
    offers               what operators give in people's names
    offering             each step of an offer
    offer_views          offers as people read them
    resting              grants that rest, as whoever has them moved
    seeing               who can see a thing, and why
    insight              one answer to that
    seeing_texts         the same in a sentence
    unseen               why somebody does not see it

Affiliations:
    affiliations         which structure accompanies whom
    requesting           requests for them
    affiliating          from yes to the end
    affiliation_ends     those that end by themselves
    affiliation_views    as people read them
    older_affiliations   for grants from before there were any

People:
    people               accounts, structures, memberships, credentials
    accounts             each change of them
    desk                 what these do alike
    memberships          coming to a structure, leaving it
    client_certificates  those of people
    teams                a manager's team
    team_members         its people
    notices              what people are to be told
    history              trails as people read them
    deeds                what somebody did in others' vaults

Staff from directories:
    roster               who comes, changes, leaves, comes back
    roster_plan          what becomes of one person: worked out
    settling             the same: done
    synchronising        all of a directory
    sync_roll            everybody in it, beside what the database has
    sync_guard           too many endings wait for a person
    sync_turn            one process at a time
    directory_care       directories as people look after them

Policy:
    rulebook             the policy in force, another one, going back
    examining            a folder of files, compared with it
    approvals            four eyes
    policy_notices       owners are told what became visible
    widened              whose documents did
    impact               what other rules would do to people
    impact_sums          summed up, in several processes
    impact_texts         as an administrator reads it
    survey               over all living grants
    effects              what a change does to one node for one person
    descent              down a vault, as one viewer's drive shows it
    viewers              people with the same grants, together
    alike                vaults that are alike, looked at once
    pseudonyms           people in reports
    decision_log         what the policy answered, written down
    decision_files       its files
    decision_tail        its end, read backwards
    refused              what was refused lately, and why
    oversight            what an administrator sees
"""
