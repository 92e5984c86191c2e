"""What becomes of every column of every table when Mallory writes into it. A new column is in no
list until somebody has decided: tests/contract/test_mallory_columns.py asks that they are complete.

FOUND: `abri vault check` (which verifies the trails too) names it, whatever was written. SILENT:
the check says nothing, or not always; and why that is enough. In no case does anybody see a path,
or read a content, that was not theirs: that is asked for each column alike.

A case is `victim.column`; with `=none` where a value is taken away; `victim removed` and
`victim copied` for whole rows. The victims: VICTIMS in the test.
"""

_NODE = (
    "id vault_id space_id parent_id kind state name_idx name_ci_idx twin rec_ct row_version epoch "
    "etag maker_id author_id created modified made_at made_by_other"
)
_BLOB = "id vault_id store format suite chunk_log2 size_cipher digest_alg digest state lease_until"
_GRANT = (
    "id vault_id node_id parent_id to_kind to_id right starts until ended_at ended_by created_by "
    "created allowance used display_ct folder_idx name_idx purpose_ct purpose_idx row_version "
    "row_mac"
)

FOUND: dict[str, str] = {
    "epoch": "policy",
    "person": "id login login_key role state language profile_ct profile_version generation "
    "created changed row_mac removed copied",
    "credential": "id person_id kind label_ct label_ct=none verifier_ct read_only generation "
    "created expires_at revoked_at row_mac removed copied",
    "revoked credential": "id person_id kind label_ct label_ct=none verifier_ct read_only "
    "generation created expires_at revoked_at revoked_at=none row_mac removed copied",
    "structure": "id slug name kind time_zone created row_mac removed copied",
    "membership": "id person_id structure_id role starts ends source confirmed_at row_mac removed "
    "copied",
    "directory_account": "id person_id directory entry_id state since confirmed_at generation "
    "row_mac removed copied",
    "directory_sync": "id directory synced_at synced_at=none row_mac copied",
    "grant_suspension": "id grant_id person_id structure_id since row_mac removed copied",
    "resting grant": f"{_GRANT} removed copied",
    "vault": "id owner_id root_id key_gen index_ct idx_gen quota used created erased_at row_mac "
    "removed copied",
    "space": "id vault_id kind mode cur_epoch created row_mac removed copied",
    "space_epoch": "space_id epoch reason link created retired_at row_mac removed copied",
    "key_wrap": "id space_id epoch rcpt_type rcpt_id kek_id kek_id=none alg ctx_version wrapped "
    "grant_id created_by created revoked_at row_mac removed copied",
    "inline blob": f"{_BLOB} digest=none inline_ct inline_ct=none charged_to removed copied",
    "stored blob": f"{_BLOB} digest=none inline_ct charged_to charged_to=none removed copied",
    "root": f"{_NODE} blob_id trashed_at trashed_by left_parent left_idx left_at left_by removed "
    "copied",
    "folder": f"{_NODE} parent_id=none blob_id trashed_at trashed_by left_parent left_idx left_at "
    "left_by removed copied",
    "file": f"{_NODE} parent_id=none blob_id blob_id=none trashed_at trashed_by left_parent "
    "left_idx left_at left_by removed copied",
    "moved file": f"{_NODE} parent_id=none blob_id blob_id=none trashed_at trashed_by "
    "left_parent=none left_idx=none left_at=none left_by=none removed copied",
    "trashed file": f"{_NODE} parent_id=none blob_id blob_id=none trashed_at=none trashed_by=none "
    "left_parent left_idx left_at left_by removed copied",
    "version": "node_id version vault_id space_id epoch blob_id etag rec_ct author_id made_at "
    "removed copied",
    "lock": "id vault_id node_id grant_id owner_ct copied",
    "grant": f"{_GRANT} removed copied",
    "team grant": f"{_GRANT} removed copied",
    "ended grant": f"{_GRANT} ended_at=none ended_by=none removed copied",
    "affiliation": "id vault_id structure_id state requested_by requested_at confirmed_at ends "
    "ended_at ended_by row_version row_mac removed copied",
    "affiliation_request": "id structure_id requested_by vault_id vault_id=none login_ct code_mac "
    "tries requested_at expires_at ends answered_at answer row_version row_mac removed copied",
    "grant_offer": "id vault_id node_id to_kind to_id right starts until renews says_ct created "
    "expires_at answered_at answer row_version row_mac removed copied",
    "policy_proposal": "id digest files instead_of signed_at created row_mac copied",
    "policy_approval": "id proposal_id person_id created row_mac copied",
    "policy_generation": "id number digest files origin brought_back signed_at created row_mac "
    "removed copied",
    "trail": "vault_id seq at prev payload_hash actor_hash rows rows=none link payload_ct actor_id "
    "actor_id=none actor_ct actor_ct=none removed copied",
    "trail_head": "vault_id seq head mac removed copied",
    "trail_actor": "person_id key_ct removed copied",
}

