"""When a supervisor looks at its host again, and what follows from what it sees."""

from __future__ import annotations

import asyncio

import pytest

from tests.transforms.fleet.loopback_fleet import until
from tests.transforms.fleet.raw_host import reply
from tests.transforms.fleet.supervised_host import BUSY, A, B, Server, Supervised, supervise
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.host.host_supervisor import FIRST_RETRY_SECONDS, MISSING_MODEL_RETRY_SECONDS


def test_a_host_that_was_away_is_verified_once_and_its_loaded_model_looked_at() -> None:
    server = Server()

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        server.calls.clear()
        await supervised.supervisor.verify()
        assert server.calls == []
        supervised.host.unverified = True
        server.loaded = [{"name": "mistral:latest", "size": 8, "size_vram": 4}]
        await asyncio.gather(supervised.supervisor.verify(), supervised.supervisor.verify())
        assert [path for path, _ in server.calls] == ["/api/version", "/api/tags", "/api/ps"]
        assert (supervised.host.unverified, supervised.host.vram_share) == (False, 0.5)

    supervise(server, use)


@pytest.mark.parametrize(
    ("listing", "models", "failure", "words"),
    [
        (BUSY, {}, Failure.BUSY, "busy"),
        (None, {"llama3:latest": B}, Failure.MODEL_MISSING, "'mistral' not found"),
        (None, {"mistral:latest": B}, Failure.MODEL_MISSING, "digest bbbbbbbbbbbb"),
    ],
)
def test_a_host_that_does_not_have_the_model_any_more_stays_unverified(
    listing: bytes | None, models: dict[str, str], failure: Failure, words: str
) -> None:
    server = Server()

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        supervised.host.unverified = True
        server.listing, server.models = listing, models
        with pytest.raises(RequestFailed, match=words) as failed:
            await supervised.supervisor.verify()
        assert failed.value.failure is failure
        assert supervised.host.unverified

    supervise(server, use)


@pytest.mark.parametrize(
    ("listing", "models", "digests", "pause_seconds"),
    [
        (BUSY, {}, {}, FIRST_RETRY_SECONDS),
        (reply({"error": "unauthorized"}, "HTTP/1.1 401 Unauthorized"), {}, {}, MISSING_MODEL_RETRY_SECONDS),
        (None, {"llama3:latest": B}, {}, MISSING_MODEL_RETRY_SECONDS),
        (None, {"mistral:latest": B}, {"mistral:latest": A}, MISSING_MODEL_RETRY_SECONDS),
    ],
    ids=["busy", "configuration", "no model", "another digest"],
)
def test_what_only_a_person_can_change_is_asked_for_less_often(
    listing: bytes | None,
    models: dict[str, str],
    digests: dict[str, str],
    pause_seconds: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sleeping, pauses = asyncio.sleep, list[float]()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await sleeping(0)

    async def use(supervised: Supervised) -> None:
        monkeypatch.setattr("transforms.fleet.host.host_supervisor.asyncio.sleep", sleep)
        while not pauses:
            await sleeping(0.001)

    supervise(Server(models, listing=listing), use, digests=digests)
    assert pauses[0] == pause_seconds


def test_pauses_begin_afresh_once_a_host_has_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(listing=BUSY)
    sleeping, pauses = asyncio.sleep, list[float]()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            server.listing = None
        await sleeping(0)

    async def use(supervised: Supervised) -> None:
        monkeypatch.setattr("transforms.fleet.host.host_supervisor.asyncio.sleep", sleep)
        while not supervised.host.ready:
            await sleeping(0.001)
        server.listing = BUSY
        supervised.supervisor.change_model("mistral:latest")
        while len(pauses) < 4:
            await sleeping(0.001)

    supervise(server, use)
    assert pauses[:4] == [FIRST_RETRY_SECONDS, 2 * FIRST_RETRY_SECONDS, 4 * FIRST_RETRY_SECONDS, FIRST_RETRY_SECONDS]


@pytest.mark.usefixtures("quick_retries")
def test_a_reason_that_stays_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    server = Server({})

    async def use(supervised: Supervised) -> None:
        await until(lambda: server.looks() > 4)
        server.models = {"llama3:latest": B}
        await until(lambda: "it has llama3:latest" in caplog.text)

    supervise(server, use)
    assert caplog.text.count("excluded: ") == 2


def test_only_the_hosts_own_model_is_looked_at_in_its_memory(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(loaded=[{"name": "bge:latest", "size": 8}, {"name": "mistral:latest", "size": 0}])

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        assert supervised.host.vram_share is None

    supervise(server, use)
    assert "CPU" not in caplog.text


@pytest.mark.usefixtures("quick_patrols")
def test_a_host_that_does_not_answer_a_look_stays_in_use() -> None:
    server = Server()

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        server.listing = BUSY
        looks = server.looks()
        await until(lambda: server.looks() > looks + 3)
        assert supervised.host.usable()
        assert supervised.changes == [True]

    supervise(server, use)


@pytest.mark.usefixtures("quick_patrols")
def test_what_changes_on_a_host_is_seen_and_told_without_loading_its_model_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server()

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        changes = len(supervised.changes)
        server.models = {"mistral:latest": A, "small:latest": B}
        await until(lambda: supervised.host.has("small:latest"))
        assert len(supervised.changes) == changes + 1
        server.loaded = [{"name": "mistral:latest", "size": 8}]
        await until(lambda: "on the CPU only" in caplog.text)
        looks = server.looks()
        await until(lambda: server.looks() > looks + 3)

    supervise(server, use, fallback_model="small")
    assert server.loaded_models() == ["mistral"]
