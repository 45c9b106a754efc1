from __future__ import annotations

import pytest

from transforms.fleet.host.advice import about_details, about_loaded, about_reload, about_speed
from transforms.fleet.host.probe import Speed
from transforms.fleet.http.listings import LoadedModel, ModelDetails

GOOD = LoadedModel("mistral:latest", 6 * 10**9, 6 * 10**9, 4096)
LLAMA = ModelDetails(32768, "llama", ("completion",))


def speed(
    slots: int | None, more: bool = False, alone: float = 50.0, together: float = 150.0, waited: float = 0
) -> Speed:
    return Speed(slots, more, alone, together, 400.0, waited, 15)


def test_a_good_host_gets_no_advice() -> None:
    assert about_loaded(GOOD, 4096) == []
    assert about_loaded(LoadedModel("mistral:latest", 6 * 10**9, 6 * 10**9, None), 4096) == []
    assert about_reload(GOOD, 4096) == []
    assert about_details(LLAMA, "mistral", 4096) == []
    assert about_speed(speed(4), LLAMA, True, 10**9, None) == []
    assert about_speed(speed(2, more=True), None, True, None, None) == []


@pytest.mark.parametrize(
    ("advice", "words"),
    [
        (about_loaded(LoadedModel("m:latest", 100, 0, 4096), 4096), ["CPU only"]),
        (about_loaded(LoadedModel("m:latest", 8 * 10**9, 5 * 10**9, 4096), 4096), ["62%", "8.0 GB"]),
        (about_loaded(LoadedModel("m:latest", 100, 100, 2048), 4096), ["--num_ctx 2048"]),
        (about_reload(LoadedModel("m:latest", 100, 100, 8192), 4096), ["8192", "reloaded", "--num_ctx 8192"]),
        (about_details(LLAMA, "mistral", 65536), ["32768"]),
        (about_speed(speed(None), LLAMA, True, None, None), ["--slots"]),
        (about_speed(speed(1), LLAMA, True, 500_000_000, None), ["OLLAMA_NUM_PARALLEL=4", "0.5 GB"]),
        (about_speed(speed(2), LLAMA, True, 10**9, 7 * 10**9), ["OLLAMA_NUM_PARALLEL=8"]),
        (about_speed(speed(2), LLAMA, True, 10**9, 100 * 10**9), ["OLLAMA_NUM_PARALLEL=16"]),
        (about_speed(speed(2), LLAMA, True, 10**9, 5 * 10**8), ["no room for more"]),
        (about_speed(speed(1), ModelDetails(None, "qwen35moe", ()), True, None, None), ["one request at a time"]),
        (about_speed(speed(4, together=52.0), LLAMA, True, None, None), ["more slots would not help"]),
        (about_speed(speed(4, waited=3.0), LLAMA, True, None, None), ["waited 3.0 s", "other clients"]),
    ],
)
def test_each_problem_has_its_advice(advice: list[str], words: list[str]) -> None:
    (sentence,) = advice
    assert all(word in sentence for word in words)


def test_more_slots_are_not_suggested_if_the_model_does_not_fit_the_gpu() -> None:
    assert about_speed(speed(1), LLAMA, False, 10**9, None) == []
