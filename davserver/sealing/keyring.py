"""The key-encryption keys of a single machine: one small file (FORMAT.md §7.3, §7.4)."""

import fcntl
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from davserver.domain.disks import DISK_ERRORS
from davserver.domain.errors import AbriError, AlreadyThere, Damaged, Unavailable
from davserver.domain.ids import Entropy
from davserver.domain.secret import Secret
from davserver.sealing.kek import Generation, GenerationState, Wrapped
from davserver.sealing.keyfile import StoredGeneration, decode_keyring, encode_keyring
from davserver.sealing.keys import KEY_BYTES, SIV_KEY_BYTES, Siv, derive, drawn, new_key
from davserver.sealing.labels import Purpose

ID_RANDOM_BYTES = 8
MAX_FILE_BYTES = 1 << 20
_FORBIDDEN_MODE = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class _Keys:
    """What the file held when it was last read."""

    active: str
    known: Mapping[str, Generation]
    """Oldest first."""
    siv: Mapping[str, Siv]

    @property
    def usable(self) -> list[str]:
        """The active one and those that wait to be used."""
        order = list(self.known)
        return [one for one in order[order.index(self.active) :] if one in self.siv]

    @classmethod
    def of(cls, stored: Sequence[StoredGeneration]) -> "_Keys":
        known = {one.facts.kek_id: one.facts for one in stored}
        return cls(
            next(kek_id for kek_id, one in known.items() if one.state is GenerationState.ACTIVE),
            known,
            {one.facts.kek_id: _siv(one.facts.kek_id, one.key) for one in stored if one.key},
        )


