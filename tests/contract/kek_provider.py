"""What every provider of key-encryption keys promises (davserver/sealing/kek.py). A provider's own
test file has a subclass of this suite whose `provider` fixture gives a new one.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from davserver.domain.errors import Damaged, Unavailable
from davserver.domain.secret import Secret
from davserver.sealing.kek import GenerationState, Wrapped

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY = Secret(bytes(range(32)))


def states(provider):
    return [one.state for one in provider.generations()]


def replace_key(provider):
    added = provider.add_generation(os.urandom, NOW)
    provider.use_generation(added.kek_id)
    return added


class KekProviderContract:
    def test_a_wrapped_key_comes_back_in_its_context(self, provider):
        assert provider.unwrap(provider.wrap(KEY, b"context"), b"context") == KEY

    def test_a_wrap_opens_in_no_other_context(self, provider):
        wrapped = provider.wrap(KEY, b"context")
        for other in (b"", b"contex", b"context\0", b"Context"):
            with pytest.raises(Damaged):
                provider.unwrap(wrapped, other)

    def test_an_altered_wrap_is_damage(self, provider):
        wrapped = provider.wrap(KEY, b"context")
        for at in range(len(wrapped.sealed)):
            bad = bytearray(wrapped.sealed)
            bad[at] ^= 1
            with pytest.raises(Damaged):
                provider.unwrap(replace(wrapped, sealed=bytes(bad)), b"context")
        for sealed in (b"", wrapped.sealed[:-1], wrapped.sealed + b"\0"):
            with pytest.raises(Damaged):
                provider.unwrap(replace(wrapped, sealed=sealed), b"context")

    def test_only_keys_of_32_bytes_are_wrapped(self, provider):
        with pytest.raises(ValueError, match="32 bytes"):
            provider.wrap(Secret(b"short"), b"context")

    def test_a_new_provider_has_one_active_generation(self, provider):
        assert states(provider) == [GenerationState.ACTIVE]
        assert provider.wrap(KEY, b"").kek_id == provider.generations()[0].kek_id

    def test_a_new_generation_wraps_and_the_older_ones_still_open(self, provider):
        before = provider.wrap(KEY, b"context")
        added = replace_key(provider)
        after = provider.wrap(KEY, b"context")
        assert states(provider) == [GenerationState.DECRYPT_ONLY, GenerationState.ACTIVE]
        assert (after.kek_id, added.created) == (added.kek_id, NOW)
        assert before.kek_id != after.kek_id
        for wrapped in (before, after):
            assert provider.unwrap(wrapped, b"context") == KEY

    def test_a_generation_that_waits_wraps_only_what_names_it(self, provider):
        first = provider.generations()[0].kek_id
        waits = provider.add_generation(os.urandom, NOW).kek_id
        assert states(provider) == [GenerationState.ACTIVE, GenerationState.DECRYPT_ONLY]
        assert provider.add_generation(os.urandom, NOW).kek_id == waits
        assert provider.wrap(KEY, b"context").kek_id == first
        for kek_id in (first, waits):
            wrapped = provider.wrap(KEY, b"context", kek_id)
            assert wrapped.kek_id == kek_id
            assert provider.unwrap(wrapped, b"context") == KEY

    def test_nothing_is_wrapped_under_a_generation_that_was_replaced(self, provider):
        first = provider.generations()[0].kek_id
        replace_key(provider)
        provider.wrap(KEY, b"context", provider.generations()[1].kek_id)
        provider.destroy(provider.add_generation(os.urandom, NOW).kek_id, NOW)
        gone = provider.generations()[2].kek_id
        for kek_id in (first, gone, "no such generation"):
            with pytest.raises(Unavailable, match="wraps nothing"):
                provider.wrap(KEY, b"context", kek_id)

    def test_there_is_no_way_back_to_a_generation_that_was_replaced(self, provider):
        first = provider.generations()[0].kek_id
        added = replace_key(provider)
        provider.use_generation(added.kek_id)
        assert states(provider) == [GenerationState.DECRYPT_ONLY, GenerationState.ACTIVE]
        for kek_id in (first, "no such generation"):
            with pytest.raises(ValueError, match="waits"):
                provider.use_generation(kek_id)
        provider.destroy(first, NOW)
        with pytest.raises(ValueError, match="waits"):
            provider.use_generation(first)

    def test_generations_do_not_open_each_others_wraps(self, provider):
        before = provider.wrap(KEY, b"context")
        added = provider.add_generation(os.urandom, NOW)
        with pytest.raises(Damaged):
            provider.unwrap(Wrapped(added.kek_id, before.sealed), b"context")

    def test_what_a_destroyed_generation_wrapped_is_lost(self, provider):
        before = provider.wrap(KEY, b"context")
        replace_key(provider)
        provider.destroy(before.kek_id, NOW + timedelta(days=90))
        assert states(provider) == [GenerationState.DESTROYED, GenerationState.ACTIVE]
        assert provider.generations()[0].destroyed == NOW + timedelta(days=90)
        with pytest.raises(Damaged, match="destroyed"):
            provider.unwrap(before, b"context")

    def test_only_a_decrypt_only_generation_can_be_destroyed(self, provider):
        first = provider.generations()[0].kek_id
        for kek_id in (first, "no such generation"):
            with pytest.raises(ValueError, match="decrypt-only"):
                provider.destroy(kek_id, NOW)
        replace_key(provider)
        provider.destroy(first, NOW)
        with pytest.raises(ValueError, match="decrypt-only"):
            provider.destroy(first, NOW)

    def test_a_generation_that_the_provider_never_had_is_unavailable(self, provider):
        with pytest.raises(Unavailable, match="no such"):
            provider.unwrap(Wrapped("no such generation", bytes(48)), b"context")

    def test_threads_share_a_provider_while_its_key_is_replaced(self, provider):
        def round_trip(number):
            context = number.to_bytes(2, "big")
            return provider.unwrap(provider.wrap(KEY, context), context)

        with ThreadPoolExecutor(4) as threads:
            done = [threads.submit(round_trip, number) for number in range(200)]
            for _ in range(4):
                replace_key(provider)
            assert {one.result().reveal() for one in done} == {KEY.reveal()}
        assert len(provider.generations()) == 5
