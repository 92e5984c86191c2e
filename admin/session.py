"""One command's work on an instance: the services, who acts, and when."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import typer

from admin.settings_of import settings_of
from davserver.domain.people import Principal
from davserver.wiring.services import Services, build


@dataclass(frozen=True, slots=True)
class Session:
    """`operator` is the name under which the trail shows what the command does."""

    services: Services
    operator: str
    now: datetime

    @property
    def who(self) -> Principal:
        """Somebody at the machine, on nobody's behalf."""
        return self.services.people.operator(self.operator, self.now)

    def acting_for(self, login: str) -> Principal:
        """Somebody at the machine on behalf of `login`, who is told so. Raises NotFound."""
        return self.services.people.operator_for(login, self.operator, self.now)


@contextmanager
def opened(context: typer.Context) -> Iterator[Session]:
    """The instance that `--config` names. Raises WrongSettings, Unavailable, Damaged."""
    services = build(settings_of(context))
    try:
        yield Session(services, operator_name(), services.clock())
    finally:
        services.close()


def operator_name() -> str:
    """The account that runs the command, as the system knows it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"
