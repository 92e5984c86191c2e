"""The gate: the use cases, and the only place that knows both policy and vault (DESIGN §2.3).

Every front comes through here. Read `tools`, `acting`, `sight`, `places`, `judging`, then
`drive/reading` and `drive/writing`; the others are built on these. A class is a subject, its
methods are what people do; what works inside a transaction is a function beside it.

What every use case goes through:
    tools                what all of them work with
    acting               `look` and `change`: one snapshot, one transaction; the trail's entry
    sight                what one person sees in it
    places               what a path means for them
    resolving            from a walk to the place that is meant: judged step by step, or at once
    walking              the walk down a path, cached
    judging              may they
    counting             what is counted of that, for the decision log
    listed               what a look showed and hid, counted
    denied               a refusal of something visible, on its way out
    conditions           those of a request, and locks in its way
    lock_reach           what a lock binds
    lock_holders         what its holder sees and may write
    consent              whether an operator's gift waits for the owner
    shares               grants as people read them
    watch                rights that change while a transfer runs

The use cases, each folder built on none that stands below it:
    people/              accounts, structures, memberships, credentials; what people are told
    entries/             what a front may show of a place, and of what is in it
    affiliations/        which structure accompanies whom
    sharing/             who gives what to whom, until when
    drive/               what the methods of WebDAV do: read, write, move, lock
    recovery/            versions, the trash, and changes that are taken back
    care/                vaults as commands and the server itself look after them
    staff/               people who come from a structure's directory
    policy/              the rules: in force, tried out, and what they answered
"""
