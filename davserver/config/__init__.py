"""config.yaml → checked, frozen settings. Each part of Abri receives only its own section.

In reading order:
    settings            every setting there is, in sections
    directory_settings  those of a structure's directory
    setting             how one is declared
    kinds               the kinds of values: how each is written, read and explained
    rules               what must hold between settings
    reading             from the file to settings, with every mistake at its place
    writing             from settings to the file
"""

from davserver.config.directory_settings import DirectorySettings
from davserver.config.reading import Problem, WrongSettings, defaults, load
from davserver.config.rules import is_loopback
from davserver.config.settings import (
    DatabaseSettings,
    Keys,
    Listen,
    Locks,
    Log,
    Scratch,
    Serving,
    Settings,
    Vaults,
)
from davserver.config.writing import written

__all__ = [
    "DatabaseSettings",
    "DirectorySettings",
    "Keys",
    "Listen",
    "Locks",
    "Log",
    "Problem",
    "Scratch",
    "Serving",
    "Settings",
    "Vaults",
    "WrongSettings",
    "defaults",
    "is_loopback",
    "load",
    "written",
]
