"""From a command's context to the settings of the instance that it acts on."""

from pathlib import Path

import typer

from davserver.config import Problem, Settings, WrongSettings, load


def config_file(context: typer.Context) -> Path:
    """What `--config` named."""
    file: Path = context.obj
    return file


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


_WAY = "name it with `abri --config DIR/config.yaml`, or make an instance with `abri init DIR`"
