from __future__ import annotations

import logging
import time
from typing import Any

import pytest

from tests.transforms.fleet.raw_host import RawHost, reply
from tests.transforms.fleet.test_fleet import request, run
from transforms.errors import NoHostLeft
from transforms.fleet import outage
from transforms.fleet.fleet import Fleet


async def one(fleet: Fleet) -> str:
    return (await fleet.generate(request(), [])).text


def generated(path: str, body: dict[str, Any]) -> bool:
    return path == "/api/generate" and bool(body.get("prompt"))


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (reply({"error": "unauthorized"}, "HTTP/1.1 401 Unauthorized"), "--header"),
        (reply(b"", "HTTP/1.1 302 Found", "Location: https://gpu0.lan/\r\n"), "https://gpu0.lan"),
        (reply(b"<html>Welcome</html>"), "no Ollama answers"),
    ],
)
def test_a_fault_of_the_configuration_is_not_waited_for(
    answer: bytes, remedy: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outage, "CONFIGURATION_SECONDS", 0.2)
    began = time.monotonic()
    with (
        RawHost(lambda path, body: answer if generated(path, body) else None) as host,
        pytest.raises(NoHostLeft) as left,
    ):
        run([host.url], one, max_outage_seconds=600.0)
    assert time.monotonic() - began < 100
    assert remedy in str(left.value)
    assert "--max_outage" not in str(left.value)
    assert "the configuration has to be changed" in caplog.text


def test_a_refused_connection_is_waited_for_and_the_message_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(NoHostLeft, match=r"\(--max_outage\): .*connection refused"):
        run(["http://127.0.0.1:9"], one, max_outage_seconds=0.3)
    assert "(--max_outage)" in caplog.text
    assert "`ollama serve`" in caplog.text
    assert "`doctor`" in caplog.text
