"""A supervisor without a dispatcher: its start, its end, and the hosts that it keeps out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.transforms.fleet.loopback_fleet import until
from tests.transforms.fleet.supervised_host import A, B, Server, Supervised, started, supervise
from transforms.fleet.faults import Failure
from transforms.fleet.http.client import HostClient

PATIENCE_SECONDS = 60.0


def test_a_start_forgets_the_last_fault() -> None:
    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        supervised.supervisor.stop()
        supervised.host.failure, supervised.host.out = Failure.BUSY, "it has left"
        supervised.supervisor.start()
        assert supervised.host.state() == "loading"
        assert vars(supervised.host)["failure"] is None
        await supervised.ready()

    supervise(Server(), use)


@pytest.mark.usefixtures("quick_patrols")
def test_a_stop_ends_it_whatever_it_waits_for() -> None:
    """It looks at its host all the time, and is stopped at another step of the event loop each time."""

    async def use(supervised: Supervised) -> None:
        for steps in range(800):
            another = started(supervised.host.url)
            for _ in range(steps % 150):
                await asyncio.sleep(0)
            ended = asyncio.ensure_future(another.supervisor.close())
            await asyncio.wait([ended], timeout=PATIENCE_SECONDS)
            assert ended.done()
            assert another.refusals == []

    supervise(Server(), use)


@pytest.mark.usefixtures("quick_patrols")
def test_a_host_that_was_excluded_for_the_rest_of_the_run_is_left_alone() -> None:
    server = Server()

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        task = supervised.supervisor._task
        assert task is not None
        supervised.supervisor.exclude("wrong answers")
        await asyncio.gather(task, return_exceptions=True)
        assert (supervised.host.out, supervised.host.ready) == ("wrong answers", False)
        assert supervised.changes == [True, False]

    supervise(server, use)


def test_a_stop_is_heeded_also_at_the_moment_when_an_answer_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    call = HostClient._call

    async def use(supervised: Supervised) -> None:
        async def answered_meanwhile(client: HostClient, *arguments: Any) -> dict[str, Any]:
            answer = await call(client, *arguments)
            supervised.supervisor.stop()
            return answer

        monkeypatch.setattr(HostClient, "_call", answered_meanwhile)
        task = supervised.supervisor._task
        assert task is not None
        await asyncio.wait([task])
        assert not supervised.host.ready

    supervise(Server(), use)


def test_another_name_of_a_host_is_found_out_unless_a_proxy_looks_up_the_names() -> None:
    async def use(supervised: Supervised) -> str:
        await until(lambda: supervised.host.ready or supervised.host.out is not None)
        return supervised.host.state()

    assert "it is the same server as http://gpu0:11434" in supervise(Server(), use, twin="http://gpu0:11434")
    assert supervise(Server(), use, twin="http://gpu0:11434", use_proxy=True) == "healthy"


def test_a_digest_of_its_own_keeps_a_host_out_unless_that_is_allowed() -> None:
    server, expected = Server({"mistral:latest": B}), {"mistral:latest": A}

    async def excluded(supervised: Supervised) -> str:
        return await supervised.out()

    async def allowed(supervised: Supervised) -> None:
        await supervised.ready()
        assert supervised.digests == expected

    assert "--allow_mixed_digests" in supervise(server, excluded, digests=expected)
    supervise(server, allowed, digests=expected, allow_mixed_digests=True)
