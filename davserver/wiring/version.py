"""Which Abri this is."""

from importlib.metadata import PackageNotFoundError, version


def abri_version() -> str:
    try:
        return version("abri")
    except PackageNotFoundError:
        return "unpackaged"
