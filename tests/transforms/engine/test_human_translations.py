from __future__ import annotations

from transforms.engine.human_translations import PRESENT, human_entries, human_key, human_result
from transforms.engine.memory_entry import key_of


def test_an_entry_returns_the_translation_with_its_origin() -> None:
    entries = dict(human_entries([("La vanne", "The valve")]))
    result = human_result(entries[human_key("La vanne")], "La vanne")
    assert result is not None
    outcome = result.outcome
    assert (outcome.translation, outcome.status, outcome.origin, outcome.attempts) == ("The valve", "ok", "human", 0)
    assert list(result.requests.attempts) == []
    assert PRESENT in entries
    assert human_result(b"of another program", "La vanne") is None


def test_nothing_to_keep_are_no_entries() -> None:
    assert human_entries([]) == []


def test_no_model_has_the_key_of_a_human_translation() -> None:
    assert human_key("La vanne") != key_of(b"", "mistral", "5f", "La vanne")
    assert human_key("a\udc80") != human_key("b\udc80")
