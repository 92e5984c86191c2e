"""Marks a sentence for the catalogues where it is not looked up yet."""


def N_(sentence: str) -> str:  # noqa: N802 — the usual name, which collects sentences
    return sentence
