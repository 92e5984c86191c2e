"""Who can see what, and why, as one sentence in the reader's language."""

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from davserver.domain.actions import Category
from davserver.domain.grants import ToPerson
from davserver.domain.languages import Language
from davserver.domain.moments import day, moment
from davserver.domain.paths import DrivePath
from davserver.domain.refusals import REASONS
from davserver.domain.wording import Speech, words
from davserver.gate.sharing.insight import Can, Ground, Insight

CAN: dict[Language, dict[Can, tuple[str, str]]] = {
    "fr": {
        Can.CHANGE: ("peut lire et modifier", "peuvent lire et modifier"),
        Can.READ: ("peut lire", "peuvent lire"),
        Can.DEPOSIT: ("peut déposer des documents dans", "peuvent déposer des documents dans"),
        Can.REPLACE: (
            "peut remplacer, sans pouvoir l'ouvrir,",
            "peuvent remplacer, sans pouvoir l'ouvrir,",
        ),
        Can.NAME: ("voit, sans pouvoir l'ouvrir,", "voient, sans pouvoir l'ouvrir,"),
        Can.NOTHING: ("ne peut pas voir", "ne peuvent pas voir"),
    },
    "en": {
        Can.CHANGE: ("can read and change", "can read and change"),
        Can.READ: ("can read", "can read"),
        Can.DEPOSIT: ("can put documents into", "can put documents into"),
        Can.REPLACE: (
            "can replace, without being able to open it,",
            "can replace, without being able to open it,",
        ),
        Can.NAME: ("sees, without being able to open it,", "see, without being able to open it,"),
        Can.NOTHING: ("cannot see", "cannot see"),
    },
}
"""For one person, and for the professionals of a structure."""

BECAUSE: dict[Language, dict[Ground, str]] = {
    "fr": {
        Ground.OWNER: "ce coffre est le sien",
        Ground.NAMED: "{gave} le {given}{until}",
        Ground.TEAM: "{gave} le {given}{until}",
        Ground.SHARED_ON: "{gave} le {given}{until}, d'après un partage de {owner}",
        Ground.REFUSED: "{reason}",
        Ground.READS_NOTHING: "les gestionnaires et les administrateurs ne lisent aucun document",
        Ground.BLOCKED: "son compte est bloqué",
        Ground.DEPOSIT_ONLY: "{gave} le {given} pour déposer, pas pour lire",
        Ground.CATEGORY: "{gave} le {given}, mais les règles n'y montrent pas les documents de la "
        "catégorie « {category} »",
        Ground.UNFINISHED: "{gave} le {given}, mais ce document est encore en cours "
        "d'enregistrement",
        Ground.LEFT: "{gave} le {given}, mais {name} n'en fait plus partie{since}",
        Ground.JOINS: "{gave} le {given}, mais {name} n'en fait partie qu'à partir du {moment}",
        Ground.RESTING: "{gave} le {given}, mais ce partage est suspendu{since} : {name} a quitté "
        "{left}",
        Ground.SUSPENDED: "{gave} le {given}, mais ce dont ce partage dépend ne tient plus",
        Ground.UPCOMING: "{gave} le {given}, mais seulement à partir du {starts}",
        Ground.EXPIRED: "{gave} le {given}, mais seulement{until}",
        Ground.ENDED: "{gave} le {given}, mais ce partage a été arrêté le {ended}",
        Ground.NOTHING: "{owner} ne le lui a pas partagé",
    },
    "en": {
        Ground.OWNER: "this vault is their own",
        Ground.NAMED: "{gave} on {given}{until}",
        Ground.TEAM: "{gave} on {given}{until}",
        Ground.SHARED_ON: "{gave} on {given}{until}, from what {owner} shared",
        Ground.REFUSED: "{reason}",
        Ground.READS_NOTHING: "managers and administrators read no document",
        Ground.BLOCKED: "their account is blocked",
        Ground.DEPOSIT_ONLY: "{gave} on {given} to put documents in, not to read",
        Ground.CATEGORY: "{gave} on {given}, but the rules do not show documents of the category "
        "“{category}” there",
        Ground.UNFINISHED: "{gave} on {given}, but this document is still being saved",
        Ground.LEFT: "{gave} on {given}, but {name} is no longer part of it{since}",
        Ground.JOINS: "{gave} on {given}, but {name} is part of it only from {moment}",
        Ground.RESTING: "{gave} on {given}, but that share rests{since}: {name} has left {left}",
        Ground.SUSPENDED: "{gave} on {given}, but what that share stands on does not hold",
        Ground.UPCOMING: "{gave} on {given}, but only from {starts}",
        Ground.EXPIRED: "{gave} on {given}, but only{until}",
        Ground.ENDED: "{gave} on {given}, but that share was ended on {ended}",
        Ground.NOTHING: "{owner} has not shared it with them",
    },
}

CATEGORIES: dict[Language, dict[Category, str]] = {
    "fr": {
        Category.IDENTITY: "identité",
        Category.HOUSING: "logement",
        Category.INCOME: "ressources",
        Category.WORK: "travail",
        Category.HEALTH: "santé",
        Category.JUSTICE: "justice",
        Category.FAMILY: "famille",
        Category.UNCLASSIFIED: "sans catégorie",
    },
    "en": {one: one.value for one in Category},
}

