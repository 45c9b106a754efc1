"""The common contract of both stores, the SQLite file and a real Redis server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transforms.memory.stores import entries, key
from transforms.errors import UsageError
from transforms.memory.addresses import is_redis, open_store
from transforms.memory.store import Store, with_checksum, without_checksum

FUTURE = datetime.now(timezone.utc) + timedelta(days=1)


@pytest.fixture(params=["sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "memory.sqlite")
    url: str = request.getfixturevalue("redis_url")
    store = open_store(url)
    store.prune(FUTURE)
    store.close()
    return url


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    opened_store = open_store(place)
    yield opened_store
    opened_store.close()


def test_only_added_entries_are_found(store: Store) -> None:
    assert store.look_up([]) == {}
    store.add([])
    store.add(entries(0, 1500))
    asked = [key(number) for number in range(1000, 3000)]
    assert store.look_up(asked) == dict(entries(1000, 1500))


def test_a_new_value_replaces_the_former_one(store: Store) -> None:
    store.add([(key(1), b"one"), (key(2), b"two")])
    store.add([(key(1), b"other")])
    assert store.look_up([key(1), key(2)]) == {key(1): b"other", key(2): b"two"}


def test_removed_entries_are_gone(store: Store) -> None:
    store.add(entries(0, 10))
    store.remove([])
    store.remove([key(2), key(3), key(99)])
    assert store.look_up([key(1), key(2), key(3)]) == dict(entries(1, 2))


def test_entries_persist_across_stores(place: str) -> None:
    first = open_store(place)
    first.add(entries(0, 10))
    second = open_store(place)
    assert second.look_up([key(3)]) == dict(entries(3, 4))
    first.close()
    second.close()


def test_statistics_and_pruning(store: Store) -> None:
    assert store.statistics().entries == 0
    assert store.statistics().oldest is None
    store.add(entries(0, 2500))
    statistics = store.statistics()
    assert statistics.entries == 2500
    assert statistics.size_bytes > 2500 * 20
    assert statistics.oldest is not None
    assert statistics.newest is not None
    assert statistics.oldest <= statistics.newest <= FUTURE
    assert statistics.oldest.tzinfo is not None
    assert statistics.schema_version == 1
    assert store.prune(statistics.oldest) == 0
    assert store.prune(FUTURE) == 2500
    assert store.statistics().entries == 0


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.binary(min_size=32, max_size=32), st.binary(max_size=300), max_size=30))
def test_values_of_any_bytes_are_preserved(store: Store, values: dict[bytes, bytes]) -> None:
    store.add(list(values.items()))
    assert store.look_up(list(values)) == values


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_detected(sought: bytes, value: bytes, place: int, change: int) -> None:
    whole = bytearray(with_checksum(sought, value))
    assert without_checksum(sought, bytes(whole)) == value
    whole[place % len(whole)] ^= change
    assert without_checksum(sought, bytes(whole)) is None
    assert without_checksum(bytes(32), with_checksum(sought, value)) is None or sought == bytes(32)


def test_addresses() -> None:
    assert all(map(is_redis, ("redis://gpu0", "rediss://gpu0:6380/1", "unix:///run/redis.sock")))
    assert not any(map(is_redis, ("memory.sqlite", "/data/redis", "s3://x")))
    with pytest.raises(UsageError, match="s3://"):
        open_store("s3://bucket/memory.sqlite")
