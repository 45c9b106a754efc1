"""How texts are asked for, and asked for again, against real loopback hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from pipeline.sandbox.answering import tokens_of
from pipeline.sandbox.running import SandboxThread
from tests.conftest import MakeHost
from tests.transforms.engines import make_engine, submit
from transforms.engine import Engine
from transforms.translator import TextResult

Start = Callable[..., Engine]
PARAGRAPH = "Le technicien a remplacé la pompe du bâtiment principal et contrôlé la pression de la chaudière. " * 6


@pytest.fixture
def start() -> Iterator[Start]:
    """Makes engines that are closed after the test."""
    engines: list[Engine] = []

    def begin(hosts: Sequence[SandboxThread], **settings: Any) -> Engine:
        engines.append(make_engine(hosts, **settings))
        return engines[-1]

    yield begin
    for engine in engines:
        engine.close()


def translate(engine: Engine, *texts: str) -> list[TextResult]:
    return submit(engine, texts).finished()


def bodies(host: SandboxThread) -> list[dict[str, Any]]:
    return [request["body"] for request in host.stats(with_requests=True)["requests"]]


def test_no_prompt_is_over_the_context_of_a_model_that_adds_many_tokens_of_its_own(
    sandbox_host: MakeHost, start: Start
) -> None:
    host = sandbox_host(record_requests=True, hidden_tokens=400, version="0.24.0")
    engine = start([host], num_ctx=1024)
    (first,) = translate(engine, "La pompe est remplacée.")
    text = "\n\n".join(f"Paragraphe {number}. {PARAGRAPH}" for number in range(12))
    (result,) = translate(engine, text)
    assert (first.outcome.status, result.outcome.status) == ("ok", "ok")
    assert [attempt.failure for attempt in result.attempts] == [None] * (len(bodies(host)) - 1)
    for body in bodies(host):
        prompt_tokens = 400 + tokens_of(body["system"]) + tokens_of(body["prompt"])
        assert prompt_tokens + body["options"]["num_predict"] <= 1024
