from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import (
    SPEED,
    TEXT,
    Leaver,
    body_of,
    generate,
    generate_all,
    generate_together,
    send,
    wait_until,
)


def test_a_load_happens_once_and_counts_as_load_duration(sandbox_host: MakeHost) -> None:
    host = sandbox_host(load_seconds=0.1)
    answers = generate_together(host, [body_of()] * 5)
    assert all(answer["load_duration"] > 90e6 for answer in answers)
    host.control(load_seconds=30.0)
    assert generate(host.url).status == 200
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
    cold = generate_together(host, [body_of()] * 20)
    assert sorted(answer["status"] for answer in cold) == [200] * 5 + [503] * 15
    busy = next(answer for answer in cold if answer["status"] == 503)
    assert busy["error"] == "server busy, please try again.  maximum pending requests exceeded"
    warm = generate_all(host.url, [body_of()] * 20)
    assert {answer["status"] for answer in warm} == {200}


def test_a_load_is_abandoned_with_its_client_and_restarted_by_the_next(sandbox_host: MakeHost) -> None:
    host = sandbox_host(load_seconds=60.0)
    first = Leaver(host.url)
    wait_until(lambda: host.stats()["pending"] == 1)
    first.leave()
    wait_until(lambda: host.stats()["in_flight"] == 0)
    assert host.stats()["loads"] == 0
    host.control(load_seconds=0.1)
    assert generate(host.url).json()["load_duration"] > 90e6
    assert host.stats()["loads"] == 1


def test_a_reload_waits_for_requests_in_progress(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=2, tokens_per_second=1.0)
    first = Leaver(host.url)
    wait_until(lambda: host.stats()["active"] == 1)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(generate, host.url, options={"num_ctx": 2048})
        wait_until(lambda: host.stats()["pending"] == 1)
        assert (host.stats()["active"], host.stats()["reloads"]) == (1, 0)
        host.control(tokens_per_second=0.0)
        first.leave()
        assert other.result().status == 200
    assert host.stats()["loaded_num_ctx"] == {"mistral:latest": 2048}


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


def test_a_crash_fails_all_requests_and_the_next_one_reloads(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=2, faults=[{"kind": "runner_crash", "marker": "FATAL"}], **SPEED)
    generate(host.url, "Oui")
    answers = generate_together(host, [body_of(f"{TEXT} FATAL")], [body_of()] * 5)
    assert {answer["status"] for answer in answers} == {500}
    assert {answer["error"] for answer in answers} == {
        "an error was encountered while running the model: unexpected EOF",
        "llama-server process no longer running: -1 ",
    }
    assert generate(host.url).status == 200
    assert host.stats()["loads"] == 2
