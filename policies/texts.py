"""An explanation in words, French and English."""

from davserver.domain.actions import Right
from davserver.domain.advice import advice
from davserver.domain.decisions import Denial, Permit
from davserver.domain.grants import Grant
from davserver.domain.languages import Language
from davserver.domain.refusals import REASONS
from policies.explain import Attribute, Explanation, Origin
from policies.rules import FILE, Rule
from policies.vocabulary import Column

COLUMNS: dict[Language, dict[Column, str]] = {
    "fr": {
        Column.ROLE: "rôle",
        Column.RELATION: "lien",
        Column.ACTION: "action",
        Column.CATEGORY: "catégorie",
        Column.STRUCTURE: "structure",
        Column.ZONE: "réseau",
        Column.AUTH: "connexion",
        Column.SLOT: "horaire",
    },
    "en": {
        Column.ROLE: "role",
        Column.RELATION: "relation",
        Column.ACTION: "action",
        Column.CATEGORY: "category",
        Column.STRUCTURE: "structure",
        Column.ZONE: "network",
        Column.AUTH: "sign-in",
        Column.SLOT: "hours",
    },
}

ORIGINS: dict[Language, dict[Origin, str]] = {
    "fr": {
        Origin.ACCOUNT: "d'après le compte",
        Origin.OWNERSHIP: "le coffre est le sien",
        Origin.GRANT: "d'après le partage",
        Origin.MEMBERSHIP: "d'après l'appartenance à la structure",
        Origin.NOTHING: "rien ne l'établit",
        Origin.REQUEST: "d'après la demande",
        Origin.DOCUMENT: "d'après le document ou le dossier le plus proche",
        Origin.NETWORKS: "d'après networks.csv",
        Origin.SIGN_IN: "d'après la connexion",
        Origin.CALENDAR: "d'après calendars.csv",
    },
    "en": {
        Origin.ACCOUNT: "from the account",
        Origin.OWNERSHIP: "the vault is their own",
        Origin.GRANT: "from the grant",
        Origin.MEMBERSHIP: "from the membership in the structure",
        Origin.NOTHING: "nothing establishes one",
        Origin.REQUEST: "from the request",
        Origin.DOCUMENT: "from the document or the nearest folder",
        Origin.NETWORKS: "from networks.csv",
        Origin.SIGN_IN: "from the sign-in",
        Origin.CALENDAR: "from calendars.csv",
    },
}

RIGHTS: dict[Language, dict[Right, str]] = {
    "fr": {Right.READ: "lecture", Right.WRITE: "lecture et écriture", Right.DEPOSIT: "dépôt"},
    "en": {Right.READ: "to read", Right.WRITE: "to read and write", Right.DEPOSIT: "to deposit"},
}

_PHRASES: dict[Language, dict[str, str]] = {
    "fr": {
        "yes": "PERMIS par {rule}",
        "no": "REFUSÉ ({code}) : {reason}",
        "by": "  par {rule}",
        "deny": "  le deny {rule} l'emporte sur tout allow",
        "grant": "Le partage : {grant}",
        "purpose": "motif : {purpose}",
        "ends": "jusqu'au {until}",
        "in-force": "== Règles en vigueur ==",
        "candidate": "== Règles proposées ==",
        "alike": "Les règles proposées donnent la même réponse.",
        "until": "  à redemander au plus tard le {until}",
        "told": "La personne lit : {advice}",
        "hidden": "Pour cette personne, le document n'existe pas.",
        "blocked": "Tout le disque est bloqué par {rule}.",
        "question": "La question :",
        "matching": "Les règles qui en parlent :",
        "none": "  aucune",
        "would": "Ce serait permis avec : {changes}",
        "policy": "Empreinte des règles : {generation}",
    },
    "en": {
        "yes": "ALLOWED by {rule}",
        "no": "REFUSED ({code}): {reason}",
        "by": "  by {rule}",
        "deny": "  the deny {rule} wins over every allow",
        "grant": "The grant: {grant}",
        "purpose": "purpose: {purpose}",
        "ends": "until {until}",
        "in-force": "== In force ==",
        "candidate": "== Candidate ==",
        "alike": "The candidate gives the same answer.",
        "until": "  to be asked again by {until}",
        "told": "The person reads: {advice}",
        "hidden": "For this person the document does not exist.",
        "blocked": "The whole drive is blocked by {rule}.",
        "question": "The question:",
        "matching": "The rules that speak of it:",
        "none": "  none",
        "would": "It would be allowed with: {changes}",
        "policy": "Digest of the rules: {generation}",
    },
}


def both_as_text(in_force: Explanation, candidate: Explanation, language: Language) -> str:
    """The same question to two sets of rules: both answers only where the person would notice."""
    say = _PHRASES[language]
    if in_force.is_like(candidate):
        return "\n".join([as_text(in_force, language), "", say["alike"]])
    first, second = as_text(in_force, language), as_text(candidate, language)
    return "\n".join([say["in-force"], first, "", say["candidate"], second])


def as_text(explanation: Explanation, language: Language) -> str:
    """Some lines of plain text, without a line end after the last one."""
    say = _PHRASES[language]
    lines = _verdict(explanation, language)
    if explanation.blocked:
        lines.append(say["blocked"].format(rule=explanation.blocked.rule))
    if explanation.changes:
        told = (f"{COLUMNS[language][c.column]} = {c.word}" for c in explanation.changes)
        lines.append(say["would"].format(changes=", ".join(told)))
    decision = explanation.decision
    if explanation.visible and isinstance(decision, Denial):
        read = advice(decision.reason, language, decision.remedy)
        lines.append(say["told"].format(advice=read))
    if explanation.grant is not None:
        lines.append(say["grant"].format(grant=_grant(explanation.grant, explanation, language)))
    lines += ["", say["question"], *(_attribute(a, language) for a in explanation.attributes)]
    lines += ["", say["matching"], *(_rule(rule) for rule in explanation.matching)]
    if not explanation.matching:
        lines.append(say["none"])
    return "\n".join([*lines, "", say["policy"].format(generation=explanation.generation[:12])])


def _verdict(explanation: Explanation, language: Language) -> list[str]:
    say, decision = _PHRASES[language], explanation.decision
    place = f"{decision.rule} ({FILE}:{explanation.decisive.line})" if explanation.decisive else ""
    rule = place or decision.rule
    if isinstance(decision, Permit):
        lines = [say["yes"].format(rule=rule)]
        if decision.valid_until is not None:
            lines.append(say["until"].format(until=decision.valid_until.isoformat()))
        return lines
    words = REASONS[language][decision.reason]
    lines = [say["no"].format(code=decision.reason.value, reason=words.because)]
    if rule:
        lines.append(say["deny" if explanation.deny else "by"].format(rule=rule))
    if not explanation.visible:
        lines.append(say["hidden"])
    return lines


def _grant(grant: Grant, explanation: Explanation, language: Language) -> str:
    say, told = _PHRASES[language], [f"{grant.id.hex()}", RIGHTS[language][grant.right]]
    if explanation.purpose:
        told.append(say["purpose"].format(purpose=explanation.purpose))
    if grant.until is not None:
        told.append(say["ends"].format(until=grant.until.isoformat()))
    return ", ".join(told)


def _attribute(attribute: Attribute, language: Language) -> str:
    origin = ORIGINS[language][attribute.origin]
    told = f"{origin} ({attribute.detail})" if attribute.detail else origin
    return f"  {COLUMNS[language][attribute.column]:<10} {attribute.word or '?':<16} {told}"


def _rule(rule: Rule) -> str:
    return f"  {FILE}:{rule.line}: {rule.effect} {rule.id}"