PHRASES: dict[Language, dict[str, str]] = {
    "fr": {
        "yes": "{who} {can} {what} parce que {because}.",
        "no": "{who} {can} {what}, parce que {because}.",
        "alone": "Personne d'autre que {owner} ne peut voir {what}.",
        "person": "{name} ({structure})",
        "team": "Les professionnels de {structure}",
        "thing": "« {path} »",
        "whole": "tout le coffre",
        "to-person": "{giver} le lui a partagé",
        "to-person-above": "{giver} lui a partagé {shared}",
        "to-team": "{giver} l'a partagé avec {team}",
        "to-team-above": "{giver} a partagé {shared} avec {team}",
        "on": "{giver} le lui a repartagé",
        "on-above": "{giver} lui a repartagé {shared}",
        "until": " jusqu'au {until}",
        "until-day": " jusqu'au {until} inclus",
        "since": " depuis le {moment}",
    },
    "en": {
        "yes": "{who} {can} {what} because {because}.",
        "no": "{who} {can} {what}, because {because}.",
        "alone": "Nobody but {owner} can see {what}.",
        "person": "{name} ({structure})",
        "team": "The professionals of {structure}",
        "thing": "“{path}”",
        "whole": "the whole vault",
        "to-person": "{giver} shared it with them",
        "to-person-above": "{giver} shared {shared} with them",
        "to-team": "{giver} shared it with {team}",
        "to-team-above": "{giver} shared {shared} with {team}",
        "on": "{giver} shared it on to them",
        "on-above": "{giver} shared {shared} on to them",
        "until": " until {until}",
        "until-day": " until the end of {until}",
        "since": " since {moment}",
    },
}


def sentence(insight: Insight, speech: Speech, zone: tzinfo | None = None) -> str:
    """Dates are those of the structure concerned, else of `zone`, else of this machine."""
    say, subject = words(PHRASES, speech), insight.subject
    one, many = words(CAN, speech)[insight.can]
    because = words(BECAUSE, speech)[insight.ground].format(**_facts(insight, speech, zone))
    return say["no" if insight.can in {Can.NOTHING, Can.NAME} else "yes"].format(
        who=_who(insight, speech),
        can=many if subject.is_team else one,
        what=thing(insight.path, speech),
        because=because,
    )


def nobody_else(owner: str, path: DrivePath, speech: Speech) -> str:
    return words(PHRASES, speech)["alone"].format(owner=owner, what=thing(path, speech))


def thing(path: DrivePath, speech: Speech) -> str:
    say = words(PHRASES, speech)
    return say["whole"] if path.is_root else say["thing"].format(path="/".join(path.parts))


def _who(insight: Insight, speech: Speech) -> str:
    subject, say = insight.subject, words(PHRASES, speech)
    if subject.structure is None:
        return subject.name
    key = "team" if subject.is_team else "person"
    return say[key].format(name=subject.name, structure=subject.structure.name)


def _facts(insight: Insight, speech: Speech, zone: tzinfo | None) -> dict[str, str]:
    zone = _zone(insight) or zone
    facts = {
        "name": insight.subject.name,
        "owner": insight.owner,
        "reason": words(REASONS, speech)[insight.reason].because if insight.reason else "",
        "category": words(CATEGORIES, speech)[insight.category] if insight.category else "",
        "moment": moment(insight.moment, zone, speech) if insight.moment else "",
        "since": "",
        "left": insight.left.name if insight.left else "",
    }
    if insight.moment:
        facts["since"] = words(PHRASES, speech)["since"].format(moment=facts["moment"])
    return facts | _grant_facts(insight, zone, speech)


def _grant_facts(insight: Insight, zone: tzinfo | None, speech: Speech) -> dict[str, str]:
    if insight.row is None:
        return {}
    grant = insight.row.grant
    return {
        "gave": _gave(insight, speech),
        "given": day(grant.created, zone, speech),
        "starts": moment(grant.starts, zone, speech),
        "until": _until(grant.until, zone, speech),
        "ended": moment(grant.ended, zone, speech) if grant.ended else "",
    }


def _gave(insight: Insight, speech: Speech) -> str:
    assert insight.row is not None  # noqa: S101 — asked where there is a grant
    grant = insight.row.grant
    way = "on" if grant.parent else "to-person" if isinstance(grant.to, ToPerson) else "to-team"
    above = "" if insight.shared == insight.path else "-above"
    return words(PHRASES, speech)[way + above].format(
        giver=insight.giver,
        shared=thing(insight.shared or insight.path, speech),
        team=insight.team.name if insight.team else "",
    )


def _until(until: datetime | None, zone: tzinfo | None, speech: Speech) -> str:
    """The midnight at which a day ends is told as that day."""
    if until is None:
        return ""
    say, local = words(PHRASES, speech), until.astimezone(zone)
    if (local.hour, local.minute) == (0, 0):
        last = day(until - timedelta(minutes=1), zone, speech)
        return say["until-day"].format(until=last)
    return say["until"].format(until=moment(until, zone, speech))


def _zone(insight: Insight) -> tzinfo | None:
    structure = insight.team or insight.subject.structure
    return None if structure is None else ZoneInfo(structure.time_zone)
