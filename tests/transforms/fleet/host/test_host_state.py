from __future__ import annotations

import random

from transforms.fleet.host.breaker import FAULTS_IN_A_ROW, LONGEST_PAUSE_SECONDS, Breaker
from transforms.fleet.host.deadlines import Deadline
from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.host.limits import FixedLimit


def host() -> HostState:
    return HostState(
        "http://gpu0:11434", Breaker(random.Random(1)), lambda _: ServedModel(FixedLimit(4), Deadline(300)), "a:latest"
    )


def test_the_states_in_words() -> None:
    state = host()
    assert state.state() == "loading"
    assert state.loading()
    state.ready = True
    assert (state.state(), state.usable()) == ("healthy", True)
    for _ in range(FAULTS_IN_A_ROW):
        state.breaker.failed(0.0, "HTTP 500")
    assert (state.state(), state.usable()) == ("circuit open: HTTP 500", False)
    state.out = "no model"
    assert (state.state(), state.loading()) == ("excluded: no model", False)


def test_the_free_share_of_a_host() -> None:
    state = host()
    assert state.free_share(0.0) == 0.0, "it is not ready"
    state.ready = True
    assert state.free_share(0.0) == 1.0
    state.in_flight = 3
    assert state.free_share(0.0) == 0.25
    state.in_flight = 5
    assert state.free_share(0.0) == 0.0
    state.in_flight, state.reserved = 0, True
    assert state.free_share(0.0) == 0.0, "it has a text that may crash the model"


def test_a_due_probe_comes_before_all_else() -> None:
    state = host()
    state.ready = True
    for _ in range(FAULTS_IN_A_ROW):
        state.breaker.failed(0.0, "HTTP 500")
    assert state.free_share(0.0) == 0.0
    assert state.free_share(2 * LONGEST_PAUSE_SECONDS) > 1.0


def test_each_model_has_its_own_record() -> None:
    state = host()
    state.served.largest_answered = 5
    state.model = "b:latest"
    assert state.served.largest_answered == 0
    assert state.served_model("a:latest").largest_answered == 5


def test_which_models_a_host_may_be_asked_for() -> None:
    state = host()
    assert (state.has("a:latest"), state.may_serve("a:latest"), state.may_serve("b:latest")) == (False, True, False)
    state.digests = {"b:latest": ""}
    assert state.may_serve("b:latest")
    assert state.serves("a:latest")
    assert not state.serves("b:latest")
