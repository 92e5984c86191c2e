"""The `abri` command: one file for each group of commands, or for one command of a large group.

Read `main`, `session`, `output`, then `grants` as an example. All else is asked of the gate.

In reading order:
    main                 finds the group that is named; errors become messages and exit codes
    exits                exit codes
    session              the services, who acts, and when
    settings_of          from a command to its settings
    output               tables, JSON, times
    speaking             in which language, and sentences in it
    catalogue            a `.po`
    told                 what the layers below say
    words                words that stand alone
    usage                what Typer says: help, and what is mistyped
    sentences            all sentences, for translators
    progress             a bar for what takes long
    refusals             reasons in words
    instants             moments as commands take them
    ids                  ids as commands take them
    sign_in              somebody's own sign-in at the machine
    new_password         read or typed twice
    logs                 where log lines go
    finding              what a question of `doctor` finds

Setting up and serving:
    init                 `abri init`
    listen               HOST:PORT
    certificate          a certificate for this machine alone
    certificates         `abri certificate`
    serve                `abri serve`
    served               what a worker of it serves
    database             `abri database`
    keys                 `abri keys`
    doctor               `abri doctor`
    doctor_checks        its questions
    doctor_keys          those about the key
    doctor_policy        those about the policy
    doctor_certificates  those about certificates
    demo                 `abri demo`
    demo_cast            its people
    demo_documents       their documents
    demo_formats         small files of the usual formats
    demo_picture         a JPEG
    demo_passwords       the file of their passwords

People and what they share:
    people               `abri person`
    structures           `abri structure`
    app_passwords        `abri app-password`
    client_certificates  `abri client-certificate`
    affiliations         `abri affiliation`
    grants               `abri grant`
    offers               what waits for a yes
    why                  `abri grant why`

Vaults:
    vaults               `abri vault`
    nets                 its recall, undo and resume
    category             its category
    locks                `abri lock`
    trail                `abri trail`

Directories of staff:
    directory            `abri directory`
    directory_check      whether its settings work
    directory_show       whom Abri has from it
    directory_sync       looking at all of it
    directory_words      a synchronisation in words
    directory_report     what somebody opened
    directory_people     people who come from one

Policy:
    policy               `abri policy`
    policy_check         every mistake
    policy_lint          rules that do nothing
    policy_diff          what changes
    policy_impact        for whom
    policy_explain       why
    policy_test          cases and promises
    trial_words          a trial in words
    policy_mistakes      mistakes in its files, in words
    policy_replay        the decision log with other rules
    policy_activation    status, apply, rollback
    policy_approve       the second pair of eyes
    policy_sign          signatures
"""
