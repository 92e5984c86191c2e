"""Every reason in words, French and English: the one place that fronts, tools and guides share.

What stands here is read by people who are refused something: what happened, and what to do. No
name, no path, nothing that they may not know.
"""

from typing import NamedTuple

from davserver.domain.errors import Reason
from davserver.domain.languages import Language


class Words(NamedTuple):
    """`because` ends a sentence about somebody, for whoever looks after them. `advice` is the
    sentence for that person themselves.
    """

    because: str
    advice: str


FRENCH: dict[Reason, Words] = {
    Reason.AUTH_TOO_WEAK: Words(
        "il faut une connexion plus forte",
        "Votre connexion n'est pas assez forte pour cela : connectez-vous avec votre mot de passe "
        "et un second facteur.",
    ),
    Reason.NETWORK: Words(
        "ce n'est pas permis depuis ce réseau",
        "Ce n'est pas permis depuis ce réseau : réessayez depuis celui de votre structure.",
    ),
    Reason.OUTSIDE_HOURS: Words(
        "ce n'est pas permis à cette heure",
        "Ce n'est pas permis à cette heure : réessayez aux heures d'ouverture de votre structure.",
    ),
    Reason.CATEGORY: Words(
        "ce n'est pas permis pour cette catégorie de documents",
        "Ce n'est pas permis pour cette catégorie de documents : demandez à la personne à qui ils "
        "appartiennent de le faire.",
    ),
    Reason.READ_ONLY: Words(
        "le partage ne donne que la lecture",
        "Ce partage ne permet que la lecture : demandez au bénéficiaire un partage en écriture.",
    ),
    Reason.DEPOSIT_ONLY: Words(
        "le partage permet de déposer, pas d'ouvrir",
        "Ce partage permet de déposer des documents, pas de les ouvrir : demandez au bénéficiaire "
        "un partage en lecture.",
    ),
    Reason.TOO_MANY_CHANGES: Words(
        "trop de documents ont été modifiés en une minute : les modifications de cette personne "
        "sont suspendues dans ce coffre",
        "Beaucoup de documents ont été modifiés en une minute, et vos modifications sont "
        "suspendues dans ce coffre : vérifiez votre ordinateur, puis demandez au bénéficiaire de "
        "les laisser reprendre.",
    ),
    Reason.READ_ONLY_DEVICE: Words(
        "le mot de passe de cet appareil ne permet que la lecture",
        "Le mot de passe de cet appareil ne permet que la lecture : connectez-vous avec un autre "
        "mot de passe pour modifier.",
    ),
    Reason.OWNER_ONLY: Words(
        "seul le propriétaire peut le faire",
        "Seule la personne à qui appartient ce coffre peut le faire : demandez-le-lui.",
    ),
    Reason.NEEDS_OWNER: Words(
        "la personne à qui appartient ce coffre doit répondre elle-même",
        "Seule la personne à qui appartient ce coffre peut dire oui, sur ses pages : faites-le-lui "
        "demander.",
    ),
    Reason.NOT_YOURS: Words(
        "la personne ne l'a pas déposé elle-même, ou pas récemment",
        "Vous ne pouvez retirer que ce que vous avez déposé vous-même il y a peu : demandez au "
        "bénéficiaire de le faire.",
    ),
    Reason.TOO_LATE: Words(
        "le délai pour le reprendre est passé",
        "Le délai pour reprendre ce document est passé : demandez au bénéficiaire de le supprimer.",
    ),
    Reason.OPENED_BY_OTHERS: Words(
        "quelqu'un d'autre l'a ouvert ou copié",
        "Quelqu'un d'autre a ouvert ce document, qui ne peut plus être repris : demandez au "
        "bénéficiaire de le supprimer.",
    ),
    Reason.GRANT_ROOT: Words(
        "ce qui est partagé reste à sa place",
        "Ce qui vous est partagé ne peut être ni déplacé, ni renommé, ni supprimé : demandez au "
        "bénéficiaire de le faire.",
    ),
    Reason.OTHER_VAULT: Words(
        "rien ne passe du coffre d'une personne à celui d'une autre",
        "Un document ne peut pas passer du coffre d'une personne à celui d'une autre : choisissez "
        "un dossier de la même personne.",
    ),
    Reason.WIDER_AUDIENCE: Words(
        "davantage de personnes le verraient à cet endroit",
        "Davantage de personnes le verraient à cet endroit : choisissez un autre dossier, ou "
        "demandez au bénéficiaire de le faire.",
    ),
    Reason.FOLDER_NOT_ALL_YOURS: Words(
        "la personne ne peut pas supprimer ce dossier",
        "Vous ne pouvez pas supprimer ce dossier : demandez au bénéficiaire de le faire.",
    ),
    Reason.SCRATCH: Words(
        "ce nom est celui d'un fichier de travail",
        "Ce nom est réservé aux fichiers de travail des logiciels : choisissez un autre nom.",
    ),
    Reason.SAME_PLACE: Words(
        "il s'y trouve déjà",
        "Rien ne peut être placé sur soi-même ni à l'intérieur de soi-même : choisissez une autre "
        "destination.",
    ),
    Reason.DRIVE_ROOT: Words(
        "ce dossier ne fait que réunir les autres",
        "Ce dossier ne fait que réunir ceux qui s'y trouvent : choisissez l'un d'eux.",
    ),
    Reason.POLICY: Words(
        "aucune règle ne le permet",
        "Les règles de ce service ne le permettent pas : adressez-vous à votre responsable ou à la "
        "personne qui vous accompagne.",
    ),
    Reason.NO_GRANT: Words(
        "la personne n'est pas propriétaire et aucun partage ne la concerne",
        "Rien ne vous est partagé ici : demandez un partage au bénéficiaire.",
    ),
    Reason.PROTECTED_PROPERTY: Words(
        "cette information ne peut pas être modifiée",
        "Le serveur tient lui-même cette information à jour : laissez-la telle quelle.",
    ),
}

