"""The one sentence that somebody reads who is refused: what happened, and what to do."""

from davserver.domain.actions import Strength, Zone
from davserver.domain.errors import Reason
from davserver.domain.languages import Language
from davserver.domain.moments import moment, weekday
from davserver.domain.refusals import REASONS
from davserver.domain.remedies import Remedy
from davserver.domain.wording import Speech, words

STRENGTHS: dict[Language, dict[Strength, str]] = {
    "fr": {
        Strength.APP_PASSWORD: "connectez-vous",
        Strength.PASSWORD: "connectez-vous avec votre propre mot de passe au lieu de celui d'un "
        "appareil",
        Strength.MFA: "connectez-vous avec un second facteur",
        Strength.CERT: "connectez-vous avec un certificat",
    },
    "en": {
        Strength.APP_PASSWORD: "sign in",
        Strength.PASSWORD: "sign in with your own password instead of that of a device",
        Strength.MFA: "sign in with a second factor",
        Strength.CERT: "sign in with a certificate",
    },
}

ZONES: dict[Language, dict[Zone, str]] = {
    "fr": {
        Zone.OFFICE: "passez par le réseau de votre structure",
        Zone.VPN: "passez par le VPN de votre structure",
        Zone.INTERNET: "passez par un autre réseau",
        Zone.BLOCKED: "passez par un autre réseau",
    },
    "en": {
        Zone.OFFICE: "use the network of your organisation",
        Zone.VPN: "use the VPN of your organisation",
        Zone.INTERNET: "use another network",
        Zone.BLOCKED: "use another network",
    },
}

HOURS: dict[Language, tuple[str, str]] = {
    "fr": (
        "réessayez à partir du {weekday} {moment}",
        "réessayez aux heures d'ouverture de votre structure",
    ),
    "en": (
        "try again from {weekday} {moment} on",
        "try again when your organisation is open",
    ),
}
"""When the moment can be told, and when not."""

AND: dict[Language, str] = {"fr": " et ", "en": " and "}
COLON: dict[Language, str] = {"fr": " : ", "en": ": "}


def advice(reason: Reason, speech: Speech, remedy: Remedy | None = None) -> str:
    """`remedy` says more exactly what would help, where rules decided."""
    sentence = words(REASONS, speech)[reason].advice
    steps = _steps(remedy, speech) if remedy is not None else []
    if not steps:
        return sentence
    happened = sentence.partition(words(COLON, speech))[0]
    *before, last = steps
    list_of = words(AND, speech).join([", ".join(before), last] if before else [last])
    return f"{happened}{words(COLON, speech)}{list_of}."


def _steps(remedy: Remedy, speech: Speech) -> list[str]:
    steps = []
    if remedy.strength is not None:
        steps.append(words(STRENGTHS, speech)[remedy.strength])
    if remedy.zone is not None:
        steps.append(words(ZONES, speech)[remedy.zone])
    if remedy.hours:
        known, unknown = words(HOURS, speech)
        at = remedy.opens
        steps.append(
            known.format(weekday=weekday(at, speech), moment=moment(at, at.tzinfo, speech))
            if at is not None
            else unknown
        )
    return steps
