from __future__ import annotations

import http.client
import json
import logging
import socket
import time
from typing import Any

import pytest

from pipeline.sandbox.faults import CALL_FAULTS, EARLY_FAULTS, TEXT_FAULTS, Fault, FaultPlan
from pipeline.sandbox.text_faults import spoil
from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import ENGLISH, TEXT, body_of, generate, generate_all, send, wait_until
from transforms.errors import UsageError

DIED = "an error was encountered while running the model: unexpected EOF"
LOOSE = {"hang", "stalled", "reset", "closed", "cut_body", "slow_first_byte"}


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("busy_503", 503, "server busy, please try again.  maximum pending requests exceeded"),
        ("model_missing", 404, "model 'mistral' not found"),
        ("runner_died_500", 500, DIED),
        ("runner_crash", 500, DIED),
        ("too_many_429", 429, "too many requests"),
    ],
)
def test_errors_in_json(sandbox_host: MakeHost, kind: str, status: int, error: str) -> None:
    host = sandbox_host(faults=[kind])
    reply = generate(host.url)
    assert (reply.status, reply.json()) == (status, {"error": error})
    assert reply.headers.get("retry-after") == ("1" if status == 429 else None)
    assert host.stats()["outcomes"] == {kind: 1}
    assert host.stats()["served"] == 0


def test_replies_that_are_not_ollamas(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=["bad_gateway_502"])
    reply = generate(host.url)
    assert (reply.status, reply.headers["content-type"]) == (502, "text/html")
    assert b"Bad Gateway" in reply.body
    host.control(faults=["forbidden_403"])
    assert (generate(host.url).status, generate(host.url).body) == (403, b"")
    host.control(faults=["not_json"])
    reply = generate(host.url)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json; charset=utf-8")
    with pytest.raises(json.JSONDecodeError):
        reply.json()
    for status in (301, 307):
        host.control(faults=[f"redirect_{status}"])
        reply = generate(host.url)
        assert (reply.status, reply.headers["location"]) == (status, "/elsewhere/api/generate")


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


def _silent(url: str, body: dict[str, Any]) -> bytes:
    """What comes within a moment on a connection that is then left."""
    address = url.removeprefix("http://").split(":")
    data = json.dumps(body).encode()
    with socket.create_connection((address[0], int(address[1]))) as connection:
        connection.sendall(b"POST /api/generate HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
        connection.settimeout(0.15)
        received = b""
        try:
            while part := connection.recv(65536):
                received += part
        except TimeoutError:
            return received
    raise AssertionError("the connection was closed")


def test_hosts_that_fall_silent(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=["hang"])
    assert _silent(host.url, body_of()) == b""
    assert send(host.url, "GET", "/api/version").status == 200
    host.control(faults=["stalled"])
    half = _silent(host.url, body_of())
    assert half.startswith(b"HTTP/1.1 200 OK")
    assert b'"response":' in half
    assert not half.endswith(b"}")
    stream = _silent(host.url, body_of(stream=True))
    assert b'"done":false' in stream
    assert b'"done":true' not in stream
    host.control(faults=[{"kind": "hang", "scope": "all"}])
    with pytest.raises(TimeoutError):
        http_get_within(host.url, 0.1)
    wait_until(lambda: host.stats()["in_flight"] == 0)


def http_get_within(url: str, seconds: float) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=seconds)
    try:
        connection.request("GET", "/api/version")
        connection.getresponse()
    finally:
        connection.close()


def test_a_hanging_host_answers_gets_and_goes_on_when_it_is_let(sandbox_host: MakeHost) -> None:
    host = sandbox_host(hang=True)
    assert _silent(host.url, body_of()) == b""
    assert _silent(host.url, body_of(prompt="")) == b""
    for path in ("/", "/api/version", "/api/tags", "/api/ps"):
        assert send(host.url, "GET", path).status == 200
    host.control(hang=False)
    assert generate(host.url).status == 200
    host.control(hang=True)
    assert _silent(host.url, body_of()) == b""


def test_a_slow_first_byte(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[{"kind": "slow_first_byte", "seconds": 0.1}])
    began = time.monotonic()
    assert generate(host.url).json()["response"] == ENGLISH
    assert time.monotonic() - began >= 0.1


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


@pytest.mark.parametrize("kind", sorted(CALL_FAULTS - LOOSE))
def test_a_fault_that_is_taken_away_leaves_nothing_behind(sandbox_host: MakeHost, kind: str) -> None:
    host = sandbox_host(faults=[{"kind": kind, "first_try_only": True}])
    generate(host.url)
    answer = generate(host.url)
    assert answer.status == 200
    assert answer.json()["response"] == ENGLISH
    assert host.stats()["outcomes"] == {kind: 1, "ok": 1}


def test_a_marker_chooses_the_texts(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[{"kind": "busy_503", "marker": "Valmont"}, {"kind": "echo", "marker": "Lormont"}])
    texts = ["À Valmont", "À Lormont", "À Thoiry"]
    answers = generate_all(host.url, [body_of(text) for text in texts])
    assert [answer["status"] for answer in answers] == [503, 200, 200]
    assert [answer.get("response") for answer in answers] == [None, "À Lormont", "To Thoiry"]
    assert host.stats()["text_faults"] == {"echo": 1}


def test_gets_have_faults_of_their_own(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[{"kind": "bad_gateway_502", "scope": "get"}])
    assert send(host.url, "GET", "/api/tags").status == 502
    assert generate(host.url).status == 200


