"""A host from its first check to the end of the run, against real loopback hosts."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests.conftest import MakeHost
from tests.transforms.fleet.loopback_fleet import request, run, until
from tests.transforms.fleet.raw_host import RawHost, reply
from transforms.errors import NoHostLeft
from transforms.fleet.dispatch.verdicts import MOST_MISSING
from transforms.fleet.faults import Failure, RowRejected
from transforms.fleet.fleet import Fleet
from transforms.fleet.host import host_supervisor
from transforms.fleet.jobs import Attempt


async def ready(fleet: Fleet) -> None:
    await until(lambda: {view.state for view in fleet.view()} == {"healthy"})


async def one(fleet: Fleet) -> str:
    return (await fleet.generate(request(), [])).host


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vram_share": 0.0}, ["on the CPU only"]),
        ({"vram_share": 0.625}, ["only 62% of mistral:latest", "OLLAMA_NUM_PARALLEL"]),
        ({"trained_context": 2048}, ["context of 2048 tokens", "--num_ctx 2048"]),
    ],
)
def test_what_is_wrong_with_a_loaded_model_is_told_once(
    changes: dict[str, float],
    words: list[str],
    sandbox_host: MakeHost,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_supervisor, "PATROL_SECONDS", 0.02)
    host = sandbox_host(**changes)

    async def use(fleet: Fleet) -> None:
        await ready(fleet)
        before = host.stats()["gets"]
        await until(lambda: host.stats()["gets"] > before + 6)  # two patrols
        assert [view.vram_share for view in fleet.view()] == [pytest.approx(changes.get("vram_share", 1.0), abs=0.001)]

    run([host.url], use)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert host.url in warnings[0]
    assert all(word in warnings[0] for word in words)


def test_a_model_that_changes_under_its_name_is_noticed(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_supervisor, "PATROL_SECONDS", 0.02)
    stays, changes = sandbox_host(), sandbox_host()

    async def use(fleet: Fleet) -> set[str]:
        await ready(fleet)
        changes.control(digest="cd" * 32)
        await until(lambda: any(view.state.startswith("excluded") for view in fleet.view()))
        return {await one(fleet) for _ in range(10)}

    assert run([stays.url, changes.url], use) == {stays.url}
    assert "digest cdcdcdcdcdcd" in caplog.text


def test_a_host_takes_part_as_soon_as_its_model_is_there(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_supervisor, "MISSING_MODEL_RETRY_SECONDS", 0.02)
    host = sandbox_host(models=["llama3:latest"])

    async def use(fleet: Fleet) -> str:
        row = asyncio.create_task(one(fleet))
        await until(lambda: any("mistral" in view.state for view in fleet.view()))
        host.control(models=["mistral:latest"])
        return await row

    with caplog.at_level(logging.INFO):
        assert run([host.url], use) == host.url
    assert f"{host.url} joined" in caplog.text


def test_a_model_that_is_deleted_in_the_middle_takes_its_host_out(
    sandbox_host: MakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_supervisor, "MISSING_MODEL_RETRY_SECONDS", 0.02)
    stays, loses = sandbox_host(), sandbox_host()

    async def use(fleet: Fleet) -> set[str]:
        await ready(fleet)
        loses.control(models=["llama3:latest"])
        answers = await asyncio.gather(*(fleet.generate(request(number), []) for number in range(40)))
        return {answer.host for answer in answers}

    assert stays.url in run([stays.url, loses.url], use)


def test_a_host_that_never_answers_is_not_waited_for_when_another_model_is_asked(sandbox_host: MakeHost) -> None:
    host = sandbox_host()

    async def use(fleet: Fleet) -> None:
        await until(lambda: any(view.state == "healthy" for view in fleet.view()))
        with pytest.raises(RowRejected) as rejected:
            await fleet.generate(request(1, model="large"), [])
        assert rejected.value.failure is Failure.MODEL_MISSING

    run([host.url, "http://127.0.0.1:9"], use, fallback_model="large", max_outage_seconds=0.5)


def generated(path: str, body: dict[str, Any]) -> bool:
    return path == "/api/generate" and bool(body.get("prompt"))


def test_one_host_that_refuses_what_others_take_does_not_end_the_run(sandbox_host: MakeHost) -> None:
    refusal = reply({"error": '"mistral" does not support thinking'}, "HTTP/1.1 400 Bad Request")
    good = sandbox_host(tokens_per_second=100.0)

    async def use(fleet: Fleet) -> set[str]:
        await ready(fleet)
        answers = await asyncio.gather(*(fleet.generate(request(number), []) for number in range(30)))
        assert any(view.url == old.url and view.state.startswith("circuit open") for view in fleet.view())
        return {answer.host for answer in answers}

    with RawHost(lambda path, body: refusal if generated(path, body) else None) as old:
        assert run([old.url, good.url], use, allow_mixed_digests=True) == {good.url}


def test_what_one_host_refuses_after_good_answers_is_the_rows_fault() -> None:
    refusal = reply({"error": "json: cannot unmarshal string"}, "HTTP/1.1 500 Internal Server Error")

    async def use(fleet: Fleet) -> None:
        assert await one(fleet) == host.url
        with pytest.raises(RowRejected, match="cannot unmarshal"):
            await fleet.generate(request(7), [])

    with RawHost(lambda path, body: refusal if "rapport 7" in body.get("prompt", "") else None) as host:
        run([host.url], use)


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, '"bge" does not support generate'), (500, "llama-server process has terminated: out of memory")],
)
def test_a_model_that_can_not_be_loaded_costs_the_rows_that_name_it(
    status: int, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_supervisor, "FIRST_RETRY_SECONDS", 0.01)
    loads = 0

    def answer(path: str, body: dict[str, Any]) -> bytes | None:
        nonlocal loads
        if path == "/api/tags":
            return reply({"models": [{"name": name, "digest": "ab"} for name in ("mistral:latest", "bge:latest")]})
        if not body.get("model", "").startswith("bge"):
            return None
        loads += 1
        return reply({"error": error}, f"HTTP/1.1 {status} No")

    async def use(fleet: Fleet) -> None:
        bad = asyncio.create_task(fleet.generate(request(1, model="bge"), []))
        good = asyncio.create_task(fleet.generate(request(2, model="mistral"), []))
        with pytest.raises(RowRejected, match="no host has the model 'bge'"):
            await bad
        assert (await good).text

    with RawHost(answer) as host:
        run([host.url], use, any_model=True)
    assert loads == (1 if status == 400 else host_supervisor.MAX_LOADS)


def test_a_host_that_never_finds_the_model_that_it_lists_is_asked_with_pauses_and_the_row_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_supervisor, "FIRST_RETRY_SECONDS", 0.001)
    missing = reply({"error": "model 'mistral' not found"}, "HTTP/1.1 404 Not Found")
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await sleeping(0)

    async def use(fleet: Fleet) -> None:
        log: list[Attempt] = []
        with pytest.raises(RowRejected) as rejected:
            await fleet.generate(request(), log)
        assert rejected.value.failure is Failure.MODEL_MISSING
        assert len(log) == MOST_MISSING + 1

    sleeping = asyncio.sleep
    monkeypatch.setattr("transforms.fleet.host.host_supervisor.asyncio.sleep", sleep)
    with RawHost(lambda path, body: missing if generated(path, body) else None) as host:
        run([host.url], use)
    assert pauses[:4] == [0.001, 0.002, 0.004, 0.008]


def test_a_host_that_lacks_one_of_two_models_is_told_of(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    run([sandbox_host().url], one, fallback_model="small")
    assert "model 'small' not found; it has mistral:latest" in caplog.text


def test_the_runs_own_model_that_never_loads_is_not_waited_for_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_supervisor, "FIRST_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(host_supervisor, "PATROL_SECONDS", 0.05)
    tags = reply({"models": [{"name": name, "digest": "ab"} for name in ("mistral:latest", "small:latest")]})
    died = reply({"error": "llama-server process has terminated: out of memory"}, "HTTP/1.1 500 No")

    def answer(path: str, body: dict[str, Any]) -> bytes | None:
        return tags if path == "/api/tags" else died if body.get("model") == "mistral" else None

    with RawHost(answer) as host, pytest.raises(NoHostLeft, match="out of memory"):
        run([host.url], one, fallback_model="small", max_outage_seconds=0.4)


def test_a_host_that_does_not_answer_is_asked_with_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    sleeping, pauses = asyncio.sleep, []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 6:
            enough.set()
        await sleeping(0)

    monkeypatch.setattr("transforms.fleet.host.host_supervisor.asyncio.sleep", sleep)
    run(["http://127.0.0.1:9"], lambda fleet: enough.wait())
    assert pauses[:6] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def failed_and_idle(fleet: Fleet, url: str) -> bool:
    return any(view.url == url and bool(view.traffic.failures) and not view.in_flight for view in fleet.view())


def test_a_host_that_was_away_is_asked_for_its_digest_before_its_first_row(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    stays, changes = sandbox_host(tokens_per_second=300.0), sandbox_host(tokens_per_second=300.0)

    async def use(fleet: Fleet) -> None:
        await ready(fleet)
        rows = [asyncio.create_task(fleet.generate(request(number), [])) for number in range(40)]
        await until(lambda: changes.stats()["in_flight"] > 0)
        changes.control(listening=False)
        await until(lambda: failed_and_idle(fleet, changes.url))  # what was on its way would reach the new model
        changes.control(digest="cd" * 32)
        served = changes.stats()["served"]
        changes.control(listening=True)
        while "digest cdcdcdcdcdcd" not in caplog.text:
            await asyncio.gather(*(fleet.generate(request(number), []) for number in range(20)))
        await asyncio.gather(*rows)
        assert changes.stats()["served"] == served

    run([stays.url, changes.url], use)


def test_equal_models_with_other_digests_are_compared_by_content(caplog: pytest.LogCaptureFixture) -> None:
    shown = {"modelfile": f"FROM /x/sha256-{'ee' * 32}", "template": "{{ .Prompt }}"}

    def host(digest: str, **changes: str) -> RawHost:
        tags = reply({"models": [{"name": "mistral:latest", "digest": digest}]})

        def answer(path: str, body: dict[str, Any]) -> bytes | None:
            return tags if path == "/api/tags" else reply({**shown, **changes}) if path == "/api/show" else None

        return RawHost(answer)

    async def use(fleet: Fleet) -> set[str]:
        await until(lambda: all(view.state != "loading" for view in fleet.view()))
        return {view.url for view in fleet.view() if view.state == "healthy"}

    with host("ab" * 32) as first, host("cd" * 32) as same, host("ef" * 32, template="{{ .System }}") as other:
        urls = [first.url, same.url, other.url]
        healthy = run(urls, use, digests={"mistral:latest": "ab" * 32})
    assert healthy == {first.url, same.url}
    assert f"{other.url} excluded" in caplog.text
