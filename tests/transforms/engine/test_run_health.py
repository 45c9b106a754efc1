from __future__ import annotations

import pytest

from transforms.engine.outcome import Outcome
from transforms.engine.run_health import FIRST_TEXTS, RunHealth
from transforms.errors import RunFailed

GOOD = Outcome("The pump.", "ok")


def failed(error: str = "untranslated: no answer passed this check") -> Outcome:
    return Outcome(None, "failed", error=error)


def test_the_run_is_aborted_when_all_of_the_first_texts_failed() -> None:
    health = RunHealth()
    for _ in range(FIRST_TEXTS - 2):
        health.finished(failed())
    health.finished(failed("empty_output: empty answer"))
    with pytest.raises(RunFailed) as raised:
        health.finished(failed())
    assert f"(untranslated {FIRST_TEXTS - 1}, empty_output 1; last error: untranslated: " in str(raised.value)


@pytest.mark.parametrize("status", ["ok", "warn", "partial"])
def test_one_translation_is_enough_whenever_it_comes(status: str) -> None:
    health = RunHealth()
    for _ in range(FIRST_TEXTS - 1):
        health.finished(failed())
    health.finished(Outcome("The pump.", status))
    for _ in range(2 * FIRST_TEXTS):
        health.finished(failed())


def test_texts_are_to_blame_unless_most_of_them_fail() -> None:
    health = RunHealth()
    health.finished(failed())
    assert not health.texts_are_to_blame()
    health.finished(GOOD)
    assert health.texts_are_to_blame()
    health.finished(failed())
    assert not health.texts_are_to_blame()
