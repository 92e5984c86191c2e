"""config.yaml → checked, frozen settings. Each part of Abri receives only its own section."""

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
