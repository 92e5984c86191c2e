"""The directories of structures (LDAP, Active Directory): ldap3 is known to nobody else (DESIGN
§7).

Read `port`, which is all that others know, then `directory`.

In reading order:
    port       what is asked, and the three kinds of answers
    directory  a directory, as ldap3 and `kinds` make it
    kinds      what differs between kinds of software
    groups     who is in which group
    names      names there and back, escaped
    answers    what a server answers
    opening    the one that settings name

Connections:
    link       one to one server: the only file that knows ldap3
    channel    its socket: TLS, and an end to every wait
    pool       those that stay open
    servers    which one is asked
    slots      so many at a time, in turn
    breaker    a directory that is away is left alone

Finding faults:
    diagnosis  step by step, as sign-in goes
    steps      what is looked at
    reach      whether a server can be reached
"""
