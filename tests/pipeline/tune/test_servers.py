from __future__ import annotations

import asyncio
import os
import socket

import psutil
import pytest

from pipeline.tune import servers
from pipeline.tune.layouts import Layout
from pipeline.tune.servers import ServerFailed, running, spare_port
from tests.pipeline.tune.fake_ollama import FakeMachine, Properties, is_alive
from transforms.errors import UsageError

TWO = Layout((("0",), ("1",)), 3)
ONE = Layout(((),))


async def served(layout: Layout, ollama: str) -> list[str]:
    """Versions that the servers of a layout answer."""
    async with running(ollama, layout, os.environ) as started:
        assert all(is_alive(server.pid) for server in started)
        return [await server.client.version() for server in started]


def test_each_server_has_its_variables_and_a_port_of_its_own(machine: FakeMachine) -> None:
    machine.become(Properties())
    assert asyncio.run(served(TWO, machine.ollama)) == ["0.33.0", "0.33.0"]
    started = machine.started()
    assert sorted(each["CUDA_VISIBLE_DEVICES"] for each in started) == ["0", "1"]
    assert {each["OLLAMA_NUM_PARALLEL"] for each in started} == {"3"}
    assert len({each["OLLAMA_HOST"] for each in started}) == 2
    assert machine.living() == []
    assert machine.stopped() == 2


def test_servers_are_stopped_after_an_error(machine: FakeMachine) -> None:
    machine.become(Properties())

    async def fail() -> None:
        async with running(machine.ollama, TWO, os.environ):
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(fail())
    assert machine.living() == []
    assert machine.stopped() == 2


def test_a_server_that_ignores_sigterm_is_killed(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.become(Properties(ignores_term=True))
    monkeypatch.setattr(servers, "STOP_SECONDS", 0.1)
    assert asyncio.run(served(ONE, machine.ollama)) == ["0.33.0"]
    assert machine.living() == []


def test_a_server_that_ends_at_once_is_told_with_its_reason(machine: FakeMachine) -> None:
    machine.become(Properties(serve="ends"))
    with pytest.raises(ServerFailed, match="the server ended with code 1: Error: could not find the store"):
        asyncio.run(served(ONE, machine.ollama))


def test_a_server_that_never_answers(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.become(Properties(serve="silent"))
    monkeypatch.setattr(servers, "START_SECONDS", 0.5)
    with pytest.raises(ServerFailed, match="did not answer within"):
        asyncio.run(served(ONE, machine.ollama))
    assert machine.living() == []


def test_another_port_is_taken_if_somebody_was_faster(machine: FakeMachine) -> None:
    machine.become(Properties(serve="port_taken"))
    assert asyncio.run(served(ONE, machine.ollama)) == ["0.33.0"]
    first, second = machine.started()
    assert first["OLLAMA_HOST"] != second["OLLAMA_HOST"]
    assert machine.living() == []


def test_the_first_server_is_stopped_if_the_second_cannot_be_started(machine: FakeMachine) -> None:
    machine.become(Properties())
    ports = iter([spare_port()])

    async def serve() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(servers, "spare_port", lambda: next(ports))
            async with running(machine.ollama, TWO, os.environ):
                pass

    with pytest.raises(RuntimeError):  # the ports are exhausted
        asyncio.run(serve())
    assert not [child for child in psutil.Process().children() if "serve" in child.cmdline()]


def test_a_command_that_cannot_be_started(tmp_path: os.PathLike[str]) -> None:
    with pytest.raises(UsageError, match="cannot start"):
        asyncio.run(served(ONE, str(tmp_path)))


def test_a_spare_port_is_free() -> None:
    port = spare_port()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        assert listener.getsockname()[1] == port