_ETAGS = "moves ETags, so that a program may read again, or not see a change: no right hangs on it"
_SIDE = "a side file is of no vault and of one day: what was altered is absent"
_LOCK = "locks guard against mishaps: they give no right, and whoever writes here needs none"
_WINDOW = (
    "a read of the last ten minutes is a counter, and an entry only then: until then it can be "
    "changed or hidden by whoever writes the database (docs/checking.md)"
)
_JOURNAL = (
    "a reading of the last second may be passed over, or told again: a moment later it could be "
    "changed or hidden in its window"
)
_EPOCH = (
    "rights are read anew in each request; only transfers that run, and keys kept for at most five "
    "minutes, ask this counter"
)
_COUNTED = (
    "gives no right: where it is put back, a process may go on for five minutes at most with what "
    "it knew, which an old row that is put back does for longer"
)
_GUESSES = "counts wrong passwords: whoever resets it gains guesses, at the cost of one Argon2 each"
_PACE = (
    "a pause guards against mishaps: without it somebody has what their grant gives anyway, and "
    "what they change can be undone; with one, they only read until the owner lifts it"
)
_TOLD_ONLY = "told to people and programs, and to nothing that decides"
_UNUSED = "nothing reads it yet"
_SAVE = "only tells the last step of a save from a removal, where the same person made both files"

_TURN = "two look at a directory at once, or nobody does for some minutes: what it says is the same"
_PLAN = (
    "only ends what a directory has said is over, or lets it wait: it is asked about each of those "
    "concerned by name before, and nothing that waits gives anybody a right"
)

_TOLD_AT = "tells owners once more, or not, of what others gained"
_WAITS = "a change that was asked for has to be asked for, or approved, once more"

_NOTICE = (
    "is sealed for whom it tells, and left out if altered; what it told of stands in the trail"
)

