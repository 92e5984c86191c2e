"""What a PROPPATCH will do, worked out before anything is asked of the gate."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from davserver.dav.errors import REASON_NAMESPACE
from davserver.dav.french import said
from davserver.dav.multistatus import OK, Propstat, empty_element
from davserver.dav.properties import CATEGORY, LIVE
from davserver.dav.xmlbody import text_of
from davserver.dav.xmltext import escape
from davserver.domain.actions import Category
from davserver.domain.advice import advice
from davserver.domain.drive import Classify, Patch, PropertyChange
from davserver.domain.errors import Reason
from davserver.domain.languages import Language
from davserver.http.dates import from_unix, parsed_http_date

_DATES = {
    # rclone sends seconds since 1970, others what PROPFIND showed them
    "{DAV:}lastmodified": lambda text: from_unix(text) or parsed_http_date(text),
    "{DAV:}getlastmodified": lambda text: parsed_http_date(text) or from_unix(text),
}
_PROTECTED = "<D:cannot-modify-protected-property/>"
_NO_CATEGORY = (
    "This is not a category: write identity, housing, income, work, health, justice, family or "
    "unclassified."
)
_FORBIDDEN, _CONFLICT, _DEPENDS = "403 Forbidden", "409 Conflict", "424 Failed Dependency"


class Wrong(Enum):
    """Why a property cannot be changed: the status, and what is said about it."""

    PROTECTED = (_FORBIDDEN, Reason.PROTECTED_PROPERTY)
    OWNER_ONLY = (_FORBIDDEN, Reason.OWNER_ONLY)
    NO_DATE = (_CONFLICT, "This is not a date.")
    NO_CATEGORY = (_CONFLICT, _NO_CATEGORY)
    OTHERS = (_DEPENDS, "Nothing was changed, because another property could not be.")

    def __init__(self, status: str, about: Reason | str) -> None:
        self.status = status
        self.about = about

    def explained(self, language: Language) -> str:
        """What follows the status of a propstat (RFC 4918 §14.22)."""
        if not isinstance(self.about, Reason):
            return _described(said(self.about, language), language)
        code = f'<reason xmlns="{REASON_NAMESPACE}">{self.about}</reason>'
        described = _described(advice(self.about, language), language)
        return f"<D:error>{_PROTECTED}{code}</D:error>{described}"


def _described(sentence: str, language: Language) -> str:
    words = f'<D:responsedescription xml:lang="{language}">{escape(sentence)}'
    return words + "</D:responsedescription>"


CATEGORY_REFUSED = {
    Reason.OWNER_ONLY: Wrong.OWNER_ONLY,
    Reason.PROTECTED_PROPERTY: Wrong.PROTECTED,
}
"""What the gate says about a category, as an answer about that one property."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`patch` is what to change. `wrong` says for a name why it cannot be changed."""

    names: tuple[str, ...]
    patch: Patch
    wrong: dict[str, Wrong]

    def without(self, name: str, why: Wrong) -> "Plan":
        return replace(self, wrong=self.wrong | {name: why})


def plan_of(changes: tuple[PropertyChange, ...]) -> Plan:
    """What each of the changes means: a dead property, a date, a category, or nothing."""
    dead: list[PropertyChange] = []
    wrong: dict[str, Wrong] = {}
    modified: datetime | None = None
    classify: Classify | None = None
    for change in changes:
        if change.name in _DATES and change.xml is not None:
            modified = _DATES[change.name](text_of(change.xml))
            if modified is None:
                wrong[change.name] = Wrong.NO_DATE
        elif change.name == CATEGORY:
            classify = _classify(change)
            if classify is None:
                wrong[change.name] = Wrong.NO_CATEGORY
        elif change.name in LIVE:
            wrong[change.name] = Wrong.PROTECTED
        else:
            dead.append(change)
    names = tuple(dict.fromkeys(change.name for change in changes))
    return Plan(names, Patch(tuple(dead), modified, classify), wrong)


def _classify(change: PropertyChange) -> Classify | None:
    """Removed or empty: the folder's counts. None where it is no category."""
    word = "" if change.xml is None else text_of(change.xml)
    if not word:
        return Classify(None)
    return Classify(Category(word)) if word in set(Category) else None


def outcome(plan: Plan, language: Language) -> Iterator[Propstat]:
    """All succeeded, or each that is wrong has its reason and the others depended on it (RFC 4918
    §9.2.1).
    """
    usual = Wrong.OTHERS if plan.wrong else None
    for why in (None, *Wrong):
        names = [name for name in plan.names if plan.wrong.get(name, usual) is why]
        if names:
            elements = "".join(map(empty_element, names))
            if why is None:
                yield Propstat(OK, elements)
            else:
                yield Propstat(why.status, elements, why.explained(language))
