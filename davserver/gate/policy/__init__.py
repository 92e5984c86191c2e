"""Policy: the rules in force, what others would do, and what they answered. Read `rulebook`.

Which rules hold:
    rulebook             the policy in force, another one, going back
    examining            a folder of files, compared with it
    approvals            four eyes
    notices              owners are told what became visible
    widened              whose documents did

What others would do:
    impact               to people
    impact_sums          summed up, in several processes
    impact_texts         as an administrator reads it
    survey               over all living grants
    effects              what a change does to one node for one person
    descent              down a vault, as one viewer's drive shows it
    viewers              people with the same grants, together
    alike                vaults that are alike, looked at once
    pseudonyms           people in reports

What they answered:
    decision_log         what the policy answered, written down
    decision_files       its files
    decision_tail        its end, read backwards
    refused              what was refused lately, and why
    oversight            what an administrator sees
"""
