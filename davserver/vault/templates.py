"""The folders that a new vault starts with, in the person's language, each with its category."""

from davserver.domain.actions import Category

TEMPLATES: dict[str, tuple[tuple[str, Category], ...]] = {
    "fr": (
        ("Identité", Category.IDENTITY),
        ("Logement", Category.HOUSING),
        ("Ressources", Category.INCOME),
        ("Travail", Category.WORK),
        ("Santé", Category.HEALTH),
        ("Justice", Category.JUSTICE),
        ("Famille", Category.FAMILY),
    ),
    "en": (
        ("Identity", Category.IDENTITY),
        ("Housing", Category.HOUSING),
        ("Income", Category.INCOME),
        ("Work", Category.WORK),
        ("Health", Category.HEALTH),
        ("Justice", Category.JUSTICE),
        ("Family", Category.FAMILY),
    ),
    "none": (),
}
