from __future__ import annotations

import json

import pytest

from pipeline.sandbox.errors import prompt_too_long, runner_gone, runner_terminated
from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import (
    ENGLISH,
    TEXT,
    generate,
)


def test_a_crash_names_the_runner_of_its_version(sandbox_host: MakeHost) -> None:
    host = sandbox_host(version="0.24.0", faults=[{"kind": "runner_terminated", "marker": "FATAL"}])
    reply = generate(host.url, f"{TEXT} FATAL")
    assert (reply.status, reply.json()["error"]) == (500, "llama runner process has terminated: exit status 2")
    assert generate(host.url).json()["response"] == ENGLISH
    host.control(version="0.33.0")
    assert generate(host.url, "FATAL").json()["error"].startswith("llama-server process has terminated")


@pytest.mark.parametrize(("version", "name"), [((0, 24, 0), "llama runner"), ((0, 30, 0), "llama-server")])
def test_errors_name_the_runner_of_the_version(version: tuple[int, ...], name: str) -> None:
    assert runner_gone(version) == f"{name} process no longer running: -1 "
    assert runner_terminated(version) == f"{name} process has terminated: exit status 2"


def test_a_long_prompt_is_an_error_in_the_words_of_the_version() -> None:
    assert prompt_too_long((0, 29), 600, 512) == "the input length exceeds the context length"
    error = json.loads(prompt_too_long((0, 30), 600, 512))["error"]
    assert (error["n_prompt_tokens"], error["n_ctx"]) == (600, 512)