SILENT: dict[str, str] = {
    "affiliation.last_activity": "puts off, or brings on, the end after two idle years, as "
    "anything that the structure does on the drive would",
    "notice.id": _NOTICE,
    "notice.person_id": _NOTICE,
    "notice.kind": _NOTICE,
    "notice.payload_ct": _NOTICE,
    "notice.created": _TOLD_ONLY,
    "notice.sent_at": _NOTICE,
    "notice removed": _NOTICE,
    "notice copied": _NOTICE,
    "directory_sync.turn_until": _TURN,
    "directory_sync.turn_until=none": _TURN,
    "directory_sync.held": _PLAN,
    "directory_sync.held=none": _PLAN,
    "directory_sync.held_at": _TOLD_ONLY,
    "directory_sync.held_at=none": _TOLD_ONLY,
    "directory_sync.confirmed": _PLAN,
    "directory_sync.confirmed=none": _PLAN,
    "directory_sync removed": "then that directory was never looked at as a whole: what was known "
    "of its people is only older",
    "epoch.id": "there is one row, and nothing asks for its number",
    "epoch.instance_id": _TOLD_ONLY,
    "epoch.revocation": _EPOCH,
    "epoch.keys": _EPOCH,
    "epoch.unicode_version": _TOLD_ONLY,
    "epoch.created": _TOLD_ONLY,
    "epoch removed": "nobody is let in, no command runs: the instance says that it is not set up",
    "epoch copied": "the first of them is read, and either says the same",
    "changed.shard": _COUNTED,
    "changed.people": _COUNTED,
    "changed.sharing": _COUNTED,
    "changed.folders": _COUNTED,
    "changed removed": _COUNTED,
    "changed copied": _COUNTED,
    "credential.last_used_day": _TOLD_ONLY,
    "credential.last_used_day=none": _TOLD_ONLY,
    "revoked credential.last_used_day": _TOLD_ONLY,
    "throttle.key": _GUESSES,
    "throttle.failures": _GUESSES,
    "throttle.last_at": _GUESSES,
    "throttle.blocked_until": _GUESSES,
    "throttle removed": _GUESSES,
    "throttle copied": _GUESSES,
    "inline blob.created": _TOLD_ONLY,
    "inline blob.last_scrub": _UNUSED,
    "inline blob.scrub_state": _UNUSED,
    "stored blob.created": _TOLD_ONLY,
    "stored blob.last_scrub": _UNUSED,
    "stored blob.scrub_state": _UNUSED,
    "moved file.left_parent": _SAVE,
    "moved file.left_idx": _SAVE,
    "moved file.left_at": _SAVE,
    "moved file.left_by": _SAVE,
    "trashed file.trashed_at": "lets the trash go sooner or later; that it went is in the trail",
    "trashed file.trashed_by": _TOLD_ONLY,
    "version.replaced_at": "orders versions for lists and thinning; the trail has what is thinned",
    "folder_change.folder_id": _ETAGS,
    "folder_change.tag": _ETAGS,
    "folder_change.count": _ETAGS,
    "folder_change.at": _ETAGS,
    "folder_change removed": _ETAGS,
    "folder_change copied": _ETAGS,
    "lock.token": _LOCK,
    "lock.person_id": _LOCK,
    "lock.exclusive": _LOCK,
    "lock.deep": _LOCK,
    "lock.created": _LOCK,
    "lock.timeout": _LOCK,
    "lock.expires_at": _LOCK,
    "lock removed": _LOCK,
    "scratch.id": _SIDE,
    "scratch.person_id": _SIDE,
    "scratch.folder_id": _SIDE,
    "scratch.name_idx": _SIDE,
    "scratch.rec_ct": _SIDE,
    "scratch.content_ct": _SIDE,
    "scratch.size_cipher": _SIDE,
    "scratch.etag": _SIDE,
    "scratch.modified": _SIDE,
    "scratch.expires_at": _SIDE,
    "scratch removed": _SIDE,
    "scratch copied": _SIDE,
    "pace.person_id": _PACE,
    "pace.vault_id": _PACE,
    "pace.opened_at": _PACE,
    "pace.count": _PACE,
    "pace.batch_from": f"{_PACE}; an undo shows first what it would take back",
    "pace.batch_from=none": _PACE,
    "pace.paused_at": _PACE,
    "pace removed": _PACE,
    "pace copied": _PACE,
    "policy_proposal removed": _WAITS,
    "policy_approval removed": _WAITS,
    "policy_generation.told_at": _TOLD_AT,
    "policy_generation.told_at=none": _TOLD_AT,
    "policy_folder.id": _TOLD_ONLY,
    "policy_folder.digest": _TOLD_ONLY,
    "policy_folder.verdict": _TOLD_ONLY,
    "policy_folder.problems": _TOLD_ONLY,
    "policy_folder.seen_at": _TOLD_ONLY,
    "policy_folder.held": "lets files come into force that an administrator saved, or keeps them "
    "waiting",
    "policy_folder removed": _TOLD_ONLY,
    "policy_folder copied": _TOLD_ONLY,
    "trail.payload_ct=none": "an entry's content may be erased by rule: `abri trail verify` counts",
    "trail_actor.created": _TOLD_ONLY,
    "read_window.person_id": _WINDOW,
    "read_window.etag": _WINDOW,
    "read_window.vault_id": _WINDOW,
    "read_window.node_id": _WINDOW,
    "read_window.grant_id": _WINDOW,
    "read_window.grant_id=none": _WINDOW,
    "read_window.detail_ct": _WINDOW,
    "read_window.count": _WINDOW,
    "read_window.opened_at": _WINDOW,
    "read_window.last_at": _WINDOW,
    "read_window removed": _WINDOW,
    "read_window copied": _WINDOW,
    "reading_journal.id": _JOURNAL,
    "reading_journal.number": _JOURNAL,
    "reading_journal.told_at": _JOURNAL,
    "reading_journal removed": _JOURNAL,
    "reading_journal copied": _JOURNAL,
}

EMPTY: dict[str, str] = {
    "principal_key": _UNUSED,
    "principal_key_wrap": _UNUSED,
}
"""Tables that nothing writes yet. Whoever writes the first row decides for their columns."""

ELSEWHERE: dict[str, str] = {
    "web_session": "tests/contract/test_web_sessions.py",
    "sharing_code": "tests/contract/test_gate_sharing_codes.py",
}
"""Not of any vault, and tried column by column where they are tested."""

AT_START: dict[str, str] = {
    "instance_key": "tests/contract/test_mallory_instance.py",
    "kek": "tests/contract/test_mallory_instance.py",
}
"""Read when a process starts, and tried where that is tried."""
