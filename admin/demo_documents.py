"""The demonstration's documents: fictional people, real formats, French as it is written there."""

import unicodedata
from dataclasses import dataclass

from admin.demo_formats import docx, odt, pdf, text
from admin.demo_picture import portrait


@dataclass(frozen=True, slots=True)
class Document:
    """`folder` is one of the French template; `name` is sent exactly as it stands."""

    owner: str
    folder: str
    name: str
    content: bytes


AMINA = "amina"
JULIEN = "julien"

_AMINA = "Amina Benali, née le 4 mars 1988 à Oran"
_JULIEN = "Julien Moreau, né le 21 septembre 1971 à Nîmes"
_DOMICILE = "élisant domicile au CCAS, 12 rue des Tilleuls, 69000 Lyon"
_FICTION = "Document fictif, pour la démonstration."


def documents() -> tuple[Document, ...]:
    """A dozen. One name is sent with separate accents (NFD), as macOS does."""
    return (*_amina(), *_julien())


def _amina() -> tuple[Document, ...]:
    decomposed = unicodedata.normalize("NFD", "Reçu d'élection de domicile.pdf")
    return (
        Document(AMINA, "Identité", "Photo d'identité.jpg", portrait()),
        Document(
            AMINA,
            "Identité",
            "Récépissé de titre de séjour.pdf",
            pdf(
                "Récépissé de demande de titre de séjour",
                (_AMINA, "Valable du 2 février au 1er août.", "Autorise à travailler.", _FICTION),
            ),
        ),
        Document(
            AMINA,
            "Logement",
            decomposed,
            pdf("Attestation d'élection de domicile", (_AMINA, _DOMICILE, _FICTION)),
        ),
        Document(
            AMINA,
            "Logement",
            "Demande de logement social.odt",
            odt(
                "Demande de logement social",
                (_AMINA, "Un adulte, un enfant de 6 ans.", "À compléter : ressources.", _FICTION),
            ),
        ),
        Document(
            AMINA,
            "Ressources",
            "Attestation de droits — été.pdf",
            pdf("Attestation de paiement", (_AMINA, "Prime d'activité : 187,40 €", _FICTION)),
        ),
        Document(
            AMINA,
            "Santé",
            "Ordonnance du Dr Lefèvre.pdf",
            pdf("Ordonnance", (_AMINA, "Paracétamol 1 g, trois fois par jour, 5 jours.", _FICTION)),
        ),
        Document(
            AMINA,
            "Travail",
            "CV Amina Benali.docx",
            docx(
                "Amina Benali, aide à domicile",
                ("Expérience : 4 ans auprès de personnes âgées.", "Permis B.", _FICTION),
            ),
        ),
        Document(
            AMINA,
            "Famille",
            "À faire cette semaine.txt",
            text(
                "À faire", ("Lundi : école, 8 h 30", "Jeudi : préfecture, guichet nº 4", _FICTION)
            ),
        ),
    )


def _julien() -> tuple[Document, ...]:
    return (
        Document(JULIEN, "Identité", "Photo.jpg", portrait()),
        Document(
            JULIEN,
            "Identité",
            "Carte nationale d'identité (copie).pdf",
            pdf("Carte nationale d'identité : copie", (_JULIEN, _FICTION)),
        ),
        Document(
            JULIEN,
            "Ressources",
            "Avis d'impôt sur les revenus.pdf",
            pdf("Avis d'impôt", (_JULIEN, "Revenu fiscal de référence : 6 412 €", _FICTION)),
        ),
        Document(
            JULIEN,
            "Logement",
            "Lettre à l'hébergeur — brouillon.odt",
            odt("Madame, Monsieur,", (_JULIEN, "Je vous remercie de votre accueil.", _FICTION)),
        ),
        Document(
            JULIEN,
            "Justice",
            "Convocation au tribunal.pdf",
            pdf(
                "Convocation", (_JULIEN, "Audience à 14 h, salle B, entrée côté fleuve.", _FICTION)
            ),
        ),
    )
