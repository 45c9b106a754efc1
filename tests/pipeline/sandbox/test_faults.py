from __future__ import annotations

from typing import Any

import pytest

from pipeline.sandbox.faults import CALL_FAULTS, EARLY_FAULTS, TEXT_FAULTS, Fault, FaultPlan
from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import (
    ENGLISH,
    body_of,
    generate,
    generate_all,
)
from transforms.errors import UsageError

LOOSE = {"hang", "stalled", "reset", "closed", "cut_body", "slow_first_byte"}


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
