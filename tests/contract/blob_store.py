"""What every blob store promises (davserver/vault/blobs/store.py). A store's own test file has a
subclass of this suite whose `store` fixture gives an empty store.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from davserver.domain.errors import AlreadyThere, Damaged
from davserver.domain.ids import BlobId
from davserver.vault.blobs.store import BlobStore, MissingBlob, StoredBlob


def new_id() -> BlobId:
    return BlobId(os.urandom(16))


def put(store: BlobStore, blob: BlobId, *pieces) -> None:
    writer = store.create(blob)
    for piece in pieces:
        writer.write(piece)
    writer.commit()


def get(store: BlobStore, blob: BlobId) -> bytes:
    with store.open(blob) as reader:
        return bytes(reader.read_at(0, reader.size))


class BlobStoreContract:
    def test_what_was_written_and_committed_comes_back(self, store):
        blob = new_id()
        put(store, blob, b"one", bytearray(b"two"), memoryview(b"three"))
        assert get(store, blob) == b"onetwothree"
        assert store.stat(blob) == StoredBlob(blob, 11)

    def test_an_empty_blob_is_a_blob(self, store):
        blob = new_id()
        put(store, blob)
        assert get(store, blob) == b""
        assert store.stat(blob).size == 0

    def test_a_large_blob_comes_back_in_parts(self, store):
        blob, data = new_id(), os.urandom(5 * 2**20 + 17)
        put(store, blob, *(data[at : at + 2**18] for at in range(0, len(data), 2**18)))
        with store.open(blob) as reader:
            assert reader.size == len(data)
            for offset, length in ((0, 128), (1, 2**20), (len(data) - 5, 5), (2**20, 3 * 2**20)):
                assert bytes(reader.read_at(offset, length)) == data[offset : offset + length]

    def test_a_written_buffer_may_be_used_again_at_once(self, store):
        blob, buffer = new_id(), bytearray(b"first!")
        writer = store.create(blob)
        writer.write(buffer)
        buffer[:] = b"second"
        writer.write(buffer)
        writer.commit()
        assert get(store, blob) == b"first!second"

    def test_reading_past_the_end_is_damage(self, store):
        blob = new_id()
        put(store, blob, b"0123456789")
        with store.open(blob) as reader:
            assert bytes(reader.read_at(10, 0)) == b""
            for offset, length in ((0, 11), (9, 2), (10, 1), (500, 1)):
                with pytest.raises(Damaged):
                    reader.read_at(offset, length)

    def test_a_blob_that_is_not_there_is_missing_and_that_is_damage(self, store):
        with pytest.raises(MissingBlob) as caught:
            store.open(new_id())
        assert isinstance(caught.value, Damaged)
        with pytest.raises(MissingBlob):
            store.stat(new_id())

    def test_no_id_is_written_twice(self, store):
        blob = new_id()
        put(store, blob, b"first")
        with pytest.raises(AlreadyThere):
            put(store, blob, b"second")
        assert get(store, blob) == b"first"

    def test_an_aborted_blob_is_gone_and_aborting_again_is_no_error(self, store):
        blob = new_id()
        writer = store.create(blob)
        writer.write(b"half")
        writer.abort()
        writer.abort()
        with pytest.raises(MissingBlob):
            store.open(blob)
        assert list(store.list()) == []

    def test_aborting_after_commit_changes_nothing(self, store):
        blob = new_id()
        writer = store.create(blob)
        writer.write(b"whole")
        writer.commit()
        writer.abort()
        assert get(store, blob) == b"whole"

    def test_a_finished_writer_takes_nothing_more(self, store):
        for end in ("commit", "abort"):
            writer = store.create(new_id())
            getattr(writer, end)()
            with pytest.raises(ValueError, match="committed or has failed"):
                writer.write(b"more")
            with pytest.raises(ValueError, match="committed or has failed"):
                writer.commit()

    def test_a_deleted_blob_is_gone_and_deleting_again_is_no_error(self, store):
        blob = new_id()
        put(store, blob, b"text")
        store.delete(blob)
        store.delete(blob)
        with pytest.raises(MissingBlob):
            store.open(blob)
        assert list(store.list()) == []

    def test_an_open_reader_keeps_its_blob_while_it_is_deleted(self, store):
        blob = new_id()
        put(store, blob, b"still here")
        with store.open(blob) as reader:
            store.delete(blob)
            assert bytes(reader.read_at(0, 10)) == b"still here"

    def test_the_list_has_every_blob_with_its_size(self, store):
        sizes = {new_id(): number for number in range(20)}
        for blob, size in sizes.items():
            put(store, blob, bytes(size))
        listed = list(store.list())
        assert len(listed) == 20
        assert {one.id: one.size for one in listed} == sizes

    def test_readers_may_be_closed_twice(self, store):
        blob = new_id()
        put(store, blob, b"text")
        reader = store.open(blob)
        reader.close()
        reader.close()

    def test_an_id_of_another_length_is_a_mistake_of_the_caller(self, store):
        for wrong in (b"", b"x" * 15, b"x" * 17):
            with pytest.raises(ValueError, match="16 bytes"):
                store.create(BlobId(wrong))
            with pytest.raises(ValueError, match="16 bytes"):
                store.open(BlobId(wrong))

    def test_threads_share_a_store_and_a_reader(self, store):
        blobs = [new_id() for _ in range(32)]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda blob: put(store, blob, blob * 1000), blobs))
            assert list(threads.map(lambda blob: get(store, blob), blobs)) == [
                blob * 1000 for blob in blobs
            ]
            with store.open(blobs[0]) as reader:
                parts = threads.map(lambda at: bytes(reader.read_at(at * 16, 16)), range(1000))
                assert set(parts) == {blobs[0]}

    def test_only_one_of_many_creators_of_one_id_wins(self, store):
        blob = new_id()

        def attempt(number):
            try:
                put(store, blob, str(number).encode())
            except AlreadyThere:
                return None
            return str(number).encode()

        with ThreadPoolExecutor(8) as threads:
            won = [one for one in threads.map(attempt, range(16)) if one is not None]
        assert won == [get(store, blob)]
