from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pipeline.sandbox.host import SandboxHost
from pipeline.sandbox.lexicon import lexicon
from pipeline.sandbox.running import SandboxProcess
from pipeline.sandbox.server import serve
from pipeline.sandbox.settings import HostSettings
from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import (
    is_running,
    send,
)
from transforms.errors import RunFailed


def test_a_taken_port_is_an_error_and_leaves_no_process(
    sandbox_host: MakeHost, capfd: pytest.CaptureFixture[str]
) -> None:
    taken = int(sandbox_host().url.rpartition(":")[2])
    process = SandboxProcess(port=taken)
    with pytest.raises(RunFailed, match="did not start"):
        _ = process.url
    assert not is_running(process.pid)
    assert "can't listen" in capfd.readouterr().err


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
        assert server.wait(60) == 0


def test_the_lexicon_is_read_before_the_first_request(monkeypatch: pytest.MonkeyPatch) -> None:
    class Listens(Exception):
        pass

    async def start(host: SandboxHost) -> None:
        assert lexicon.cache_info().currsize == 1
        raise Listens

    lexicon.cache_clear()
    monkeypatch.setattr(SandboxHost, "start", start)
    with pytest.raises(Listens):
        serve(HostSettings())
