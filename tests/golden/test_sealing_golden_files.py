"""What Abri stored once keeps opening, for Abri and for a reader written from FORMAT.md alone."""

import base64
import hashlib
import json
from datetime import datetime
from pathlib import Path

import pytest

from davserver.domain.errors import Damaged
from davserver.domain.ids import BlobId, VaultId
from davserver.domain.secret import Secret
from davserver.sealing.digests import DigestAlg, digest_alg, digesting
from davserver.sealing.labels import Purpose
from davserver.sealing.stream import open_small
from tests.golden import second_reader as reader
from tests.golden.blob_file import GoldenBlob
from tests.golden.write_golden import FOLDER, golden_files

BLOBS = sorted(FOLDER.glob("*.blob"))


def vectors(kind):
    return json.loads((FOLDER / f"{kind}.json").read_text())


def each(kind):
    return pytest.mark.parametrize("given", vectors(kind))


def raw(given, *names):
    """These values as bytes; null stays None."""
    found = tuple(None if given[name] is None else bytes.fromhex(given[name]) for name in names)
    return found if len(found) > 1 else found[0]


def row_of(given):
    """A row's fields as the second reader takes them: hexadecimal to bytes, the rest as it is."""
    plain = ("kind", "state")
    return {
        name: bytes.fromhex(value) if isinstance(value, str) and name not in plain else value
        for name, value in given["row"].items()
    }


def typed(value):
    if isinstance(value, dict) and set(value) == {"bytes"}:
        return bytes.fromhex(value["bytes"])
    if isinstance(value, dict) and set(value) == {"time"}:
        return ("time", value["time"])
    if isinstance(value, dict):
        return {key: typed(one) for key, one in value.items()}
    return tuple(typed(one) for one in value) if isinstance(value, list) else value


def test_every_golden_file_is_still_made_byte_for_byte():
    made = golden_files()
    kept = {file.name: file.read_bytes() for file in FOLDER.iterdir()}
    assert sorted(made) == sorted(kept)
    assert [name for name in made if made[name] != kept[name]] == []


@pytest.mark.parametrize("file", BLOBS, ids=lambda file: file.stem)
def test_a_golden_blob_opens_or_is_refused_as_it_says(file: Path):
    golden = GoldenBlob.read(file)

    def by_abri():
        key, vault, blob = Secret(golden.file_key), VaultId(golden.vault), BlobId(golden.blob)
        return open_small(key, vault, blob, golden.plain_size, golden.stored)

    def by_the_second_reader():
        return reader.open_blob(
            golden.file_key, golden.vault, golden.blob, golden.plain_size, golden.stored
        )

    if golden.expect == "refused":
        with pytest.raises(Damaged):
            by_abri()
        with pytest.raises(reader.Refused):
            by_the_second_reader()
    else:
        assert golden.expect == "opens"
        plain = by_abri()
        assert plain == by_the_second_reader()
        assert hashlib.sha256(plain).hexdigest() == golden.plain_sha256


@each("stored_digest")
def test_stored_digests_are_as_the_format_says(given):
    stored = GoldenBlob.read(FOLDER / given["blob"]).stored
    assert reader.stored_digest(given["alg"], stored).hex() == given["digest"]
    alg = digest_alg(given["alg"])
    assert alg is not None
    found = digesting(alg)
    found.update(stored)
    assert found.digest().hex() == given["digest"]


def test_every_word_for_a_digest_is_golden_and_no_other_is_known():
    words = {given["alg"] for given in vectors("stored_digest")}
    assert words == {alg.value for alg in DigestAlg} == {"sha-256", "blake3"}
    for word in ("sha-512", "BLAKE3", "", None, 1, b"blake3"):
        assert digest_alg(word) is None


def test_every_purpose_has_golden_derivations():
    assert {given["purpose"] for given in vectors("derive")} == {one.value for one in Purpose}


@each("derive")
def test_derivations_are_as_the_format_says(given):
    key, context, output = raw(given, "key", "context", "output")
    assert reader.derive(key, given["purpose"], context, len(output)) == output


@each("node")
def test_a_node_row_is_as_the_format_says(given):
    key, sealed = raw(given, "space_key", "sealed")
    row = row_of(given)
    assert reader.node_context(row).hex() == given["context"]
    assert reader.read_record(raw(given, "encoded")) == given["record"]
    assert reader.open_node(key, row, sealed) == given["record"]
    with pytest.raises(reader.Refused):
        reader.open_node(key, row | {"twin": row["twin"] + 1}, sealed)


@each("version")
def test_a_version_row_is_as_the_format_says(given):
    key, sealed = raw(given, "space_key", "sealed")
    row = row_of(given)
    assert reader.version_context(row).hex() == given["context"]
    assert reader.open_version(key, row, sealed) == given["record"]


