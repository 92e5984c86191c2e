"""From a command's context to what was said before it: the settings of the instance, a language."""

from pathlib import Path

import typer

from admin.speaking import N_
from davserver.config import Problem, Settings, WrongSettings, load
from davserver.domain.languages import Language, language_named


def config_file(context: typer.Context) -> Path:
    """What `--config` named."""
    file: Path = context.obj
    return file


def asked_language(context: typer.Context) -> Language | None:
    """What `--lang` named."""
    lang = context.find_root().params.get("lang")
    return language_named(lang.value) if lang is not None else None


def settings_of(context: typer.Context) -> Settings:
    """Raises WrongSettings with every problem of the file."""
    file = config_file(context)
    try:
        return load(file)
    except WrongSettings as wrong:
        if _is_missing(file):
            raise WrongSettings([*wrong.problems, Problem(file, 0, 0, _WAY)]) from None
        raise


def _is_missing(file: Path) -> bool:
    try:
        file.lstat()
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    return False


_WAY = N_("name it with `abri --config DIR/config.yaml`, or make an instance with `abri init DIR`")
