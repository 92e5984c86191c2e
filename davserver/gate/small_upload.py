"""An upload that is in memory as a whole, sealed before the writer's turn where that can be."""

from datetime import datetime

from davserver.domain.drive import Upload
from davserver.domain.ids import VaultId
from davserver.domain.people import Principal
from davserver.vault.staging import Staged, Staging, media_type_of


class SmallUpload:
    """`plain`: all of `upload`, for a file called `name`."""

    def __init__(self, staging: Staging, upload: Upload, name: str, plain: bytes) -> None:
        self.modified = upload.modified
        self._staging = staging
        self._media_type = media_type_of(name, upload.media_type)
        self._plain = plain
        self._sealed: Staged | None = None

    def seal_for(self, who: Principal, now: datetime) -> None:
        """Whose drive is one vault writes nowhere else: what is done before the writer's turn
        holds nobody up.
        """
        if who.vault is not None:
            self._sealed = self._staging.take_bytes(who.vault, self._plain, self._media_type, now)

    def staged(self, vault: VaultId, now: datetime) -> Staged:
        if self._sealed is not None and self._sealed.vault == vault:
            return self._sealed
        return self._staging.take_bytes(vault, self._plain, self._media_type, now)
