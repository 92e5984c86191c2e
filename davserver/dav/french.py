"""The sentences of this front in French, by their English. A test asks that none is missing."""

from davserver.domain.languages import Language
from davserver.domain.paths import MAX_SEGMENT_BYTES, MAX_SEGMENTS

FRENCH: dict[str, str] = {
    # answers to what went wrong
    "Something went wrong on the server: try again, then tell your administrator.": "Une erreur "
    "s'est produite sur le serveur : réessayez, puis prévenez votre administrateur.",
    "The server does not understand this request: try another program.": "Le serveur ne comprend "
    "pas cette demande : essayez avec un autre logiciel.",
    "The address is not valid: {}.": "L'adresse n'est pas valable : {}.",
    "Fewer bytes arrived than were announced: send it again.": "Le document n'est pas arrivé en "
    "entier : envoyez-le de nouveau.",
    "What arrived is not what was sent: send it again.": "Ce qui est arrivé n'est pas ce qui a été "
    "envoyé : envoyez-le de nouveau.",
    "The request carries more than is allowed: send less at once.": "La demande dépasse la taille "
    "permise : envoyez moins à la fois.",
    "Sign in with your name and password; after several mistakes, wait five minutes.": "Connectez-"
    "vous avec votre identifiant et votre mot de passe ; après plusieurs erreurs, patientez cinq "
    "minutes.",
    "There is nothing here: check the name.": "Il n'y a rien ici : vérifiez le nom.",
    "This is not allowed.": "Ce n'est pas permis.",
    "The folder that should hold it does not exist: create it first.": "Le dossier qui devrait le "
    "contenir n'existe pas : créez-le d'abord.",
    "The name is taken: choose another.": "Ce nom est déjà pris : choisissez-en un autre.",
    "A folder has that name: choose another.": "Un dossier porte déjà ce nom : choisissez-en un "
    "autre.",
    "It has changed meanwhile, or the name is taken: reload, then try again.": "Il a changé "
    "entre-temps, ou le nom est déjà pris : actualisez, puis réessayez.",
    "Somebody is working on it: try again when they have finished.": "Quelqu'un y travaille : "
    "réessayez quand il aura terminé.",
    "There is no such lock here: open the document again.": "Ce verrou n'existe pas ici : ouvrez "
    "de nouveau le document.",
    "There is not enough room: make some, or ask for more.": "Il n'y a pas assez de place : "
    "libérez-en, ou demandez-en davantage.",
    "What is stored here is damaged: tell your administrator.": "Ce qui est conservé ici est "
    "endommagé : prévenez votre administrateur.",
    "The server is busy: try again in a moment.": "Le serveur est occupé : réessayez dans un "
    "instant.",
    # what an address or a name cannot be
    "a name cannot contain %2F": "un nom ne peut pas contenir %2F",
    f"more than {MAX_SEGMENTS} folders deep": f"plus de {MAX_SEGMENTS} dossiers l'un dans l'autre",
    "a name must be valid Unicode": "un nom doit être écrit en Unicode",
    "a name cannot be empty, “.” or “..”": "un nom ne peut pas être vide, « . » ou « .. »",
    "a name cannot contain “/” or control characters": "un nom ne peut contenir ni « / » ni "
    "caractère de contrôle",
    f"a name is at most {MAX_SEGMENT_BYTES} bytes long": f"un nom compte au plus "
    f"{MAX_SEGMENT_BYTES} octets, une lettre accentuée en comptant deux",
    "a path must be UTF-8": "une adresse doit être en UTF-8",
    # what a program sent: for whoever looks after it
    "The address must begin with a slash.": "L'adresse doit commencer par une barre oblique.",
    "The address is not a valid URL.": "L'adresse n'est pas une URL valable.",
    "The address is not a valid URL: encode every special character once.": "L'adresse n'est pas "
    "une URL valable : chaque caractère spécial doit être codé une fois.",
    "An address in a header must be a complete URL or path, without a query.": "Une adresse dans "
    "un en-tête doit être une URL ou un chemin entier, sans « ? ».",
    "The method is not valid.": "La méthode n'est pas valable.",
    "This method is not known.": "Cette méthode n'est pas connue.",
    "Drives do not have this method.": "Un disque ne connaît pas cette méthode.",
    "This method takes no body.": "Cette méthode n'accepte pas de contenu.",
    "Nothing can be changed here.": "Rien ne peut être modifié ici : ouvrez votre disque.",
    "The destination is not on this drive.": "La destination n'est pas sur ce disque.",
    "This drive is reached over HTTPS only: begin its address with https.": "Ce disque n'est "
    "accessible qu'en HTTPS : commencez son adresse par https.",
    "Ask for one folder at a time: send Depth 0 or 1.": "Demandez un dossier à la fois : envoyez "
    "Depth 0 ou 1.",
    "Compressed uploads are not taken.": "Les envois compressés ne sont pas acceptés.",
    "A part of a file cannot be uploaded.": "Un fichier ne peut pas être envoyé par morceaux.",
    "The length of the body is not clear.": "La longueur du contenu n'est pas claire.",
    "A length must be a whole number of bytes.": "Une longueur est un nombre entier d'octets.",
    "The chunks of the body make no sense.": "Les blocs du contenu n'ont pas de sens.",
    "More bytes arrived than X-Expected-Entity-Length announced.": "Le contenu est plus long que "
    "X-Expected-Entity-Length ne l'annonçait.",
    "A checksum header is not written correctly.": "Un en-tête de somme de contrôle est mal écrit.",
    "Two checksum headers disagree.": "Deux sommes de contrôle se contredisent.",
    "The Depth header must be one of these here: {}.": "L'en-tête Depth doit être ici l'un de "
    "ceux-ci : {}.",
    "The Depth header must be infinity for a folder.": "L'en-tête Depth d'un dossier doit être "
    "infinity.",
    "The Overwrite header must be T or F.": "L'en-tête Overwrite doit être T ou F.",
    "The Lock-Token header must hold one lock token.": "L'en-tête Lock-Token doit contenir un "
    "jeton de verrou.",
    "COPY and MOVE need a Destination header.": "COPY et MOVE demandent un en-tête Destination.",
    "If-Match and If-None-Match must be * or quoted entity tags.": "If-Match et If-None-Match "
    "doivent être * ou des étiquettes entre guillemets.",
    "The If header is not written correctly.": "L'en-tête If est mal écrit.",
    "The If header must hold lists in parentheses.": "L'en-tête If doit contenir des listes entre "
    "parenthèses.",
    "The If header must hold lists, all tagged or none of them.": "L'en-tête If doit contenir des "
    "listes, toutes précédées d'une adresse ou aucune.",
    "A tag in the If header has no list.": "Une adresse de l'en-tête If n'a pas de liste.",
    "A list in the If header is not written correctly.": "Une liste de l'en-tête If est mal "
    "écrite.",
    "To refresh a lock, send an If header with its token.": "Pour prolonger un verrou, envoyez un "
    "en-tête If avec son jeton.",
    "The body is not well-formed XML.": "Le contenu n'est pas du XML bien formé.",
    "The body must be a DAV: {} element.": "Le contenu doit être un élément DAV: {}.",
    "A DOCTYPE is not allowed.": "Un DOCTYPE n'est pas permis.",
    "A PROPFIND must hold one of allprop, propname and prop.": "Un PROPFIND doit contenir allprop, "
    "propname ou prop.",
    "In a PROPFIND, include goes with allprop only.": "Dans un PROPFIND, include ne va qu'avec "
    "allprop.",
    "A PROPPATCH must set or remove something.": "Un PROPPATCH doit écrire ou retirer quelque "
    "chose.",
    "A LOCK must name its scope, and its type must be write.": "Un LOCK doit nommer sa portée, et "
    "son type doit être write.",
    "A lock is either exclusive or shared.": "Un verrou est exclusif ou partagé.",
    # properties that a PROPPATCH could not change
    "This is not a date.": "Ce n'est pas une date.",
    "This is not a category: write identity, housing, income, work, health, justice, family or "
    "unclassified.": "Ce n'est pas une catégorie : écrivez identity, housing, income, work, "
    "health, justice, family ou unclassified.",
    "Nothing was changed, because another property could not be.": "Rien n'a été modifié, parce "
    "qu'une autre propriété ne pouvait pas l'être.",
}


def said(english: str, language: Language, *words: str) -> str:
    """A sentence of this front in one of our languages; `words` fill its gaps, in both alike."""
    sentence = FRENCH.get(english, english) if language == "fr" else english
    return sentence.format(*words) if words else sentence
