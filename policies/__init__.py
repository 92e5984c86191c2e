"""May they: rule files, the decision, and what explains, compares and tries rules.

Read `vocabulary`, `invariants`, `decider`, `snapshot`, `engine`, then `loader`. The rule set that
is shipped lies beside them.

The decision:
    vocabulary        every word that Casbin may see
    invariants        what no file can change
    decider           the decision: the only place that makes a `Permit`
    ties              what ties a person to a thing
    snapshot          one loaded set of files, immutable
    engine            Casbin
    table             the same rules as bitmaps, which say why
    in_force          from the number in the database to the judge
    generations       the sets that were in force, and the one that is
    proposals         a set that waits for two administrators
    logged            a line of the decision log

The files:
    folder            a folder of them at one moment
    loader            from a folder to a snapshot, or every problem
    sheet             one file: lines, fields, columns
    encodings         bytes to text
    problems          all that can be wrong
    rules             rules.csv
    groups            groups.csv
    networks          networks.csv
    calendars         calendars.csv
    closings          its days of closing
    holidays          public holidays
    hours             from a moment to a slot
    kinds_of_days     of which kinds a date is
    directory_groups  directory-groups.csv
    sharing_on        rules about sharing on
    signing           signatures of a folder
    signing_keys      keys for them
    last_seen         what the folder was when it was last looked at

Why:
    explain           why a decision came out so
    changes           what would make it another
    texts             the same in words
    terms             words of a box

What changes between two sets:
    diff              over everything that a request can be
    diff_texts        in sentences
    facts             what words stand for, where that differs
    pairs             two words for one fact
    pairs_of_hours    the same for slots
    pair_space        all questions, in the words of both
    side              one of two tables
    tree              where their answers differ
    boxes             few rectangles that cover it
    moments           the circumstances of a comparison
    ways              what both say of one way
    place_changes     places that directories give
    replay            what other rules would have said

Whether a set is good:
    lint              rules that do nothing
    worth             what each rule is good for
    space             every question there can be
    cells             rectangles of it
    classes           values that no rule tells apart
    trials            a candidate put to the test
    case_files        cases of administrators
    case_words        their keys
    toml_places       where a key stands
    cases             one of them
    alike             those of its questions that have one answer
    promises          what holds whatever the rules say
    stage             made-up people for them
    spoiling          a question that becomes nobody's business
"""
