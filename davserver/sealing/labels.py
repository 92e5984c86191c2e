"""Every purpose that a key is derived for (FORMAT.md §2.2). One word never serves twice."""

from enum import StrEnum, unique
from typing import Self


@unique
class Purpose(StrEnum):
    CONTENT = "content"
    KEK_LOCAL = "kek/local"
    KEK_SPACE_KEY = "kek/space-key"
    KEK_INSTANCE_KEY = "kek/instance-key"
    SPACE_RECORD = "space/record"
    SPACE_VERSION = "space/version"
    SPACE_INDEX_KEY = "space/index-key"
    SPACE_LOCK_OWNER = "space/lock-owner"
    INDEX_NAME = "index/name"
    INDEX_FOLDED = "index/folded"
    INDEX_CATEGORY = "index/category"
    ROW_MAC = "row/mac"
    DIRECTORY_PROFILE = "directory/profile"
    DIRECTORY_DISPLAY = "directory/display"
    DIRECTORY_PURPOSE = "directory/purpose"
    DIRECTORY_OFFER = "directory/offer"
    DIRECTORY_REQUEST_LOGIN = "directory/request-login"
    DIRECTORY_NOTICE = "directory/notice"
    DIRECTORY_LOOKUP = "directory/lookup"
    DIRECTORY_GRANT_NAME = "directory/grant-name"
    DIRECTORY_PSEUDONYM = "directory/pseudonym"
    DIRECTORY_SHARING_CODE = "directory/sharing-code"
    DIRECTORY_SHARING_CODE_INDEX = "directory/sharing-code-index"
    CREDENTIAL_PASSWORD = "credential/password"  # noqa: S105 — a purpose, not a password
    CREDENTIAL_LABEL = "credential/label"
    AFFILIATION_CODE = "affiliation/code"
    APP_PASSWORD_VERIFY = "app-password/verify"  # noqa: S105 — a purpose, not a password
    TRAIL_PAYLOAD = "trail/payload"
    TRAIL_ACTOR_KEY = "trail/actor-key"
    TRAIL_ACTOR = "trail/actor"
    TRAIL_WINDOW = "trail/window"
    TRAIL_JOURNAL = "trail/journal"
    TRAIL_LINK = "trail/link"
    TRAIL_HEAD = "trail/head"
    TRAIL_ENTRY = "trail/entry"
    TRAIL_ROW = "trail/row"
    ETAG_FOLDER = "etag/folder"
    SCRATCH_RECORD = "scratch/record"
    SCRATCH_INDEX = "scratch/index"

    label: bytes
    """The bytes `abri/v1/…` that stand in key derivation and in authenticated data."""

    def __new__(cls, word: str) -> Self:
        one = str.__new__(cls, word)
        one._value_ = word
        one.label = b"abri/v1/" + word.encode("ascii")
        return one
