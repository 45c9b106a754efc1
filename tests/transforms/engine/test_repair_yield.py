from __future__ import annotations

from transforms.engine.repair_yield import MIN_ATTEMPTS, TRIAL_EVERY, WINDOW, RepairYield, kind_of
from transforms.text import flags
from transforms.text.candidates import Candidate


def test_every_kind_is_tried_before_it_is_judged() -> None:
    repairs = RepairYield()
    for _ in range(MIN_ATTEMPTS):
        assert repairs.worth_trying("mistral", flags.REFUSAL)
        repairs.record("mistral", flags.REFUSAL, improved=False)
    assert not repairs.worth_trying("mistral", flags.REFUSAL)
    assert repairs.worth_trying("mistral", flags.UNTRANSLATED)
    assert repairs.worth_trying("gemma", flags.REFUSAL)


def test_useless_repairs_are_tried_now_and_then() -> None:
    repairs = RepairYield()
    for _ in range(MIN_ATTEMPTS):
        repairs.record("mistral", flags.REFUSAL, improved=False)
    tried = sum(repairs.worth_trying("mistral", flags.REFUSAL) for _ in range(10 * TRIAL_EVERY))
    assert tried == 10


def test_a_kind_that_pays_again_is_tried_again() -> None:
    repairs = RepairYield()
    for _ in range(MIN_ATTEMPTS):
        repairs.record("mistral", flags.REFUSAL, improved=False)
    for _ in range(WINDOW // 5):
        repairs.record("mistral", flags.REFUSAL, improved=True)
    assert repairs.worth_trying("mistral", flags.REFUSAL)
    assert repairs.requests[flags.REFUSAL] == MIN_ATTEMPTS + WINDOW // 5
    assert repairs.better[flags.REFUSAL] == WINDOW // 5


def test_the_worst_flag_is_the_kind() -> None:
    assert kind_of(Candidate("text", (flags.LENGTH_RATIO, flags.REFUSAL))) == flags.REFUSAL
    assert kind_of(Candidate("text", (flags.NUMBER_MISSING,))) == flags.NUMBER_MISSING
    assert kind_of(Candidate("", ())) == flags.EMPTY_OUTPUT
