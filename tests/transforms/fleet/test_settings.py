from __future__ import annotations

from dataclasses import replace

import pytest

from transforms.fleet.settings import FleetSettings, GenerateRequest

SETTINGS = FleetSettings("mistral", {"num_ctx": 4096, "seed": 1}, "30m")


def test_the_whole_request() -> None:
    body = GenerateRequest("Bonjour", "Translate.", 100, {"temperature": 0.0}, 7).body(SETTINGS)
    assert body == {
        "model": "mistral",
        "prompt": "Bonjour",
        "system": "Translate.",
        "stream": False,
        "think": False,
        "truncate": False,
        "keep_alive": "30m",
        "options": {"num_ctx": 4096, "seed": 1, "temperature": 0.0, "num_predict": 100},
    }


def test_options_of_a_request_take_precedence_over_the_runs() -> None:
    assert GenerateRequest("x", None, 1, {"seed": 2}, 1).body(SETTINGS)["options"]["seed"] == 2


def test_no_option_lifts_the_limit_of_the_answer() -> None:
    settings = FleetSettings("mistral", {"num_predict": -1}, "30m")
    assert GenerateRequest("x", None, 5, {"num_predict": -2}, 1).body(settings)["options"] == {"num_predict": 5}


def test_the_models_own_system_turn_is_left_to_it() -> None:
    assert "system" not in GenerateRequest("x", None, 1, {}, 1).body(SETTINGS)


def test_log_probabilities_are_asked_for_only_if_they_are_wanted() -> None:
    request = GenerateRequest("x", None, 1, {}, 1)
    assert request.body(replace(SETTINGS, logprobs=True))["logprobs"] is True
    assert "logprobs" not in request.body(SETTINGS)


def test_a_raw_request_has_no_system_turn() -> None:
    body = GenerateRequest("x", "Translate.", 1, {}, 1, raw=True, model="seed-x").body(SETTINGS)
    assert (body["raw"], "system" in body, body["model"]) == (True, False, "seed-x")


@pytest.mark.parametrize("think", [False, True, "low"])
def test_thinking_is_said_or_left_to_the_model(think: bool | str) -> None:
    assert GenerateRequest("x", None, 1, {}, 1, think=think).body(SETTINGS)["think"] == think
    assert "think" not in GenerateRequest("x", None, 1, {}, 1, think=None).body(SETTINGS)
