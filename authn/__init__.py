"""Who: credentials, signing in, and the directory of people. What they may is not known here.

Read `credentials`, `login`, `facts`, `password_check`, then `sign_in_cache` and `cached_sign_in`.

Signing in:
    credentials         what people prove themselves with
    login               from a credential to a principal
    login_name          what a login may look like, and when two are one
    facts               what is known of a person from one moment
    fact_statements     the statement that reads it
    principals          from facts to a principal
    standing            whether a credential may be used
    visits              one sign-in under way
    sign_in_cache       whoever was here a moment ago is let in at once
    cached_sign_in      and revalidated before anything comes of it
    refusing            how those leave who are not
    memory              short memories of a process
    sessions            browsers that are signed in
    session_ends        how that ends
    certificate_check   whose a client certificate is
    certificates        reading one
    known_key           by what it is known again

Passwords:
    password_check      whether it is right
    passwords           Argon2id
    password_rules      what a new one must be
    verifiers           what is stored of a secret
    throttle            guessing is slowed down
    counts              what the throttle keeps
    uses                the day of a credential's last use
    notes               small writes after a sign-in

People:
    registered          looking up whoever is
    register            adding and changing them
    rows                rows ↔ what they mean
    row_writing         rows with their MAC
    texts               what names may be
    workforce           everybody who can have a grant

Staff of structures:
    staff               what sign-in needs for them
    staff_names         whose a typed name is
    staff_check         whether the directory knows that password
    staff_ask           one question to it
    staff_register      writing down who comes
    guesses             how many wrong passwords reach it
    single_flight       one question at a time, its answer for all who ask meanwhile
    directories         the directories of this instance
    directory_accounts  rows of accounts in them
    directory_people    all who come from one
    directory_syncs     who looks at all of one
    arrivals            what the gate does for sign-in
    ldap/               the protocol
"""
