"""What only the store on a Redis server does; test_stores has what both stores do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import redis

from tests.transforms.memory.stores import entries, key, redis_server
from transforms.errors import UsageError
from transforms.memory import redis_store
from transforms.memory.addresses import open_store
from transforms.memory.store import MemoryUnavailable

FUTURE = datetime.now(timezone.utc) + timedelta(days=1)


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
        for address in (url.replace("//127", "//:geheim%231@127"), f"unix://:geheim%231@{tmp_path}/s?db=0"):
            store = open_store(address)
            store.add(entries(0, 1))
            assert store.look_up([key(0)]) == dict(entries(0, 1))
            store.close()
        with pytest.raises(MemoryUnavailable) as caught:
            open_store(url.replace("//127", "//:geheim2@127"))
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


def test_what_was_written_since_a_time_is_kept(redis_url: str) -> None:
    store = open_store(redis_url)
    store.prune(FUTURE)
    store.add(entries(0, 2))
    with redis.Redis.from_url(redis_url) as other:
        name = redis_store.PREFIX + key(0)
        other.setrange(name, 0, (1_000_000_000).to_bytes(8, "big"))
    written = datetime.fromtimestamp(1_000_000_000, timezone.utc)
    assert store.statistics().oldest == written
    assert store.prune(written) == 0
    assert store.prune(written + timedelta(seconds=1)) == 1
    assert store.look_up([key(0), key(1)]) == dict(entries(1, 2))
    store.close()
