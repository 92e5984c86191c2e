"""From a command's context to the settings of the instance that it acts on."""

from pathlib import Path

import typer

from davserver.config import Settings, load


def config_file(context: typer.Context) -> Path:
    """What `--config` named."""
    file: Path = context.obj
    return file


def settings_of(context: typer.Context) -> Settings:
    """Raises WrongSettings with every problem of the file."""
    return load(config_file(context))
