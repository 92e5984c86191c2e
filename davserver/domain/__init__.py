"""The words of the field: values, with no database, no HTTP and no state. It imports nothing of
ours.

Read `people`, `paths`, `nodes`, `grants`, `actions`, `decisions` and `errors`; the rest when it is
met.

Who and what:
    people         accounts, structures, memberships, and the principal of one request
    paths          a place on a drive: the only spelling of it
    nodes          what a vault holds
    grants         a right on one node, for a professional or a structure
    offers         a grant that waits for its owner's yes
    affiliations   a structure that accompanies a beneficiary
    sharing_codes  eight letters that stand for somebody for a day
    sidefiles      what file managers leave beside documents
    ids            16 bytes each, of distinct types
    secret         bytes that do not print

May they:
    actions        the words of decisions, which are those of the policy files
    decisions      permits and denials
    conditions     If-Match and its kind, parsed
    tallies        what the policy answered within one request, counted

What comes back:
    drive          what a front gives to the gate and is given: uploads, entries, views
    several        children of a folder, a column at a time
    errors         all that can go wrong, as a tree
    refusals       each reason for a refusal, in French and English
    advice         the sentence for whoever is refused
    remedies       what would make a yes of a refusal
    wording        sentences of tables, in the reader's language
    languages      which there are
    health         how each part of an instance is
    events         what is written to the log
    alarms         what somebody must do something about
    disks          what an error of the disk means

Tools:
    lean           frozen dataclasses that are cheap to make
    words          enums that are looked up all the time
    instants       moments for machines
    moments        moments for people
    time_zones     their names
"""