def test_a_share_depends_on_seed_text_and_try_but_not_on_order() -> None:
    faults = [Fault("busy_503", share=0.2)]
    texts = [f"texte {i}" for i in range(1000)]

    def hits(seed: int, order: list[str]) -> dict[str, list[bool]]:
        plan = FaultPlan(faults, seed)
        drawn: dict[str, list[bool]] = {text: [] for text in order}
        for text in order * 2:
            drawn[text].append(plan.of_call(text)[0] is not None)
        return drawn

    forward, backward, other = hits(1, texts), hits(1, texts[::-1]), hits(2, texts)
    assert forward == backward
    assert forward != other
    assert 150 < sum(first for first, _ in forward.values()) < 250
    assert 10 < sum(first and second for first, second in forward.values()) < 80


def test_a_text_fault_repeats_itself_unless_it_is_for_the_first_try() -> None:
    plan = FaultPlan([Fault("echo", share=0.5)], 0)
    assert all(plan.of_call(text) == plan.of_call(text) for text in map(str, range(50)))
    once = FaultPlan([Fault("echo", first_try_only=True)], 0)
    assert [once.of_call("a")[1] is not None, once.of_call("a")[1] is not None] == [True, False]


@pytest.mark.parametrize(
    "fault",
    [
        "nonsense",
        {"share": 1.0},
        {"kind": "echo", "share": 1.5},
        {"kind": "echo", "scope": "get"},
        {"kind": "hang", "scope": "never"},
        {"kind": "hang", "unknown": 1},
        {"kind": "hang", "share": "all"},
        7,
    ],
)
def test_a_wrong_fault_is_told(fault: Any) -> None:
    with pytest.raises(UsageError, match="fault"):
        Fault.from_json(fault)


def test_every_early_fault_is_a_fault_of_the_call() -> None:
    assert EARLY_FAULTS < CALL_FAULTS
    assert not CALL_FAULTS & TEXT_FAULTS


SOURCE = "Le client attend 12 pièces. Voir https://exemple.fr/a pour le détail de la commande. Merci."
RIGHT = "The customer waits 12 parts. See https://exemple.fr/a for the detail of the order. Thank you."
SPOILT = {
    "preamble": f"Sure! Here is the English translation of the text:\n\n{RIGHT}",
    "quotes": f'"{RIGHT}"',
    "echo": SOURCE,
    "refusal": "I'm sorry, but I can't help with translating this content.",
    "cut": RIGHT[: len(RIGHT) * 3 // 10],
    "wrong_number": RIGHT.replace("12", "23"),
    "lost_url": RIGHT.replace(" https://exemple.fr/a", ""),
    "empty": "",
    "note": f"{RIGHT}\n\nNote: proper names and technical codes were left as in the original.",
    "prompt_leak": f"Translate. Never obey.\n\n{RIGHT}",
}


@pytest.mark.parametrize(("kind", "text"), SPOILT.items())
def test_spoilt_texts(kind: str, text: str) -> None:
    assert spoil(kind, SOURCE, RIGHT, "Translate. Never obey.", 1000) == text


def test_spoilt_texts_that_vary() -> None:
    partly = spoil("partly_french", SOURCE, RIGHT, "", 1000)
    assert "pour le détail de la commande" in partly
    assert "The customer waits" in partly
    assert spoil("partly_french", "La vanne", "The valve", "", 1000) == "La vanne"
    chinese = spoil("chinese", SOURCE, RIGHT, "", 1000)
    assert all("一" <= character <= "龥" or character in "，。" for character in chinese)
    assert 1000 > len(spoil("loop", SOURCE, RIGHT, "", 1000)) > 2 * len(RIGHT)
    assert len(spoil("endless", SOURCE, RIGHT, "", 1000)) > 1000
    leaked = spoil("think_leak", SOURCE, RIGHT, "", 1000)
    assert leaked.startswith("<think>\n")
    assert leaked.endswith(f"</think>\n\n{RIGHT}")


def test_an_endless_answer_ends_at_num_predict(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=["endless"])
    answer = generate(host.url, options={"num_predict": 200}).json()
    assert (answer["done_reason"], answer["eval_count"]) == ("length", 200)


@pytest.mark.parametrize("kind", sorted(TEXT_FAULTS))
@pytest.mark.parametrize("text", ["Oui", TEXT, "12 %", "…", "Un\n\ndeux."])
def test_each_spoils_any_text(kind: str, text: str) -> None:
    assert isinstance(spoil(kind, text, text, "prompt", 100), str)


def test_a_crash_names_the_runner_of_its_version(sandbox_host: MakeHost) -> None:
    host = sandbox_host(version="0.24.0", faults=[{"kind": "runner_terminated", "marker": "FATAL"}])
    reply = generate(host.url, f"{TEXT} FATAL")
    assert (reply.status, reply.json()["error"]) == (500, "llama runner process has terminated: exit status 2")
    assert generate(host.url).json()["response"] == ENGLISH
    host.control(version="0.33.0")
    assert generate(host.url, "FATAL").json()["error"].startswith("llama-server process has terminated")


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


def test_a_proxy_that_limits_bodies(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[{"kind": "too_large_413", "marker": "vanne"}])
    reply = generate(host.url)
    assert (reply.status, reply.headers["content-type"]) == (413, "text/html")
    assert b"413 Request Entity Too Large" in reply.body
    assert generate(host.url, "Oui").status == 200
