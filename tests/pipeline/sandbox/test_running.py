from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ollama
import pytest

from pipeline.sandbox.host import SandboxHost
from pipeline.sandbox.running import SandboxProcess, start_processes
from pipeline.sandbox.settings import HostSettings
from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import ENGLISH, TEXT, generate, prompt_of, send, wait_until
from transforms.errors import RunFailed, UsageError


def _alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_host_in_a_thread_answers_the_official_client(sandbox_host: MakeHost) -> None:
    async def ask(url: str) -> ollama.GenerateResponse:
        async with ollama.AsyncClient(url, trust_env=False) as client:
            answer: ollama.GenerateResponse = await client.generate("mistral", prompt_of(TEXT), think=False)
            return answer

    host = sandbox_host()
    answer = asyncio.run(ask(host.url))
    assert (answer.response, answer.done, answer.done_reason) == (ENGLISH, True, "stop")
    assert host.stats()["served"] == 1


def test_a_host_in_the_running_loop_goes_down_and_comes_back() -> None:
    async def run() -> None:
        host = SandboxHost(HostSettings(num_parallel=1))
        await host.start()
        url = host.url
        assert (await asyncio.to_thread(generate, url)).status == 200
        await host.go_down()
        with pytest.raises(ConnectionError):
            await asyncio.to_thread(generate, url)
        await host.come_back()
        assert host.url == url
        assert (await asyncio.to_thread(generate, url)).status == 200
        assert (host.counts.served, host.settings.num_parallel) == (2, 1)
        await host.stop()
        with pytest.raises(ConnectionError):
            await asyncio.to_thread(generate, url)

    asyncio.run(run())


def test_control_over_http(sandbox_host: MakeHost) -> None:
    host = sandbox_host(record_requests=True)
    generate(host.url, options={"num_ctx": 2048}, keep_alive="5m")
    changed = send(
        host.control_url, "POST", "/_sandbox/control", {"hang": True, "faults": [{"kind": "echo", "share": 0.5}]}
    )
    assert changed.status == 200
    assert changed.json()["settings"]["hang"] is True
    assert changed.json()["settings"]["faults"][0]["share"] == 0.5
    stats = send(host.control_url, "GET", "/_sandbox/stats?requests=1").json()
    (request,) = stats["requests"]
    assert (request["source"], request["outcome"], request["chat"]) == (TEXT, "ok", False)
    assert request["body"]["keep_alive"] == "5m"
    assert request["body"]["options"] == {"num_ctx": 2048}
    assert "requests" not in send(host.control_url, "GET", "/_sandbox/stats").json()
    assert stats == host.stats(with_requests=True)
    send(host.control_url, "POST", "/_sandbox/control", {"reset": True, "unload": True, "hang": False})
    cleared = host.stats()
    assert (cleared["calls"], cleared["outcomes"], cleared["loaded_num_ctx"]) == (0, {}, {})


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"hang": "yes"}, "hang"),
        ({"num_parallel": 0}, "num_parallel"),
        ({"num_parallel": 1.5}, "num_parallel"),
        ({"faults": ["nonsense"]}, "nonsense"),
        ({"models": "mistral"}, "models"),
        ({"version": "new"}, "version"),
        ({"digest": "abc"}, "digest"),
        ({"vram_share": 2}, "vram_share"),
        ({"tokens_per_second": -1}, "tokens_per_second"),
        ([], "object"),
    ],
)
def test_wrong_changes_change_nothing(sandbox_host: MakeHost, changes: object, word: str) -> None:
    host = sandbox_host()
    before = host.host.settings
    reply = send(host.control_url, "POST", "/_sandbox/control", changes)
    assert reply.status == 400
    assert word in reply.json()["error"]
    assert host.host.settings == before


def test_control_works_while_the_host_is_down(sandbox_host: MakeHost) -> None:
    host = sandbox_host(listening=False)
    with pytest.raises(ConnectionError):
        generate(host.url)
    assert host.stats()["listening"] is False
    host.control(listening=True)
    assert generate(host.url).status == 200
    host.control(listening=False)
    with pytest.raises(ConnectionError):
        generate(host.url)


def test_going_down_resets_what_is_in_work(sandbox_host: MakeHost) -> None:
    host = sandbox_host(tokens_per_second=1.0)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(generate, host.url)
        wait_until(lambda: host.stats()["active"] == 1)
        host.control(listening=False)
        with pytest.raises(ConnectionError):
            call.result(5)
    assert host.stats()["outcomes"] == {"cancelled": 1}


def test_a_reset_makes_each_text_new_again(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[{"kind": "busy_503", "first_try_only": True}])
    assert [generate(host.url).status, generate(host.url).status] == [503, 200]
    host.control(reset=True)
    assert [generate(host.url).status, generate(host.url).status] == [503, 200]


def test_settings_survive_their_way_through_json() -> None:
    settings = HostSettings().changed(
        {"faults": ["hang", {"kind": "echo", "marker": "x"}], "models": ["a", "b"], "sigma": 1}
    )
    assert HostSettings().changed(json.loads(settings.as_json())) == settings


@pytest.fixture(scope="module")
def processes() -> Iterator[list[SandboxProcess]]:
    """Two hosts in processes of their own, since these take a moment to start."""
    hosts = start_processes(2, HostSettings(any_model=True, seed=7))
    yield hosts
    for host in hosts:
        host.close()
        host.close()
        assert not _alive(host.pid)


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


def test_a_taken_port_is_an_error_and_leaves_no_process(
    sandbox_host: MakeHost, capfd: pytest.CaptureFixture[str]
) -> None:
    taken = int(sandbox_host().url.rpartition(":")[2])
    process = SandboxProcess(port=taken)
    with pytest.raises(RunFailed, match="did not start"):
        _ = process.url
    assert not _alive(process.pid)
    assert "can't listen" in capfd.readouterr().err


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
        assert all(map(_alive, pids))
        parent.kill()
        parent.wait()
        wait_until(lambda: not any(map(_alive, pids)))


def test_sigterm_ends_a_server_that_no_stdin_holds() -> None:
    code = (
        "from pipeline.sandbox.server import serve\nfrom pipeline.sandbox.settings import HostSettings\n"
        "serve(HostSettings())"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        addresses = json.loads(server.stdout.readline())
        assert addresses.keys() == {"url", "control"}
        assert send(addresses["url"], "GET", "/").body == b"Ollama is running"
        server.terminate()
        assert server.wait(10) == 0
