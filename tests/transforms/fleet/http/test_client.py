"""The client against real HTTP: what it sends, and how it takes everything that a host may answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest

from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.transforms.fleet.raw_host import GOOD, RawHost, reply
from transforms.fleet.addresses import HostAddress
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.http import client as client_module
from transforms.fleet.http.client import HostClient

T = TypeVar("T")
OPTIONS = {"num_ctx": 2048, "num_predict": 200, "temperature": 0.0, "seed": 1, "repeat_penalty": 1.0}
BODY: dict[str, Any] = {
    "model": "mistral",
    "prompt": "<source>\nLe technicien a remplacé la pompe.\n</source>",
    "system": "You translate.",
    "stream": False,
    "think": False,
    "truncate": False,
    "keep_alive": "30m",
    "options": OPTIONS,
}


def use(url: str, call: Callable[[HostClient], Awaitable[T]], headers: tuple[tuple[str, str], ...] = ()) -> T:
    async def run() -> T:
        client = HostClient(HostAddress(url, headers))
        try:
            return await call(client)
        finally:
            await client.close()

    return asyncio.run(run())


def generate(url: str) -> Any:
    return use(url, lambda client: client.generate(BODY))


def test_an_answer_has_text_and_durations_that_add_up(sandbox_host: MakeHost) -> None:
    host = sandbox_host(record_requests=True, tokens_per_second=2000.0)
    answer = generate(host.url)
    assert answer.text
    assert answer.host == host.url
    assert answer.done_reason == "stop"
    parts = answer.load_duration_ns + answer.prompt_eval_duration_ns + answer.eval_duration_ns
    assert answer.queue_duration_ns == answer.total_duration_ns - parts
    assert answer.service_duration_ns == parts
    assert answer.eval_count > 0


def test_every_field_reaches_the_host_truncate_included(sandbox_host: MakeHost) -> None:
    host = sandbox_host(record_requests=True)
    generate(host.url)
    (request,) = host.stats(with_requests=True)["requests"]
    sent = request["body"]
    assert {key: sent[key] for key in BODY} == BODY


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ("busy_503", Failure.BUSY),
        ("bad_gateway_502", Failure.BAD_GATEWAY),
        ("forbidden_403", Failure.FORBIDDEN),
        ("too_many_429", Failure.BUSY),
        ("model_missing", Failure.MODEL_MISSING),
        ("redirect_301", Failure.REDIRECTED),
        ("redirect_307", Failure.REDIRECTED),
        ("not_json", Failure.NOT_JSON),
        ("runner_died_500", Failure.MODEL_CRASHED),
        ("runner_crash", Failure.MODEL_CRASHED),
        ("reset", Failure.CONNECTION_LOST),
        ("closed", Failure.CONNECTION_LOST),
        ("cut_body", Failure.CONNECTION_LOST),
        ("done_false", Failure.GENERATION_ABORTED),
        ("length", Failure.OUTPUT_TRUNCATED),
    ],
)
def test_faults_of_a_host(sandbox_host: MakeHost, fault: str, failure: Failure) -> None:
    host = sandbox_host(faults=[Fault(fault)])
    with pytest.raises(RequestFailed) as failed:
        generate(host.url)
    assert failed.value.failure is failure
    assert failed.value.host == host.url
    assert "technicien" not in str(failed.value)


@pytest.mark.parametrize("fault", ["negative_eval_duration", "huge_eval_duration", "missing_durations"])
def test_nonsense_in_the_durations_becomes_unknown(sandbox_host: MakeHost, fault: str) -> None:
    answer = generate(sandbox_host(faults=[Fault(fault)]).url)
    assert answer.text
    assert answer.eval_duration_ns is None
    assert answer.queue_duration_ns is None


def test_a_prompt_over_the_context_is_refused_not_cut(sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    body = {**BODY, "prompt": "Le mot est long. " * 2000}
    with pytest.raises(RequestFailed) as failed:
        use(host.url, lambda client: client.generate(body))
    assert failed.value.failure is Failure.INPUT_TOO_LONG


def test_a_wrong_option_is_a_fault_of_the_request(sandbox_host: MakeHost) -> None:
    body = {**BODY, "options": {**OPTIONS, "temperature": "0"}}
    with pytest.raises(RequestFailed) as failed:
        use(sandbox_host().url, lambda client: client.generate(body))
    assert failed.value.failure is Failure.INVALID_OPTIONS


def test_a_refused_connection_is_told_from_a_lost_one() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(RequestFailed) as failed:
            generate(f"http://127.0.0.1:{bound.getsockname()[1]}")
    assert failed.value.failure is Failure.CONNECTION_REFUSED


def test_that_no_more_files_may_be_opened_here_is_not_said_of_the_host() -> None:
    limits, opened = resource.getrlimit(resource.RLIMIT_NOFILE), []

    async def use_all_files() -> None:
        client = HostClient(HostAddress("http://127.0.0.1:9"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, limits[0]), limits[1]))
        try:
            with contextlib.suppress(OSError):
                while True:
                    opened.append(os.open(os.devnull, os.O_RDONLY))
            await client.generate(BODY)
        finally:
            for descriptor in opened:
                os.close(descriptor)
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            await client.close()

    with pytest.raises(RequestFailed, match=r"ulimit -n"):
        asyncio.run(use_all_files())


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(RequestFailed) as failed:
        generate("http://no-such-host.invalid:11434")
    assert failed.value.failure is Failure.NAME_NOT_FOUND


def test_load_version_and_models(sandbox_host: MakeHost) -> None:
    host = sandbox_host(version="0.24.0", models=["mistral:latest", "llama3:8b"], digest="ab" * 32)

    async def ask(client: HostClient) -> tuple[str, list[str], set[str]]:
        await client.load("mistral", OPTIONS, "30m")
        models = await client.models()
        return await client.version(), [model.name for model in models], {model.digest for model in models}

    version, names, digests = use(host.url, ask)
    assert (version, sorted(names), digests) == ("0.24.0", ["llama3:8b", "mistral:latest"], {"ab" * 32})
    assert host.stats()["load_calls"] == 1


def test_what_a_host_tells_of_its_models(sandbox_host: MakeHost) -> None:
    host = sandbox_host(vram_share=0.5, trained_context=8192)

    async def look(client: HostClient) -> Any:
        assert await client.loaded() == ()
        await client.load("mistral", OPTIONS, "30m")
        return await client.models(), await client.loaded(), await client.details("mistral")

    (model,), (loaded,), details = use(host.url, look)
    assert (model.name, model.remote, loaded.name) == ("mistral:latest", False, "mistral:latest")
    assert loaded.size_bytes > model.size_bytes > 0
    assert loaded.vram_share == pytest.approx(0.5)
    assert loaded.context_length == 2048
    assert details.trained_context == 8192
    assert "completion" in details.capabilities


def test_details_of_an_unknown_model(sandbox_host: MakeHost) -> None:
    with pytest.raises(RequestFailed) as caught:
        use(sandbox_host().url, lambda client: client.details("nothing"))
    assert caught.value.failure is Failure.MODEL_MISSING


def test_a_pause_that_a_host_asks_for_reaches_the_breaker(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[Fault("too_many_429", seconds=7)])
    with pytest.raises(RequestFailed) as caught:
        generate(host.url)
    assert caught.value.failure is Failure.BUSY
    assert caught.value.retry_after_seconds == 7.0


@pytest.mark.parametrize(
    ("sent", "failure"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", Failure.CONNECTION_LOST),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", Failure.CONNECTION_LOST),
        (reply(GOOD, headers=f"X-Long: {'a' * 70_000}\r\n"), Failure.CONNECTION_LOST),
        (reply(b"[" * 100_000), Failure.NOT_JSON),
        (reply(b'{"total_duration":' + b"9" * 5000 + b"}"), Failure.NOT_JSON),
        (reply(b'{"total_duration":NaN}'), Failure.NOT_JSON),
        (reply({**GOOD, "done_reason": "tired"}), Failure.UNEXPECTED_ANSWER),
        (reply(b"<html>fine</html>"), Failure.NOT_OLLAMA),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Failure.NOT_JSON),
        (reply({}, "HTTP/1.1 429 Slow", f"Retry-After: {'9' * 5000}\r\n"), Failure.BUSY),
    ],
)
def test_whatever_bytes_come_they_are_the_hosts_fault(sent: bytes, failure: Failure) -> None:
    with RawHost(lambda path, body: sent, closes=True) as host, pytest.raises(RequestFailed) as failed:
        generate(host.url)
    assert failed.value.failure is failure


@pytest.mark.parametrize("models", [["mistral"], 5, {"mistral": 1}, [None]])
@pytest.mark.parametrize("ask", [HostClient.models, HostClient.loaded])
def test_lists_of_models_that_are_none(models: Any, ask: Callable[[HostClient], Awaitable[Any]]) -> None:
    with RawHost(lambda path, body: reply({"models": models})) as host, pytest.raises(RequestFailed) as failed:
        use(host.url, ask)
    assert failed.value.failure is Failure.NOT_JSON


def test_details_that_are_none() -> None:
    with RawHost(lambda path, body: reply({"model_info": ["a"]})) as host, pytest.raises(RequestFailed):
        use(host.url, lambda client: client.details("mistral"))


@pytest.mark.parametrize("count", [-1, 2**70])
def test_a_count_that_can_not_be_is_unknown(count: int) -> None:
    with RawHost(lambda path, body: reply({**GOOD, "eval_count": count, "total_duration": 2**61})) as host:
        answer = generate(host.url)
    assert (answer.eval_count, answer.total_duration_ns, answer.prompt_eval_count) == (None, None, 10)


def always(sent: bytes) -> Callable[[str, dict[str, Any]], bytes]:
    return lambda path, body: sent


@pytest.mark.parametrize("head", ["HTTP/1.1 200 OK", "HTTP/1.1 500 Internal Server Error"])
def test_an_endless_body_is_neither_read_nor_kept(head: str) -> None:
    left = threading.Event()
    sent = 0

    def endless(path: str, body: dict[str, Any]) -> Iterator[bytes]:
        nonlocal sent
        yield f"{head}\r\nContent-Length: 999999999\r\n\r\n".encode()
        while not left.is_set() and sent < 100 << 20:
            sent += 1 << 16
            yield b"x" * (1 << 16)

    with RawHost(endless) as host:
        with pytest.raises(RequestFailed) as failed:
            generate(host.url)
        left.set()
    good = " 200 " in head
    assert failed.value.failure is (Failure.ANSWER_TOO_LARGE if good else Failure.BAD_GATEWAY)
    assert len(str(failed.value)) < 300
    assert sent < 20 << 20, "what the sockets hold, and no more"


def certain(logprobs: Any, **changes: Any) -> Any:
    sent = reply({**GOOD, "logprobs": logprobs, **changes})
    body = {**BODY, "logprobs": True}
    with RawHost(lambda path, request: sent if request.get("logprobs") else None) as host:
        return use(host.url, lambda client: client.generate(body))


def test_log_probabilities_are_read_and_their_list_is_not_kept(sandbox_host: MakeHost) -> None:
    host = sandbox_host(version="0.12.11")
    plain = generate(host.url)
    answer = use(host.url, lambda client: client.generate({**BODY, "logprobs": True}))
    assert (plain.text, plain.certainty) == (answer.text, None)
    assert answer.certainty is not None
    assert answer.certainty.tokens == answer.eval_count
    assert answer.certainty.least <= answer.certainty.mean < 0


def test_a_host_without_log_probabilities_answers_as_ever(sandbox_host: MakeHost) -> None:
    old = sandbox_host(version="0.12.10")
    answer = use(old.url, lambda client: client.generate({**BODY, "logprobs": True}))
    assert (bool(answer.text), answer.certainty) == (True, None)


def test_log_probabilities_may_take_most_of_the_body_but_are_bounded_too() -> None:
    most = [{"token": " " * 40, "logprob": -0.123456789012, "bytes": [32] * 40} for _ in range(200)]
    assert certain(most).certainty.tokens == OPTIONS["num_predict"] == 200
    with pytest.raises(RequestFailed) as failed:
        certain(most * 5)
    assert failed.value.failure is Failure.ANSWER_TOO_LARGE


@pytest.mark.parametrize("logprobs", [None, 5, "x", {}, [], [1], [None], [{"token": "a"}], [{"logprob": -1.0}], [[]]])
def test_a_body_with_other_log_probabilities_is_an_answer_without_certainty(logprobs: Any) -> None:
    answer = certain(logprobs)
    assert (answer.text, answer.certainty) == (GOOD["response"], None)


def test_a_text_about_log_probabilities_is_a_text(sandbox_host: MakeHost) -> None:
    text = '{"token": "a", "logprob": -1}'
    sent = reply({**GOOD, "response": text})
    with RawHost(lambda path, body: sent) as host:
        assert generate(host.url).text == text


def test_a_compressed_body_is_measured_as_it_unpacks() -> None:
    packed = zlib.compress(b" " * (64 << 20))
    assert len(packed) < 100_000
    bomb = reply(packed, headers="Content-Encoding: deflate\r\n")
    with RawHost(lambda path, body: bomb) as host, pytest.raises(RequestFailed) as failed:
        generate(host.url)
    assert failed.value.failure is Failure.ANSWER_TOO_LARGE


def test_an_error_with_status_200_keeps_its_text() -> None:
    broken = reply({"error": "model requires more system memory (9.1 GiB) than is available (4.0 GiB)"})
    with RawHost(lambda path, body: broken) as host, pytest.raises(RequestFailed) as failed:
        generate(host.url)
    assert failed.value.failure is Failure.SERVER_ERROR
    assert "model requires more system memory (9.1 GiB)" in str(failed.value)


@pytest.mark.parametrize("model", ["another model answered", "mistral\n2026 ERROR forged", None])
def test_an_echoed_text_is_not_shown(model: str | None) -> None:
    row = "Brimborion Zanzibar 4711"
    for answer in (
        reply({**GOOD, "model": f"{model} {row}"}),
        reply({**GOOD, "done_reason": row}),
        reply({"error": f"can't run the model on {row!r}"}, "HTTP/1.1 500 Oops"),
        reply({"error": {"message": f"{row}\n\x1b[31mforged"}}, "HTTP/1.1 400 Oops"),
        reply(row.encode(), f"HTTP/1.1 502 {row}"),
        reply(b"", "HTTP/1.1 302 Found", f"Location: https://u:{row}@gpu9/{row}?{row}\r\n".replace(" Z", "Z")),
    ):
        with RawHost(always(answer)) as host, pytest.raises(RequestFailed) as failed:
            use(host.url, lambda client: client.generate({**BODY, "prompt": f"Traduire : {row}"}))
        message = str(failed.value)
        assert not any(word in message for word in row.split()), message
        assert message.isprintable()


def test_a_version_that_is_none_is_not_shown() -> None:
    with RawHost(lambda path, body: reply({"version": "0.33\nforged"})) as host:
        assert use(host.url, HostClient.version) == ""


def test_a_lone_surrogate_in_an_answer_can_be_written() -> None:
    with RawHost(lambda path, body: reply({**GOOD, "response": "ab\ud800c"})) as host:
        answer = generate(host.url)
    assert answer.text.encode()
    assert answer.text.startswith("ab")


def test_a_list_of_models_that_drips_in_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LOOKUP_SECONDS", 0.1)
    left = threading.Event()

    def drip(path: str, body: dict[str, Any]) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"
        while not left.wait(0.01):
            yield b" "

    with RawHost(drip) as host:
        with pytest.raises(RequestFailed, match="no answer to /api/tags") as failed:
            use(host.url, HostClient.models)
        left.set()
    assert failed.value.failure is Failure.TIMEOUT


def test_a_client_that_was_never_used_can_be_closed() -> None:
    async def close() -> None:
        await HostClient(HostAddress("http://gpu0:11434")).close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(close())