ENGLISH: dict[Reason, Words] = {
    Reason.AUTH_TOO_WEAK: Words(
        "a stronger sign-in is needed",
        "Your sign-in is not strong enough for this: sign in with your password and a second "
        "factor.",
    ),
    Reason.NETWORK: Words(
        "this is not allowed from this network",
        "This is not allowed from this network: try again from that of your organisation.",
    ),
    Reason.OUTSIDE_HOURS: Words(
        "this is not allowed at this hour",
        "This is not allowed at this hour: try again when your organisation is open.",
    ),
    Reason.CATEGORY: Words(
        "this is not allowed for this category of documents",
        "This is not allowed for this category of documents: ask the person to whom they belong to "
        "do it.",
    ),
    Reason.READ_ONLY: Words(
        "the grant gives reading only",
        "This was shared with you for reading only: ask the beneficiary to share it for writing.",
    ),
    Reason.DEPOSIT_ONLY: Words(
        "the grant gives putting documents in, not opening them",
        "You may put documents here, but not open them: ask the beneficiary to share it for "
        "reading.",
    ),
    Reason.TOO_MANY_CHANGES: Words(
        "too many documents were changed within a minute: this person's changes are paused in "
        "this vault",
        "Many documents were changed within a minute, so that your changes here are paused: check "
        "your computer, then ask the beneficiary to let you go on.",
    ),
    Reason.READ_ONLY_DEVICE: Words(
        "this device's password allows reading only",
        "This device's password allows reading only: sign in with another password to change "
        "anything.",
    ),
    Reason.OWNER_ONLY: Words(
        "only the owner may do this",
        "Only the person to whom this safe belongs may do this: ask them.",
    ),
    Reason.NEEDS_OWNER: Words(
        "the owner has to answer themselves",
        "Only the person to whom this safe belongs can say yes, on their pages: let them be asked.",
    ),
    Reason.NOT_YOURS: Words(
        "they did not put it there themselves, or not lately",
        "You may only take back what you put there yourself a short while ago: ask the beneficiary "
        "to do it.",
    ),
    Reason.TOO_LATE: Words(
        "the time to take it back is over",
        "It is too late to take this document back: ask the beneficiary to remove it.",
    ),
    Reason.OPENED_BY_OTHERS: Words(
        "somebody else has opened or copied it",
        "Somebody else has opened this document, so that it cannot be taken back: ask the "
        "beneficiary to remove it.",
    ),
    Reason.GRANT_ROOT: Words(
        "what a grant shares stays where it is",
        "What was shared with you cannot be moved, renamed or removed: ask the beneficiary to do "
        "it.",
    ),
    Reason.OTHER_VAULT: Words(
        "nothing goes from one person's vault to another's",
        "A document cannot pass from one person's safe to another's: choose a folder of the same "
        "person.",
    ),
    Reason.WIDER_AUDIENCE: Words(
        "more people would see it there",
        "More people would see it there: choose another folder, or ask the beneficiary to do it.",
    ),
    Reason.FOLDER_NOT_ALL_YOURS: Words(
        "they may not remove this folder",
        "You may not remove this folder: ask the beneficiary to do it.",
    ),
    Reason.SCRATCH: Words(
        "this name is that of a program's working file",
        "This name is kept for the working files of programs: choose another name.",
    ),
    Reason.SAME_PLACE: Words(
        "it is there already",
        "Nothing can be put onto itself or into itself: choose another place.",
    ),
    Reason.DRIVE_ROOT: Words(
        "this folder only holds others together",
        "This folder only holds those inside it together: choose one of them.",
    ),
    Reason.POLICY: Words(
        "no rule allows it",
        "The rules of this service do not allow it: speak to your manager or to the person who "
        "supports you.",
    ),
    Reason.NO_GRANT: Words(
        "the person is not the owner, and no live grant reaches them",
        "Nothing is shared with you here: ask the beneficiary to share it.",
    ),
    Reason.PROTECTED_PROPERTY: Words(
        "this property cannot be changed",
        "The server keeps this property itself: leave it as it is.",
    ),
}

REASONS: dict[Language, dict[Reason, Words]] = {"fr": FRENCH, "en": ENGLISH}
