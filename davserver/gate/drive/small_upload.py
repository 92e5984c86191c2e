"""An upload that is in memory as a whole, sealed before the writer's turn where that can be."""

from datetime import datetime

from davserver.domain.drive import Upload
from davserver.domain.ids import PersonId, VaultId
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.vault.staging import Staged, Staging, media_type_of

_MOST = 10_000


class RecentVaults:
    """Into whose vault somebody's uploads went lately, by the first folder of their path: a guess.
    It decides nothing, but for which vault a small file is sealed beforehand; and it remembers no
    name. One per process, shared between threads.
    """

    def __init__(self) -> None:
        self._lately: dict[int, VaultId] = {}

    def guess(self, who: Principal, path: DrivePath) -> VaultId | None:
        """Whose drive is one vault writes nowhere else."""
        return who.vault or self._lately.get(_key(who.id, path))

    def went(self, who: Principal, path: DrivePath, upload: "SmallUpload") -> None:
        if who.vault is not None or upload.vault is None:
            return
        if len(self._lately) >= _MOST:
            self._lately.clear()
        self._lately[_key(who.id, path)] = upload.vault


def _key(person: PersonId, path: DrivePath) -> int:
    return hash((person, path.parts[:1]))


class SmallUpload:
    """`plain`: all of `upload`, for a file called `name`."""

    def __init__(self, staging: Staging, upload: Upload, name: str, plain: bytes) -> None:
        self.modified = upload.modified
        self._staging = staging
        self._media_type = media_type_of(name, upload.media_type)
        self._plain = plain
        self._sealed: Staged | None = None

    @property
    def vault(self) -> VaultId | None:
        """For which it is sealed, if it is."""
        return self._sealed.vault if self._sealed is not None else None

    def seal_for(self, vault: VaultId | None, now: datetime) -> None:
        """What is done before the writer's turn holds nobody up. Where it goes elsewhere after all,
        it is sealed anew.
        """
        if vault is not None:
            self._sealed = self._staging.take_bytes(vault, self._plain, self._media_type, now)

    def staged(self, vault: VaultId, now: datetime) -> Staged:
        if self._sealed is not None and self._sealed.vault == vault:
            return self._sealed
        self._sealed = self._staging.take_bytes(vault, self._plain, self._media_type, now)
        return self._sealed
