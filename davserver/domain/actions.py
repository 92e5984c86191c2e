"""The closed vocabulary of decisions. Every word here is a word of the policy files."""

from davserver.domain.words import Word


class Action(Word):
    """What is done to a thing. Effects, not verbs: a PUT over a file is `put`, a DELETE is
    `delete` for an owner and `recall` for whoever made the thing a moment ago.
    """

    LIST = "list"
    GET = "get"
    PUT = "put"
    MKCOL = "mkcol"
    LOCK = "lock"
    MOVE = "move"
    RECALL = "recall"
    DELETE = "delete"
    GRANT = "grant"
    REGRANT = "regrant"
    REVOKE = "revoke"
    AUDIT = "audit"
    ACCOUNT = "account"


class Relation(Word):
    """What ties a person to the thing: their own, granted to them, to their structure, or none."""

    OWNER = "owner"
    GRANTEE = "grantee"
    VIA_STRUCTURE = "via-structure"
    MANAGES = "manages"
    NONE = "none"


class Category(Word):
    """What a document is about (DESIGN §1). Travels with the document."""

    IDENTITY = "identity"
    HOUSING = "housing"
    INCOME = "income"
    WORK = "work"
    HEALTH = "health"
    JUSTICE = "justice"
    FAMILY = "family"
    UNCLASSIFIED = "unclassified"


class Strength(Word):
    """How well a sign-in was proved, weakest first."""

    APP_PASSWORD = "app-password"  # noqa: S105 — a word of the policy, not a password
    PASSWORD = "password"  # noqa: S105 — likewise
    MFA = "mfa"
    CERT = "cert"


class Zone(Word):
    """Where a request comes from, by `networks.csv`."""

    OFFICE = "office"
    VPN = "vpn"
    INTERNET = "internet"
    BLOCKED = "blocked"


class Right(Word):
    """What a grant gives."""

    READ = "read"
    WRITE = "write"
    DEPOSIT = "deposit"


_MADE_BY_THEM = frozenset(
    {Action.PUT, Action.MKCOL, Action.LOCK, Action.MOVE, Action.RECALL},
)
GIVEN: dict[Right, frozenset[Action]] = {
    Right.READ: frozenset({Action.LIST, Action.GET, Action.REGRANT}),
    Right.WRITE: frozenset({Action.LIST, Action.GET, Action.REGRANT}) | _MADE_BY_THEM,
    # Puts in and does not look: what is listed are one's own deposits of a moment ago, no more.
    Right.DEPOSIT: frozenset({Action.LIST}) | _MADE_BY_THEM,
}
"""What each right is good for. An action that no right gives is for owners only."""

GRANTABLE: frozenset[Action] = frozenset().union(*GIVEN.values())
