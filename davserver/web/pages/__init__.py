"""One file per subject; each function answers one row of `davserver.web.routes`.

In reading order:
    entrance      coming in and going out
    documents     folders and what is in them
    uploading     putting documents in
    versions      earlier ones
    trash         what was removed
    sharing       what I give, and its end
    offers        what would be shared in my name
    code          a code to show
    people        people who share with me
    put_in        what I put into others' safes
    history       who looked, what changed
    affiliations  who accompanies me
    accompanying  whom we accompany
    teams         my team
    devices       passwords for programs
    password      my password
    take_away     everything as a ZIP
    overview      what an administrator sees first
    refusals      what was refused lately
    health        whether the service is well
    static        files that pages use
"""
