"""The composition root: the only place that constructs services.

Read `services`, then `opening`. What pages and commands do, and drives do not, is built by
`occasional` when it is asked for.

In reading order:
    services       who gets what, in one function
    opening        database, keyring and keys, as the settings name them
    instance       the instance's own keys
    setting_up     what `abri init` makes
    occasional     what not every worker loads
    limits         what a drive lets people do, by the settings
    directories    the directories of structures, and the sign-in that asks them
    certificates   in files, and how long they are good
    version        which Abri this is

What runs besides:
    housekeeping   windows closed, bytes swept
    looking_after  directories looked at as a whole
    policy_watch   files that somebody saves become the policy in force

Policy files:
    policy         between the settings and the decider
    naming         a set of them, as an administrator names it
    comparing      two sets
    explaining     why somebody may or may not
    replaying      the decision log, with other rules
    signers        whose signature a change must have
    signing        making keys and signatures

Health:
    health         one look at each part
    patience       what may hang is asked, and whoever asks answered in time
    lookout        the same by itself, and an alarm for what is ill
    key_watch      that the keyring has what the database needs
    expiry         that a certificate nears its end, likewise
    probing        one document of each vault, opened
"""
