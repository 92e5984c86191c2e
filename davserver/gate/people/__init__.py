"""People: accounts, structures, memberships, credentials; and what people are told. Read `people`,
then `desk`.

    people               what administrators and people themselves do
    accounts             each change of them
    desk                 what these do alike
    memberships          coming to a structure, leaving it
    resting              grants that rest, as whoever has them moved
    client_certificates  those of people
    teams                a manager's team
    team_members         its people
    notices              what people are to be told
    history              trails as people read them
    deeds                what somebody did in others' vaults
"""
