"""The common contract of both stores, the SQLite file and a real Redis server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transforms.memory.stores import entries, key, redis_server
from transforms.errors import UsageError
from transforms.memory import redis_store
from transforms.memory.addresses import is_redis, open_store
from transforms.memory.store import MemoryUnavailable, Store, with_checksum, without_checksum

FUTURE = datetime.now(timezone.utc) + timedelta(days=1)


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


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


@pytest.mark.parametrize("url", ["redis://user:geheim@127.0.0.1:9/0", "rediss://:geheim@127.0.0.1:9/0?db=2"])
def test_an_unreachable_server_is_reported_without_its_password(url: str) -> None:
    with pytest.raises(MemoryUnavailable, match=r"127\.0\.0\.1:9") as caught:
        open_store(url)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("redis://user:geheim/sehr@127.0.0.1/0", "redis://user:geheim#sehr@127.0.0.1/0", "redis://geheim@[::1"),
        *("redis://127.0.0.1:9/0?colour=geheim", "redis://127.0.0.1:9/0?db=geheim", "redis://127.0.0.1:99999/geheim"),
    ],
)
def test_an_invalid_address_is_reported_without_its_password(url: str) -> None:
    with pytest.raises(UsageError, match="invalid Redis address") as caught:
        open_store(url)
    assert "geheim" not in str(caught.value)


def test_a_server_with_a_password_and_a_socket(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--requirepass", "geheim#1", "--unixsocket", str(tmp_path / "s")) as url:
        with pytest.raises(MemoryUnavailable, match=f"{url.rpartition(':')[2].partition('/')[0]}, cannot be used"):
            open_store(url)
        for address in (url.replace("127", ":geheim%231@127"), f"unix://:geheim%231@{tmp_path}/s?db=0"):
            store = open_store(address)
            store.add(entries(0, 1))
            assert store.look_up([key(0)]) == dict(entries(0, 1))
            store.close()
        with pytest.raises(MemoryUnavailable) as caught:
            open_store(url.replace("127", ":geheim2@127"))
        assert "geheim" not in str(caught.value)


def test_a_full_server_is_reported_without_the_text(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--maxmemory", "1", "--maxmemory-policy", "noeviction") as url:
        store = open_store(url)
        with pytest.raises(MemoryUnavailable, match="maxmemory") as caught:
            store.add(entries(0, 1))
        assert "valeur" not in str(caught.value)
        assert store.look_up([key(0)]) == {}
        store.close()


def test_a_closed_connection_is_reopened(redis_url: str) -> None:
    store = open_store(redis_url)
    store.add(entries(0, 1))
    with redis.Redis.from_url(redis_url) as other:
        other.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert store.look_up([key(0)]) == dict(entries(0, 1))
    store.close()


def test_a_hung_server_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_store, "ANSWER_SECONDS", 0.2)
    with redis_server(tmp_path) as url:
        store = open_store(url)
        with redis.Redis.from_url(url) as other:
            other.execute_command("CLIENT", "PAUSE", 60_000, "ALL")
        with pytest.raises(MemoryUnavailable, match="Timeout"):
            store.look_up([key(0)])
        store.close()


def test_modified_values_on_a_server_are_ignored(redis_url: str) -> None:
    store = open_store(redis_url)
    store.add(entries(0, 5))
    with redis.Redis.from_url(redis_url) as other:
        name = redis_store.PREFIX + key(0)
        other.set(name, other.get(name)[:-1] + b"?")
        other.set(redis_store.PREFIX + key(1), b"")
        other.set(redis_store.PREFIX + key(2), other.get(redis_store.PREFIX + key(3)))
        other.set("somebody else's", bytes(20))
        assert store.look_up([key(number) for number in range(5)]) == dict(entries(3, 5))
        assert store.prune(FUTURE) >= 4
        assert other.get("somebody else's") == bytes(20)
    store.close()


def test_a_missing_package_is_named_with_its_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(UsageError, match=r"pip install 'beam-ollama-translate\[redis\]'"):
        open_store("redis://127.0.0.1/0")


def test_a_lost_server_is_reported(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        store = open_store(url)
        store.add(entries(0, 3))
    calls: list[Callable[[], object]] = [
        lambda: store.look_up([key(1)]),
        lambda: store.add(entries(0, 1)),
        store.statistics,
        lambda: store.prune(FUTURE),
    ]
    for call in calls:
        with pytest.raises(MemoryUnavailable):
            call()
    store.close()


def test_addresses() -> None:
    assert all(map(is_redis, ("redis://gpu0", "rediss://gpu0:6380/1", "unix:///run/redis.sock")))
    assert not any(map(is_redis, ("memory.sqlite", "/data/redis", "s3://x")))
    with pytest.raises(UsageError, match="s3://"):
        open_store("s3://bucket/memory.sqlite")
