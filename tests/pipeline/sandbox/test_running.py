from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import ollama
import pytest

from pipeline.sandbox.running import SandboxProcess, start_processes
from pipeline.sandbox.settings import HostSettings
from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import (
    ENGLISH,
    TEXT,
    generate,
    is_running,
    prompt_of,
    send,
    wait_until,
)
from transforms.errors import UsageError


def test_a_host_in_a_thread_answers_the_official_client(sandbox_host: MakeHost) -> None:
    async def ask(url: str) -> ollama.GenerateResponse:
        async with ollama.AsyncClient(url, trust_env=False) as client:
            answer: ollama.GenerateResponse = await client.generate("mistral", prompt_of(TEXT), think=False)
            return answer

    host = sandbox_host()
    answer = asyncio.run(ask(host.url))
    assert (answer.response, answer.done, answer.done_reason) == (ENGLISH, True, "stop")
    assert host.stats()["served"] == 1


@pytest.fixture(scope="module")
def processes() -> Iterator[list[SandboxProcess]]:
    """Two hosts in processes of their own, since these take a moment to start."""
    hosts = start_processes(2, HostSettings(any_model=True, seed=7))
    yield hosts
    for host in hosts:
        host.close()
        host.close()
        assert not is_running(host.pid)


def test_processes_are_hosts_with_seeds_of_their_own(processes: list[SandboxProcess]) -> None:
    assert len({host.url for host in processes}) == 2
    for number, host in enumerate(processes):
        assert generate(host.url, model="gemma3").json()["response"] == ENGLISH
        host.control(num_parallel=2 + number)
        assert host.stats()["served"] == 1
        settings = send(host.control_url, "POST", "/_sandbox/control", {}).json()["settings"]
        assert (settings["seed"], settings["num_parallel"]) == (7 + number, 2 + number)
    with pytest.raises(UsageError, match="nonsense"):
        processes[0].control(nonsense=1)


def test_a_process_leaves_ctrl_c_to_the_one_that_started_it(processes: list[SandboxProcess]) -> None:
    os.kill(processes[0].pid, signal.SIGINT)
    assert generate(processes[0].url, model="gemma3").status == 200


def test_no_process_outlives_a_parent_that_is_killed() -> None:
    code = (
        "import json, time\n"
        "from pipeline.sandbox.running import start_processes\n"
        "hosts = start_processes(2)\n"
        "print(json.dumps([host.pid for host in hosts]), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pids: list[int] = json.loads(parent.stdout.readline())
        assert all(map(is_running, pids))
        parent.kill()
        parent.wait()
        wait_until(lambda: not any(map(is_running, pids)))