class LocalKeyring:
    """A KekProvider over a file that only the server's account can read.

    Whoever holds this file and the database reads every managed space: it stays out of the data
    folder and out of its backups. A generation that another process added is found by itself.
    """

    def __init__(self, file: Path, data_folder: Path) -> None:
        """Opens an existing keyring. Raises Unavailable when it is missing, readable by others or
        under the data folder, Damaged when its contents are not as written.
        """
        _require_outside(file, data_folder)
        self._file = file
        self.reload()

    @classmethod
    def create(
        cls, file: Path, data_folder: Path, entropy: Entropy, now: datetime
    ) -> "LocalKeyring":
        """A new keyring with one generation. Raises AlreadyThere rather than replace one."""
        _require_outside(file, data_folder)
        try:
            _write_new(file, encode_keyring((_fresh(entropy, now),)))
        except FileExistsError:
            raise AlreadyThere(f"there is a keyring at {file} already") from None
        except OSError as error:
            raise Unavailable(f"the keyring {file} cannot be written: {error.strerror}") from error
        return cls(file, data_folder)

    def wrap(self, key: Secret, context: bytes, kek_id: str | None = None) -> Wrapped:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
        if kek_id not in {None, self._keys.active}:
            self.reload()
        keys = self._keys
        under = kek_id or keys.active
        if under not in keys.usable:
            # Whoever writes to the database must not bring an old, perhaps stolen key back.
            raise Unavailable(
                f"the keyring {self._file} wraps nothing under generation {under}, which the "
                "database names: `abri doctor` says what to do"
            )
        return Wrapped(under, keys.siv[under].seal(key.reveal(), (context,)))

    def unwrap(self, wrapped: Wrapped, context: bytes) -> Secret:
        if wrapped.kek_id not in self._keys.known:
            self.reload()
        keys = self._keys
        if wrapped.kek_id not in keys.known:
            raise Unavailable(f"the keyring {self._file} has no generation {wrapped.kek_id}")
        siv = keys.siv.get(wrapped.kek_id)
        if siv is None:
            raise Damaged(f"key generation {wrapped.kek_id} was destroyed")
        return Secret(siv.open(wrapped.sealed, (context,)))

    def generations(self) -> tuple[Generation, ...]:
        self.reload()
        return tuple(self._keys.known.values())

    def add_generation(self, entropy: Entropy, now: datetime) -> Generation:
        with self._rewriting() as stored:
            *_, newest = _Keys.of(stored).usable
            last = next(one for one in stored if one.facts.kek_id == newest)
            if last.facts.state is GenerationState.ACTIVE:
                last = _fresh(entropy, now).demoted()
                self._replace((*stored, last))
        return last.facts

    def use_generation(self, kek_id: str) -> None:
        with self._rewriting() as stored:
            keys = _Keys.of(stored)
            if kek_id not in keys.usable:
                raise ValueError("only a generation that waits can be used")
            if kek_id != keys.active:
                of_id = {one.facts.kek_id: one for one in stored}
                used = {**of_id, keys.active: of_id[keys.active].demoted()}
                self._replace((used | {kek_id: of_id[kek_id].active()}).values())

    def destroy(self, kek_id: str, now: datetime) -> None:
        with self._rewriting() as stored:
            chosen = next((one for one in stored if one.facts.kek_id == kek_id), None)
            if chosen is None or chosen.facts.state is not GenerationState.DECRYPT_ONLY:
                raise ValueError("only a decrypt-only generation can be destroyed")
            left = [one.destroyed(now) if one is chosen else one for one in stored]
            self._replace(left)

    def reload(self) -> None:
        """Takes over what another process changed. Raises as the constructor does."""
        # One assignment: another thread sees the old keys or the new, never a mix.
        self._keys = _Keys.of(_read(self._file))

    @contextmanager
    def _rewriting(self) -> Iterator[tuple[StoredGeneration, ...]]:
        """The stored generations, while no other process changes them."""
        try:
            folder = os.open(self._place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield _read(self._file)
        finally:
            os.close(folder)
        self.reload()

    @property
    def _place(self) -> Path:
        """Where the file itself is: a link to it stays one."""
        return self._file.resolve()

    def _replace(self, stored: Iterable[StoredGeneration]) -> None:
        """The whole file or none of it, whatever fails. It stays its owner's: whoever rotates as
        root must not lock the server out.
        """
        file = self._place
        beside = file.with_name(f"{file.name}.new")
        try:
            # Only a crash leaves one, and nobody else is here now.
            beside.unlink(missing_ok=True)
            owner = file.stat()
            _write_new(beside, encode_keyring(tuple(stored)), (owner.st_uid, owner.st_gid))
            beside.replace(file)
            _sync_folder(file.parent)
        except OSError as error:
            with suppress(OSError):
                beside.unlink()
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> AbriError:
        kind = DISK_ERRORS.get(error.errno or 0, Unavailable)
        return kind(
            f"the keyring {self._file} cannot be written: {error.strerror}. Its folder must be "
            "this account's, with room for a second file"
        )


def _siv(kek_id: str, key: Secret) -> Siv:
    return Siv(derive(key, Purpose.KEK_LOCAL, kek_id.encode("ascii"), SIV_KEY_BYTES))


def _fresh(entropy: Entropy, now: datetime) -> StoredGeneration:
    kek_id = "local-" + drawn(entropy, ID_RANDOM_BYTES).hex()
    return StoredGeneration(Generation(kek_id, GenerationState.ACTIVE, now), new_key(entropy))


def _require_outside(file: Path, data_folder: Path) -> None:
    if file.resolve().is_relative_to(data_folder.resolve()):
        raise Unavailable(
            f"the keyring {file} lies under the data folder {data_folder}: "
            "a copy of the data would carry its keys. Move it elsewhere."
        )


def _read(file: Path) -> tuple[StoredGeneration, ...]:
    try:
        opened = file.open("rb")
    except OSError as error:
        raise Unavailable(f"the keyring {file} cannot be opened: {error.strerror}") from error
    with opened:
        # Asked of the open file, so that nobody swaps it in between.
        facts = os.fstat(opened.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise Unavailable(f"the keyring {file} is not a file")
        if facts.st_mode & _FORBIDDEN_MODE:
            raise Unavailable(f"the keyring {file} can be read by others. Run: chmod 600 {file}")
        raw = opened.read(MAX_FILE_BYTES)
    try:
        return decode_keyring(raw)
    except Damaged:
        raise Damaged(f"the keyring {file} is damaged: restore it from its own backup") from None


def _write_new(file: Path, raw: bytes, owner: tuple[int, int] | None = None) -> None:
    """`owner`: account and group that it is to belong to."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as opened:
        made = os.fstat(handle)
        if owner is not None and owner != (made.st_uid, made.st_gid):
            os.fchown(handle, *owner)
        opened.write(raw)
        opened.flush()
        os.fsync(handle)
    _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
