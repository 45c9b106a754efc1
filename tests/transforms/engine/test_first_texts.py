from __future__ import annotations

import pytest

from transforms.engine.first_texts import FIRST_TEXTS, FirstTexts
from transforms.engine.outcome import Outcome
from transforms.errors import RunFailed

GOOD = Outcome("The pump.", "ok")


def failed(error: str = "untranslated: no answer passed this check") -> Outcome:
    return Outcome(None, "failed", error=error)


def test_the_run_is_aborted_when_all_of_the_first_texts_failed() -> None:
    first = FirstTexts()
    for _ in range(FIRST_TEXTS - 2):
        first.finished(failed())
    first.finished(failed("empty_output: empty answer"))
    with pytest.raises(RunFailed) as raised:
        first.finished(failed())
    assert f"(untranslated {FIRST_TEXTS - 1}, empty_output 1; last error: untranslated: " in str(raised.value)


@pytest.mark.parametrize("status", ["ok", "warn", "partial"])
def test_one_translation_is_enough_whenever_it_comes(status: str) -> None:
    first = FirstTexts()
    for _ in range(FIRST_TEXTS - 1):
        first.finished(failed())
    first.finished(Outcome("The pump.", status))
    for _ in range(2 * FIRST_TEXTS):
        first.finished(failed())