@each("index_key")
def test_a_sealed_index_key_is_as_the_format_says(given):
    key, vault, space, sealed = raw(given, "space_key", "vault", "space", "sealed")
    place = reader.place({"vault": vault, "space": space, "epoch": given["epoch"]})
    generation = reader.u32(given["generation"])
    opened = reader.unseal_key(key, "space/index-key", place, sealed, generation)
    assert opened == raw(given, "index_key")


@each("lock_owner")
def test_a_lock_owner_is_as_the_format_says(given):
    key, vault, space, sealed = raw(given, "space_key", "vault", "space", "sealed")
    place = reader.place({"vault": vault, "space": space, "epoch": given["epoch"]})
    context = b"".join(raw(given, "lock", "node"))
    opened = reader.unseal(key, "space/lock-owner", place, sealed, context)
    assert opened.decode() == given["owner"]


@each("name")
def test_name_indexes_are_as_the_format_says(given):
    key, vault = raw(given, "index_key", "vault")
    assert reader.name_index(key, vault, given["name"]).hex() == given["name_index"]
    assert reader.folded_index(key, vault, given["name"]).hex() == given["folded_index"]


@each("category")
def test_category_tags_are_as_the_format_says(given):
    key, vault = raw(given, "index_key", "vault")
    assert reader.category_tag(key, vault, given["category"]).hex() == given["tag"]


@each("row")
def test_row_macs_are_as_the_format_says(given):
    mac_key, trail_key = raw(given, "mac_key", "trail_key")
    encoded = reader.encode_row(given["table"], typed(given["columns"]))
    assert encoded.hex() == given["encoded"]
    assert reader.mac(mac_key, "row/mac", b"", encoded).hex() == given["mac"]
    assert reader.mac(trail_key, "trail/row", b"", encoded).hex() == given["hash"]


@each("etag")
def test_folder_etags_are_as_the_format_says(given):
    encoded = reader.encode_list(typed(given["parts"]))
    assert encoded.hex() == given["encoded"]
    assert reader.index(raw(given, "key"), "etag/folder", b"", encoded).hex() == given["etag"]


@each("wrap")
def test_wrapped_keys_are_as_the_format_says(given):
    kek, sealed, context = raw(given, "kek", "sealed", "context")
    assert reader.local_unwrap(given["kek_id"], kek, sealed, context) == raw(given, "key")
    if given["of"] != "space key":
        assert context == reader.instance_key_context(given["of"], 2)


@each("space_key_context")
def test_a_space_keys_context_is_as_the_format_says(given):
    vault, space, owner = raw(given, "vault", "space", "owner")
    context = reader.space_key_context(vault, space, given["epoch"], owner)
    assert context.hex() == given["context"]


@each("keyring")
def test_the_keyring_file_is_as_the_format_says(given):
    first, *lines, seal, end = given["file"].split("\n")
    body = given["file"][: -len(seal) - 1]
    assert (first, end) == ("abri keyring 1", "")
    assert seal == f"sha256 {hashlib.sha256(body.encode()).hexdigest()}"
    for line, told in zip(lines, given["generations"], strict=True):
        read = json.loads(line)
        assert (read["id"], read["state"]) == (told["kek_id"], told["state"])
        assert datetime.fromisoformat(read["created"]).timestamp() * 1e6 == told["created"]
        assert (read["key"] is None) == (told["state"] == "destroyed")


@each("app_password")
def test_app_password_verifiers_are_as_the_format_says(given):
    assert reader.app_password_verifier(raw(given, "secret")) == raw(given, "verifier")


@each("versioned")
def test_what_belongs_to_people_is_sealed_as_the_format_says(given):
    key, one, sealed = raw(given, "key", "id", "sealed")
    context = one + reader.u64(given["version"])
    assert reader.unseal(key, given["purpose"], b"", sealed, context) == raw(given, "plain")


@each("lookup")
def test_directory_look_ups_are_as_the_format_says(given):
    message = reader.encode_list([given["attribute"], reader.folded(given["value"])])
    found = reader.index(raw(given, "key"), "directory/lookup", b"", message)
    assert found.hex() == given["index"]


@each("certificate")
def test_client_certificates_are_found_as_the_format_says(given):
    key = reader.certificate_key(raw(given, "certificate"))
    message = reader.encode_list(["certificate", key.hex()])
    found = reader.index(raw(given, "key"), "directory/lookup", b"", message)
    assert found.hex() == given["id"]
    encoded = base64.b64encode(key).decode().rstrip("=")
    assert given["verifier"] == f"$abri-certificate$v=1${encoded}"


@each("grant_name")
def test_names_on_a_drive_are_indexed_as_the_format_says(given):
    message = reader.encode_list([raw(given, "grantee"), reader.nfc(given["name"])])
    found = reader.index(raw(given, "key"), "directory/grant-name", b"", message)
    assert found.hex() == given["index"]


