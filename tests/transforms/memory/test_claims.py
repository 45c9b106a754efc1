from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.transforms.memory.stores import key
from transforms.memory.addresses import open_claims, open_store
from transforms.memory.claims import Claims
from transforms.memory.sqlite_claims import SqliteClaims

LONG_SECONDS = 300.0


@pytest.fixture(params=["sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "memory.sqlite") if request.param == "sqlite" else str(request.getfixturevalue("redis_url"))


async def closing(*opened: Claims) -> None:
    for claims in opened:
        await claims.close()


def _no_use(value: bytes) -> bytes | None:
    return None


def test_a_key_has_one_owner_until_it_is_released_or_expires(place: str) -> None:
    one, other = open_claims(place), open_claims(place)
    keys = [key(100), key(101), key(102)]
    assert one.claim(keys[:2], "one", LONG_SECONDS) == set(keys[:2])
    assert other.claim(keys, "other", LONG_SECONDS) == {keys[2]}
    assert one.claim(keys, "one", LONG_SECONDS) == set(keys[:2]), "renewed, and no other's taken"
    other.release(keys[:1], "other")
    assert other.claim(keys[:1], "other", LONG_SECONDS) == set(), "nobody gives up another's claim"
    one.release(keys[:1], "one")
    assert other.claim(keys[:2], "other", LONG_SECONDS) == {keys[0]}
    one.release(keys, "one")
    other.release(keys, "other")
    one.close()
    other.close()


def test_one_worker_translates_and_the_others_get_its_entry(place: str) -> None:
    async def scenario() -> None:
        store = open_store(place)
        store.remove([key(1)])
        first, second = Claims(open_claims(place), store), Claims(open_claims(place), store)
        assert await first.turn(key(1), bytes) is None
        waiting = asyncio.create_task(second.turn(key(1), bytes))
        done, _ = await asyncio.wait([waiting], timeout=0.5)
        assert not done, "it waits"
        store.add([(key(1), b"answer")])
        assert await waiting == b"answer", "also before the claim is released"
        await first.release(key(1))
        assert await second.turn(key(1), bytes) == b"answer", "although nobody holds it"
        assert await first.turn(key(1), _no_use) is None, "an entry that does not count is translated again"
        await closing(first, second)
        store.close()

    asyncio.run(scenario())


def test_a_text_without_an_entry_goes_to_the_next_worker(place: str) -> None:
    async def scenario() -> None:
        store = open_store(place)
        first, second = Claims(open_claims(place), store), Claims(open_claims(place), store)
        for end in (first.release(key(2)), first.close()):
            assert await first.turn(key(2), bytes) is None
            waiting = asyncio.create_task(second.turn(key(2), bytes))
            await asyncio.sleep(0)
            await end
            assert await waiting is None
            await second.release(key(2))
        await closing(second)
        store.close()

    asyncio.run(scenario())


@pytest.mark.slow
def test_the_text_of_a_dead_worker_is_taken_over_and_that_of_a_slow_one_is_not(place: str) -> None:
    async def scenario() -> None:
        store = open_store(place)
        dead = open_claims(place)
        assert dead.claim([key(3)], "dead", 0.3) == {key(3)}
        dead.close()
        slow = Claims(open_claims(place), store, seconds=1.0)
        second = Claims(open_claims(place), store, seconds=1.0)
        assert await slow.turn(key(4), bytes) is None
        waiting = asyncio.create_task(second.turn(key(4), bytes))
        assert await second.turn(key(3), bytes) is None
        done, _ = await asyncio.wait([waiting], timeout=2.5)
        assert not done, "the claim was renewed"
        await slow.release(key(4))
        assert await waiting is None
        await closing(slow, second)
        store.close()

    asyncio.run(scenario())


def test_without_a_store_for_claims_each_worker_translates(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        store = open_store(str(tmp_path / "memory.sqlite"))
        claims = Claims(SqliteClaims(tmp_path / "missing" / "claims"), store)
        assert await claims.turn(key(1), bytes) is None
        assert await claims.turn(key(2), bytes) is None
        await closing(claims)
        store.close()

    asyncio.run(scenario())
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "cannot be used" in caplog.text
    assert "continuing without it" in caplog.text
