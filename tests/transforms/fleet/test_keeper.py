"""What becomes of a host between its first check and the end of the run, against real loopback hosts."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.conftest import MakeHost
from tests.transforms.fleet.test_fleet import request, run, until
from transforms.fleet import keeper
from transforms.fleet.faults import Failure, RowRejected
from transforms.fleet.fleet import Fleet


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
    monkeypatch.setattr(keeper, "PATROL_SECONDS", 0.02)
    host = sandbox_host(**changes)

    async def use(fleet: Fleet) -> None:
        await ready(fleet)
        before = host.stats()["gets"]
        await until(lambda: host.stats()["gets"] > before + 6)  # two patrols

    run([host.url], use)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert host.url in warnings[0]
    assert all(word in warnings[0] for word in words)


def test_a_model_that_changes_under_its_name_is_noticed(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "PATROL_SECONDS", 0.02)
    stays, changes = sandbox_host(), sandbox_host()

    async def use(fleet: Fleet) -> set[str]:
        await ready(fleet)
        changes.control(digest="cd" * 32)
        await until(lambda: any(view.state.startswith("out") for view in fleet.view()))
        return {await one(fleet) for _ in range(10)}

    assert run([stays.url, changes.url], use) == {stays.url}
    assert "digest cdcdcdcdcdcd" in caplog.text


def test_a_host_takes_part_as_soon_as_its_model_is_there(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "MISSING_MODEL_RETRY_SECONDS", 0.02)
    host = sandbox_host(models=["llama3:latest"])

    async def use(fleet: Fleet) -> str:
        row = asyncio.create_task(one(fleet))
        await until(lambda: any("mistral" in view.state for view in fleet.view()))
        host.control(models=["mistral:latest"])
        return await row

    with caplog.at_level(logging.INFO):
        assert run([host.url], use) == host.url
    assert f"{host.url} takes part now" in caplog.text


def test_a_model_that_is_deleted_in_the_middle_takes_its_host_out(
    sandbox_host: MakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "MISSING_MODEL_RETRY_SECONDS", 0.02)
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