@each("request")
def test_requests_for_affiliations_are_as_the_format_says(given):
    key, request, sealed = raw(given, "key", "request", "sealed")
    opened = reader.unseal(key, "directory/request-login", b"", sealed, request)
    assert opened.decode() == given["login"]
    message = request + given["code"].encode()
    code = reader.mac(raw(given, "code_key"), "affiliation/code", b"", message)
    assert code.hex() == given["code_mac"]


@each("offer")
def test_offers_of_grants_are_sealed_as_the_format_says(given):
    key, offer, sealed = raw(given, "key", "offer", "sealed")
    context = offer + reader.u64(given["version"])
    assert reader.unseal(key, "directory/offer", b"", sealed, context).decode() == given["plain"]
    with pytest.raises(reader.Refused):
        reader.unseal(key, "directory/offer", b"", sealed, offer + reader.u64(1))


@each("sharing_code")
def test_codes_for_sharing_are_sealed_and_found_as_the_format_says(given):
    bits = f"{int(given['entropy'], 16):040b}"
    base32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    letters = "".join(base32[int(bits[at : at + 5], 2)] for at in range(0, 40, 5))
    assert letters == given["letters"]
    key, code, person, sealed = raw(given, "key", "code", "person", "sealed")
    opened = reader.unseal(key, "directory/sharing-code", b"", sealed, code + person)
    assert opened.decode() == letters
    index_key = raw(given, "index_key")
    found = reader.index(index_key, "directory/sharing-code-index", b"", letters.encode())
    assert found.hex() == given["index"]


@each("notice")
def test_notices_are_sealed_as_the_format_says(given):
    key, notice, person, sealed = raw(given, "key", "notice", "person", "sealed")
    opened = reader.unseal(key, "directory/notice", b"", sealed, notice + person)
    assert opened.decode() == given["plain"]
    with pytest.raises(reader.Refused):
        reader.unseal(key, "directory/notice", b"", sealed, notice + bytes(16))


@each("entry")
def test_trail_entries_are_as_the_format_says(given):
    seal_key, actor_key, actor, vault = raw(given, "seal_key", "actor_key", "actor", "vault")
    payload_ct, actor_ct, before, mac_key = raw(
        given, "payload_ct", "actor_ct", "before", "mac_key"
    )
    seq = given["seq"]
    place = vault + reader.u64(seq)
    payload = reader.unseal(seal_key, "trail/payload", b"", payload_ct, place)
    part = reader.unseal(actor_key, "trail/actor", actor, actor_ct, place)
    assert (payload, part) == raw(given, "payload", "part")
    hashes = [reader.entry_hash([payload_ct]), reader.entry_hash([actor, actor_ct])]
    digest = reader.entry_hash([given["at"], None, *hashes])
    link = reader.link(mac_key, before, vault, seq, digest)
    assert (digest, link) == raw(given, "entry_hash", "link")
    assert reader.head_mac(mac_key, vault, seq, link) == raw(given, "head_mac")


def test_the_golden_trail_is_one_chain():
    entries = vectors("entry")
    befores = [given["before"] for given in entries]
    assert befores == [bytes(32).hex(), *(given["link"] for given in entries[:-1])]


@each("actor_key")
def test_actor_keys_are_sealed_as_the_format_says(given):
    key, actor, sealed = raw(given, "seal_key", "actor", "sealed")
    opened = reader.unseal_key(key, "trail/actor-key", b"", sealed, actor)
    assert opened == raw(given, "actor_key")


@each("window")
def test_read_windows_are_sealed_as_the_format_says(given):
    key, person, etag, sealed = raw(given, "seal_key", "person", "etag", "sealed")
    opened = reader.unseal(key, "trail/window", b"", sealed, person + etag)
    assert opened == raw(given, "detail")


@each("journal")
def test_readings_in_journals_are_sealed_as_the_format_says(given):
    key, journal, record = raw(given, "seal_key", "journal", "record")
    length, number = (int.from_bytes(one, "big") for one in (record[:4], record[4:12]))
    assert (length, number) == (len(record) - 12, given["number"])
    opened = reader.unseal(key, "trail/journal", b"", record[12:], journal + record[4:12])
    assert opened == raw(given, "reading")


@each("scratch")
def test_scratch_records_are_as_the_format_says(given):
    key, person, item, folder, sealed = raw(given, "key", "person", "item", "folder", "sealed")
    place = reader.optional_id(folder)
    opened = reader.unseal(key, "scratch/record", person, sealed, place + item)
    assert reader.read_record(opened) == given["record"]
    name = place + reader.nfc(given["name"]).encode()
    assert reader.index(key, "scratch/index", person, name).hex() == given["index"]
