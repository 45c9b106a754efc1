from __future__ import annotations

import http.client
import json
import logging
import re

import pytest

from pipeline.sandbox.running import SandboxThread
from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import (
    ENGLISH,
    SERVICE_SECONDS,
    SPEED,
    TEXT,
    Leaver,
    body_of,
    generate,
    generate_all,
    generate_together,
    prompt_of,
    residual_ms,
    send,
    wait_until,
)


def test_a_burst_is_served_in_groups_as_large_as_the_slots(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=4, **SPEED)
    generate(host.url, "Oui")
    answers = generate_together(host, [body_of()] * 12)
    residuals = sorted(round(residual_ms(answer) / 1000 / SERVICE_SECONDS) for answer in answers)
    assert residuals == [0] * 4 + [1] * 4 + [2] * 4
    assert {round(answer["eval_duration"] / 1e9, 3) for answer in answers} == {SERVICE_SECONDS}
    stats = host.stats()
    assert (stats["active_peak"], stats["waiting_peak"], stats["in_flight_peak"]) == (4, 8, 12)
    assert stats["busy_seconds"] == pytest.approx(12 * SERVICE_SECONDS, rel=0.1)


def test_durations_add_up_and_are_integers(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=1, prompt_tokens_per_second=2000.0, overhead_seconds=0.004, **SPEED)
    for answer in generate_all(host.url, [body_of()] * 3):
        durations = [answer[f"{name}_duration"] for name in ("total", "load", "prompt_eval", "eval")]
        assert all(type(duration) is int for duration in durations)
        assert durations[0] >= sum(durations[1:])


def test_the_slots_can_change_while_it_works(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=4, **SPEED)
    generate(host.url, "Oui")
    host.control(num_parallel=1)
    residuals = sorted(
        round(residual_ms(answer) / 1000 / SERVICE_SECONDS) for answer in generate_together(host, [body_of()] * 3)
    )
    assert residuals == [0, 1, 2]


def test_others_in_work_slow_a_request_down(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=2, contention=1.0, **SPEED)
    durations = sorted(answer["eval_duration"] / 1e9 for answer in generate_together(host, [body_of()] * 2))
    assert durations == pytest.approx([SERVICE_SECONDS, 2 * SERVICE_SECONDS], rel=0.01)


def test_a_client_that_leaves_frees_slot_and_queue(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=1, tokens_per_second=1.0)
    clients = [Leaver(host.url) for _ in range(4)]
    wait_until(lambda: host.stats()["waiting"] == 3)
    for client in clients:
        client.leave()
    wait_until(lambda: host.stats()["in_flight"] == 0)
    host.control(tokens_per_second=0.0)
    assert generate(host.url).json()["done"]
    stats = host.stats()
    assert (stats["cancelled"], stats["outcomes"], stats["active"]) == (4, {"cancelled": 4, "ok": 1}, 0)


def test_a_client_that_leaves_holds_its_slot_until_its_prompt_is_read(sandbox_host: MakeHost) -> None:
    slow = {"num_parallel": 1, "tokens_per_second": 1.0}
    reading_for_minutes = sandbox_host(prompt_tokens_per_second=0.1, **slow)
    reading_for_a_moment = sandbox_host(prompt_tokens_per_second=19 / 0.1, **slow)
    for host in (reading_for_minutes, reading_for_a_moment):
        client = Leaver(host.url)
        wait_until(lambda host=host: host.stats()["active"] == 1)  # type: ignore[misc]
        client.leave()
        wait_until(lambda host=host: host.stats()["in_flight"] == 0)  # type: ignore[misc]
    assert reading_for_minutes.stats()["active"] == 1
    wait_until(lambda: reading_for_a_moment.stats()["active"] == 0)
    assert reading_for_a_moment.stats()["busy_seconds"] > 0.099


def test_a_stream_takes_the_time_of_writing(sandbox_host: MakeHost) -> None:
    host: SandboxThread = sandbox_host(**SPEED)
    generate(host.url, "Oui")
    reply = generate(host.url, stream=True)
    assert len(reply.body.splitlines()) > 5
    assert host.stats()["busy_seconds"] >= SERVICE_SECONDS * 0.9


