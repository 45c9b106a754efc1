from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from pipeline.sandbox.running import SandboxThread
from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import TEXT, body_of, generate, generate_all, residual_ms, send, wait_until

SERVICE_SECONDS = 0.1
TOKENS = 20  # of the answer to TEXT
SPEED = {"tokens_per_second": TOKENS / SERVICE_SECONDS}


class Leaver:
    """A client that sends a request and can leave at any moment."""

    def __init__(self, url: str, **changes: Any) -> None:
        address = urlsplit(url)
        body = json.dumps(body_of(**changes)).encode()
        self._socket = socket.create_connection((address.hostname or "", address.port or 0))
        self._socket.sendall(b"POST /api/generate HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def leave(self) -> None:
        self._socket.close()


def test_a_burst_is_served_in_groups_as_large_as_the_slots(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=4, **SPEED)
    generate(host.url, "Oui")
    answers = generate_all(host.url, [body_of()] * 12)
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
        round(residual_ms(answer) / 1000 / SERVICE_SECONDS) for answer in generate_all(host.url, [body_of()] * 3)
    )
    assert residuals == [0, 1, 2]


def test_others_in_work_slow_a_request_down(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=2, contention=1.0, **SPEED)
    durations = sorted(answer["eval_duration"] / 1e9 for answer in generate_all(host.url, [body_of()] * 2))
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


def test_a_client_that_leaves_while_its_prompt_is_read_keeps_the_slot_until_it_is_read(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=1, prompt_tokens_per_second=19 / 0.2, tokens_per_second=1.0)
    client = Leaver(host.url)
    wait_until(lambda: host.stats()["active"] == 1)
    client.leave()
    wait_until(lambda: host.stats()["in_flight"] == 0)
    assert host.stats()["active"] == 1
    host.control(tokens_per_second=0.0, prompt_tokens_per_second=0.0)
    assert residual_ms(generate(host.url).json()) > 100
    assert host.stats()["busy_seconds"] == pytest.approx(0.2, rel=0.1)


def test_a_load_is_told_in_the_load_duration_and_happens_once(sandbox_host: MakeHost) -> None:
    host = sandbox_host(load_seconds=0.1)
    answers = generate_all(host.url, [body_of()] * 5)
    assert all(answer["load_duration"] > 90e6 for answer in answers)
    assert generate(host.url).json()["load_duration"] < 50e6
    assert (host.stats()["loads"], host.stats()["reloads"]) == (1, 0)


@pytest.mark.parametrize(
    ("options", "reloads"),
    [
        ({"num_ctx": 2048}, 1),
        ({"num_ctx": None}, 0),
        ({"num_batch": 64}, 1),
        ({"num_thread": 2}, 1),
        ({"num_gpu": 3}, 1),
        ({"num_gpu": -1}, 0),
        ({"main_gpu": 0}, 0),
        ({"temperature": 0.7, "num_predict": 99, "seed": 3}, 0),
    ],
)
def test_what_makes_it_load_again(sandbox_host: MakeHost, options: dict[str, Any], reloads: int) -> None:
    host = sandbox_host()
    generate(host.url)
    generate(host.url, options={"num_ctx": 4096} | options)
    assert host.stats()["reloads"] == reloads


def test_shift_reloads_only_later_versions(sandbox_host: MakeHost) -> None:
    for version, reloads in (("0.24.0", 0), ("0.33.0", 1)):
        host = sandbox_host(version=version)
        generate(host.url)
        generate(host.url, shift=False)
        assert host.stats()["reloads"] == reloads


def test_busy_only_while_it_loads(sandbox_host: MakeHost) -> None:
    host = sandbox_host(load_seconds=0.1, max_queue=4, num_parallel=1)
    cold = generate_all(host.url, [body_of()] * 20)
    assert sorted(answer["status"] for answer in cold) == [200] * 5 + [503] * 15
    busy = next(answer for answer in cold if answer["status"] == 503)
    assert busy["error"] == "server busy, please try again.  maximum pending requests exceeded"
    warm = generate_all(host.url, [body_of()] * 20)
    assert {answer["status"] for answer in warm} == {200}


def test_who_leaves_during_a_load_lets_it_start_again(sandbox_host: MakeHost) -> None:
    host = sandbox_host(load_seconds=0.15)
    first = Leaver(host.url)
    wait_until(lambda: host.stats()["pending"] == 1)
    first.leave()
    wait_until(lambda: host.stats()["in_flight"] == 0)
    assert host.stats()["loads"] == 0
    assert generate(host.url).json()["load_duration"] > 140e6
    assert host.stats()["loads"] == 1


def test_a_reload_waits_for_those_in_work(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=2, **SPEED)
    generate(host.url, "Oui")
    same, other = generate_all(host.url, [body_of(), body_of(options={"num_ctx": 2048})])
    assert same["load_duration"] < other["load_duration"]
    assert other["load_duration"] > SERVICE_SECONDS * 0.5e9
    assert host.stats()["reloads"] == 1


def test_models_have_slots_of_their_own_and_the_oldest_leaves(sandbox_host: MakeHost) -> None:
    host = sandbox_host(models=["a", "b", "c"], max_loaded_models=2)
    for model in ("a", "b", "c"):
        generate(host.url, model=model)
    assert host.stats()["loaded_num_ctx"].keys() == {"b:latest", "c:latest"}


def test_keep_alive_ends(sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    generate(host.url, keep_alive="10ms")
    wait_until(lambda: send(host.url, "GET", "/api/ps").json()["models"] == [])
    generate(host.url, keep_alive=-1)
    (loaded,) = send(host.url, "GET", "/api/ps").json()["models"]
    assert loaded["expires_at"] > "2300"
    generate(host.url, keep_alive=0)
    assert send(host.url, "GET", "/api/ps").json()["models"] == []


def test_a_crash_fails_everybody_and_the_next_call_loads_again(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=2, faults=[{"kind": "runner_crash", "marker": "FATAL"}], **SPEED)
    generate(host.url, "Oui")
    bodies = [body_of(f"{TEXT} FATAL"), *[body_of()] * 5]
    answers = generate_all(host.url, bodies)
    assert {answer["status"] for answer in answers} == {500}
    assert {answer["error"] for answer in answers} == {
        "an error was encountered while running the model: unexpected EOF",
        "llama-server process no longer running: -1 ",
    }
    assert generate(host.url).status == 200
    assert host.stats()["loads"] == 2


def test_a_stream_takes_the_time_of_writing(sandbox_host: MakeHost) -> None:
    host: SandboxThread = sandbox_host(**SPEED)
    generate(host.url, "Oui")
    reply = generate(host.url, stream=True)
    assert len(reply.body.splitlines()) > 5
    assert host.stats()["busy_seconds"] >= SERVICE_SECONDS * 0.9
