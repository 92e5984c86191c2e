"""The keys of one `[[case]]`, each read for itself so that all that is wrong is told at once."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from ipaddress import ip_address
from typing import Any
from zoneinfo import ZoneInfo

from davserver.domain.actions import Relation, Right, Zone
from davserver.domain.errors import Reason
from policies.cases import Case, Expected, Word
from policies.changes import REASONS
from policies.closings import FIRST_YEAR, LAST_YEAR
from policies.hours import zone_named
from policies.invariants import OWN_REVOKE, REFUSALS
from policies.problems import Code, Report, nearest
from policies.rules import EFFECTS
from policies.snapshot import Snapshot
from policies.toml_places import TomlPlaces
from policies.vocabulary import ANY, FIXED, Column, Vocabulary

KEYS = (
    "name", "role", "relation", "action", "category", "structure", "from", "zone", "auth",
    "when", "slot", "time-zone", "slug", "right", "device", "expect", "reason", "rule",
)  # fmt: skip
REQUIRED = ("name", "role", "relation", "action", "expect")
"""What a case must say; what else it leaves out is tried with every word."""
CLASHES = (("from", "zone"), ("when", "slot"))
READ_ONLY_DEVICE = "read-only"

REASONS_OF_A_NO = tuple(
    dict.fromkeys((*REASONS.values(), Reason.POLICY, *(one.reason for one in REFUSALS)))
)
INVARIANTS = (OWN_REVOKE, *(one.rule for one in REFUSALS))

_EXPLICIT = "Write a date and a time, as in 2026-01-14 10:00."
_DATE_ONLY = len("2026-01-14")
_NO_GROUPS = (Column.ZONE, Column.AUTH, Column.SLOT)


class CaseReader:
    """One table of a file."""

    def __init__(
        self, file: str, places: TomlPlaces, index: int, table: dict[str, Any], report: Report
    ) -> None:
        self._file = file
        self._places = places
        self._index = index
        self._table = table
        self._report = report
        self._sound = True

    def read(self, snapshot: Snapshot) -> Case | None:
        """None where anything is wrong with it."""
        self._check_keys()
        vocabulary = snapshot.vocabulary
        expected = self._expected(snapshot)
        case = Case(
            name=self._one_text("name"),
            file=self._file,
            line=self._places.table(self._index)[0],
            roles=self._words(Column.ROLE, vocabulary),
            relations=self._words(Column.RELATION, vocabulary),
            actions=self._words(Column.ACTION, vocabulary),
            categories=self._words(Column.CATEGORY, vocabulary),
            structures=self._structures(vocabulary),
            zones=self._zones(snapshot),
            auths=self._words(Column.AUTH, vocabulary),
            slots=self._slots(snapshot),
            own_slots=self._own_slots(snapshot),
            rights=tuple(map(Right, self._of("right", tuple(Right)))) or (Right.WRITE,),
            read_only=bool(self._one_of("device", (READ_ONLY_DEVICE,))),
            expected=expected,
        )
        if self._sound and not case.size(vocabulary.values[Column.STRUCTURE]):
            message = "This case asks nothing: one of its groups stands for no word."
            self._wrong(Code.BAD_CASE_VALUE, message, "name")
        return case if self._sound else None

    def _wrong(
        self, code: Code, message: str, key: str, word: str = "", hint: str | None = None
    ) -> None:
        self._sound = False
        places = self._places
        place = places.word(self._index, key, word) if word else places.key(self._index, key)
        self._report.add(self._file, place, code, message, hint)

    def _check_keys(self) -> None:
        for key in self._table:
            if key not in KEYS:
                message = f"“{key}” is nothing that a case can say."
                self._wrong(Code.UNKNOWN_CASE_KEY, message, key, hint=nearest(key, KEYS))
        for key in REQUIRED:
            if key not in self._table:
                message = f"This case does not say its {key}."
                self._wrong(Code.MISSING_CASE_KEY, message, key)
        self._check_clashes()

    def _check_clashes(self) -> None:
        for one, other in CLASHES:
            if one in self._table and other in self._table:
                message = f"Write either {one} or {other}, not both."
                self._wrong(Code.CLASHING_KEYS, message, other)
        for key in ("time-zone", "slug"):
            if key in self._table and "when" not in self._table:
                message = f"A {key} says nothing without a “when”."
                self._wrong(Code.CLASHING_KEYS, message, key)

    def _texts(self, key: str) -> tuple[str, ...]:
        """The value as a list of texts; empty if it is left out or wrong."""
        value = self._table.get(key)
        values = value if isinstance(value, list) else [value]
        if value is None:
            return ()
        if not values:
            self._wrong(Code.BAD_CASE_VALUE, f"The list of {key} is empty.", key)
        if not all(isinstance(one, str) and one for one in values):
            message = f"{key} is a word between quotes, or a list of such words."
            self._wrong(Code.BAD_CASE_VALUE, message, key)
            return ()
        return tuple(values)

    def _one_text(self, key: str) -> str:
        if isinstance(self._table.get(key), list):
            self._wrong(Code.BAD_CASE_VALUE, f"{key} is one text, not a list.", key)
            return ""
        return next(iter(self._texts(key)), "")

    def _one_of(self, key: str, choices: Collection[str]) -> str:
        word = self._one_text(key)
        return word if word and self._is_known(key, word, choices) else ""

    def _is_known(self, key: str, word: str, choices: Collection[str]) -> bool:
        if word in choices:
            return True
        message = f"“{word}” is no word of {key}."
        self._wrong(Code.UNKNOWN_CASE_WORD, message, key, word, nearest(word, choices))
        return False

    def _of(self, key: str, choices: Collection[str]) -> tuple[str, ...]:
        """The texts of a key, each of them one of `choices`."""
        found = dict.fromkeys(self._texts(key))
        return tuple(word for word in found if self._is_known(key, word, choices))

    def _words(self, column: Column, vocabulary: Vocabulary) -> tuple[str, ...]:
        """Groups and `*` stand for their words; a column that is left out for all of them."""
        values = vocabulary.values[column]
        known = vocabulary.accepts[column]
        choices = (*values, ANY) if column in _NO_GROUPS else tuple(known)
        if column.value not in self._table:
            return values
        found = self._of(column.value, choices)
        if column in _NO_GROUPS:
            return values if ANY in found else found
        meant = frozenset().union(*(known[word] for word in found))
        return tuple(value for value in values if value in meant)

    def _structures(self, vocabulary: Vocabulary) -> tuple[str, ...] | None:
        if Column.STRUCTURE.value not in self._table:
            return None
        relation = self._table.get("relation")
        if Relation.OWNER in (relation if isinstance(relation, list) else [relation]):
            message = "An owner acts for no structure: leave the structure out."
            self._wrong(Code.CLASHING_KEYS, message, "structure")
        return self._words(Column.STRUCTURE, vocabulary)

    def _zones(self, snapshot: Snapshot) -> tuple[Word, ...]:
        if "from" in self._table:
            return tuple(
                Word(snapshot.networks.zone_of(address), address)
                for address in self._texts("from")
                if self._is_address(address)
            )
        if "zone" not in self._table:
            # Nobody is helped by a case that says “from anywhere” and fails for blocked networks.
            return tuple(Word(zone) for zone in Zone if zone is not Zone.BLOCKED)
        return tuple(map(Word, self._words(Column.ZONE, snapshot.vocabulary)))

    def _is_address(self, text: str) -> bool:
        try:
            ip_address(text)
        except ValueError:
            message = f"“{text}” is no address; for a zone write zone = …"
            hint = nearest(text, FIXED[Column.ZONE])
            self._wrong(Code.BAD_CASE_MOMENT, message, "from", text, hint)
            return False
        return True

    def _slots(self, snapshot: Snapshot) -> tuple[Word, ...]:
        if "when" not in self._table:
            return tuple(map(Word, self._words(Column.SLOT, snapshot.vocabulary)))
        slug = self._one_of("slug", sorted({*snapshot.slugs, *snapshot.calendar.days.slugs}))
        return self._slots_of(slug or None, snapshot)

    def _own_slots(self, snapshot: Snapshot) -> dict[str, tuple[Word, ...]]:
        """Of the structures that have days of their own in calendars.csv and are asked about."""
        if not self._sound or "when" not in self._table or "slug" in self._table:
            return {}
        own = snapshot.calendar.days.slugs & set(snapshot.slugs)
        return {slug: self._slots_of(slug, snapshot) for slug in sorted(own)}

    def _slots_of(self, slug: str | None, snapshot: Snapshot) -> tuple[Word, ...]:
        name = self._one_text("time-zone") or snapshot.calendar.time_zone
        zone = zone_named(name)
        if zone is None:
            message = f"“{name}” is no time zone; they look like Indian/Reunion."
            self._wrong(Code.BAD_CASE_MOMENT, message, "time-zone", name)
            return ()
        found = []
        value = self._table["when"]
        if value == []:
            self._wrong(Code.BAD_CASE_VALUE, "The list of when is empty.", "when")
        for written in value if isinstance(value, list) else [value]:
            moment = self._moment(written, zone)
            span = snapshot.calendar.span(moment, name, slug) if moment else None
            if moment and span:
                local = snapshot.calendar.local_time(moment, name, slug)
                found.append(Word(span.slot, f"{moment.astimezone(zone):%Y-%m-%d} {local}"))
        return tuple(found)

    def _moment(self, written: object, zone: ZoneInfo) -> datetime | None:
        """A moment as the clocks of that zone show it, in UTC."""
        try:
            local = datetime.fromisoformat(written) if isinstance(written, str) else written
        except ValueError:
            local = None
        word = written if isinstance(written, str) else ""
        if not isinstance(local, datetime) or (word and len(word) <= _DATE_ONLY):
            message = f"“{_shown(written)}” is no moment. {_EXPLICIT}"
            self._wrong(Code.BAD_CASE_MOMENT, message, "when", word)
            return None
        if not FIRST_YEAR <= local.year <= LAST_YEAR:
            message = f"A moment lies in the years {FIRST_YEAR} to {LAST_YEAR}."
            self._wrong(Code.BAD_CASE_MOMENT, message, "when", word)
            return None
        if local.tzinfo is not None:
            return local.astimezone(UTC)
        return self._only(local, zone, word)

    def _only(self, local: datetime, zone: ZoneInfo, word: str) -> datetime | None:
        """The one moment at which the clocks there show this."""
        both = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
        meant = [one for one in both if one.astimezone(zone).replace(tzinfo=None) == local]
        if len(meant) != 1:
            times = "twice" if meant else "never"
            message = f"The clocks there show {local:%Y-%m-%d %H:%M} {times}; choose another time."
            self._wrong(Code.BAD_CASE_MOMENT, message, "when", word)
            return None
        return meant[0]

    def _expected(self, snapshot: Snapshot) -> Expected:
        allowed = self._one_of("expect", EFFECTS) == EFFECTS[0]
        reason = self._one_of("reason", REASONS_OF_A_NO)
        rule = self._one_of("rule", (*(one.id for one in snapshot.rules), *INVARIANTS))
        if reason and allowed:
            message = "Only a refusal has a reason: remove it, or expect deny."
            self._wrong(Code.CLASHING_KEYS, message, "reason")
        return Expected(allowed, Reason(reason) if reason else None, rule or None)


def _shown(written: object) -> str:
    return written.isoformat() if isinstance(written, date | time) else str(written)