def test_the_whole_answer_of_generate(sandbox_host: MakeHost) -> None:
    reply = generate(sandbox_host().url)
    answer = reply.json()
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.headers["content-length"] == str(len(reply.body))
    assert list(answer) == [
        *("model", "created_at", "response", "done", "done_reason", "context", "total_duration", "load_duration"),
        *("prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration"),
    ]
    assert answer["model"] == "mistral"
    assert answer["response"] == ENGLISH
    assert answer["done"] is True
    assert answer["done_reason"] == "stop"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", answer["created_at"])
    assert len(answer["context"]) == answer["prompt_eval_count"] + answer["eval_count"]
    assert answer["prompt_eval_count"] == -(-len(prompt_of(TEXT)) * 10 // 33)
    assert not reply.body.endswith(b"\n")


def test_raw_has_no_context_and_a_long_reply_comes_in_chunks(sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    assert "context" not in generate(host.url, raw=True).json()
    long = generate(host.url, TEXT * 60, options={"num_ctx": 8192, "num_predict": 4000})
    assert long.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in long.headers
    assert long.json()["response"] == ENGLISH * 60


def test_a_stream_is_one_object_a_line(sandbox_host: MakeHost) -> None:
    body = body_of() | {"stream": True}
    reply = send(sandbox_host().url, "POST", "/api/generate", body)
    assert reply.headers["content-type"] == "application/x-ndjson"
    assert reply.headers["transfer-encoding"] == "chunked"
    lines = [json.loads(line) for line in reply.body.splitlines()]
    assert "".join(line["response"] for line in lines) == ENGLISH
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    assert lines[-1]["response"] == ""
    assert lines[-1]["done_reason"] == "stop"
    assert lines[-1]["eval_count"] > 0
    assert "eval_count" not in lines[0]


def test_an_answer_of_one_token_has_no_eval_duration(sandbox_host: MakeHost) -> None:
    answer = generate(sandbox_host(faults=["empty"]).url).json()
    assert (answer["response"], answer["eval_count"], answer["done_reason"]) == ("", 1, "stop")
    assert "eval_duration" not in answer


@pytest.mark.parametrize("stream", [False, True])
def test_logprobs_are_those_of_the_text_and_only_sent_on_request(sandbox_host: MakeHost, stream: bool) -> None:
    host = sandbox_host()
    assert "logprobs" not in generate(host.url).json()
    lines = [json.loads(line) for line in generate(host.url, logprobs=True, stream=stream).body.splitlines()]
    tokens = [token for line in lines for token in line.get("logprobs", ())]
    assert "".join(token["token"] for token in tokens) == ENGLISH
    assert all(-1 <= token["logprob"] <= 0 for token in tokens)
    assert bytes(byte for token in tokens for byte in token["bytes"]).decode() == ENGLISH
    host.control(version="0.12.10")
    assert "logprobs" not in generate(host.url, logprobs=True).json()


DIED = "an error was encountered while running the model: unexpected EOF"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset", ConnectionResetError),
        ("closed", http.client.RemoteDisconnected),
        ("cut_body", http.client.IncompleteRead),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_connections_that_break(
    sandbox_host: MakeHost, kind: str, error: type[Exception], stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    host = sandbox_host(faults=[kind])
    with caplog.at_level(logging.DEBUG), pytest.raises(error) as raised:
        generate(host.url, stream=stream)
    assert raised.type is error  # RemoteDisconnected is a ConnectionResetError, too, but no RST
    wait_until(lambda: host.stats()["in_flight"] == 0)
    assert host.stats()["outcomes"] == {kind: 1}
    assert host.stats()["served"] == 0
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    host.control(faults=[])
    assert generate(host.url).status == 200


def test_an_aborted_answer(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=["done_false"])
    answer = generate(host.url).json()
    assert answer.keys() == {"model", "created_at", "response", "done"}
    assert answer["done"] is False
    assert ENGLISH.startswith(answer["response"])
    lines = [json.loads(line) for line in generate(host.url, stream=True).body.splitlines()]
    assert not any(line["done"] for line in lines)


def test_a_cut_answer(sandbox_host: MakeHost) -> None:
    answer = generate(sandbox_host(faults=["length"]).url).json()
    assert (answer["done"], answer["done_reason"]) == (True, "length")
    assert len(answer["response"]) == len(ENGLISH) // 2


def test_nonsense_in_the_numbers(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=["negative_eval_duration"])
    assert generate(host.url).json()["eval_duration"] == -(2**63)
    host.control(faults=["huge_eval_duration"])
    assert generate(host.url).json()["eval_duration"] == 9223372036854771500
    host.control(faults=["missing_durations"])
    answer = generate(host.url).json()
    assert not [name for name in answer if name.endswith("_duration")]
    assert answer["eval_count"] > 0


def test_an_error_in_the_middle_of_a_stream_is_its_last_line(sandbox_host: MakeHost) -> None:
    reply = generate(sandbox_host(faults=["runner_died_500"]).url, stream=True)
    assert reply.status == 200
    assert json.loads(reply.body.splitlines()[-1]) == {"error": DIED}


def test_a_null_answer(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=["null_response"])
    answer = generate(host.url).json()
    assert (answer["response"], answer["done"], answer["done_reason"]) == (None, True, "stop")
    last = json.loads(generate(host.url, stream=True).body.splitlines()[-1])
    assert (last["response"], last["done"]) == (None, True)


def test_an_answer_that_is_all_thinking(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=["thinking_only"])
    answer = generate(host.url).json()
    assert (answer["response"], answer["thinking"], answer["done"]) == ("", ENGLISH, True)


def test_an_endless_answer_ends_at_num_predict(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=["endless"])
    answer = generate(host.url, options={"num_predict": 200}).json()
    assert (answer["done_reason"], answer["eval_count"]) == ("length", 200)
