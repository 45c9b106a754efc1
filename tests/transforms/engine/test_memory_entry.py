from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.sink.part_batches import RECIPE
from transforms.engine.memory_entry import MemoryEntry, as_duplicate, decode, encode, from_memory, key_of
from transforms.engine.outcome import Outcome, TextResult

OUTCOME = Outcome(
    "The pump is ready.",
    "warn",
    ["src_short", "number_missing"],
    origin="generated",
    attempts=2,
    chunks=1,
    model="mistral",
    model_digest="ab" * 32,
    host="http://gpu0:11434",
    total_duration_ns=1_000,
    eval_count=7,
    done_reason="stop",
    evidence='{"number_missing":["12"]}',
    logprob_mean=-0.25,
    logprob_min=-1.5,
)
PREFIX = RECIPE.memory_prefix()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2**62), st.lists(st.sampled_from("abc")))
def test_encoding_preserves_an_outcome(text: str, duration_ns: int, flags: list[str]) -> None:
    outcome = replace(OUTCOME, translation=text, eval_duration_ns=duration_ns, flags=flags, origin=None)
    entry = decode(encode(TextResult(outcome), (), "run-7"))
    assert entry == MemoryEntry(outcome, "run-7")


@pytest.mark.parametrize("value", [b"", b"[]", b"{}", b"null", b'{"run": "x"}', b'{"run": "x", "later": 1}', b"\xff"])
def test_bytes_of_another_program_are_ignored(value: bytes) -> None:
    assert decode(value) is None


def test_origin_and_source_flags_are_not_stored() -> None:
    entry = decode(encode(TextResult(OUTCOME), ("src_short",), "run-7"))
    assert entry is not None
    kept = entry.outcome
    assert (kept.flags, kept.origin, entry.candidate, entry.failed) == (["number_missing"], None, None, False)
    again = from_memory(entry, ("src_encoding_fixed",)).outcome
    assert again == replace(OUTCOME, origin="memory", flags=["src_encoding_fixed", "number_missing"])
    twin = as_duplicate(kept, None, ("src_short",)).outcome
    assert (twin.origin, twin.attempts, twin.total_duration_ns, twin.eval_count) == ("duplicate", 0, None, None)
    assert (twin.translation, twin.model, twin.host, twin.status) == (kept.translation, "mistral", kept.host, "warn")
    assert twin.flags == ["src_short", "number_missing"]
    for kept in (again, twin):
        assert (kept.evidence, kept.logprob_mean, kept.logprob_min) == ('{"number_missing":["12"]}', -0.25, -1.5)


def test_an_entry_of_a_version_without_evidence_and_certainty_is_read() -> None:
    value = b'{"translation":"The pump.","status":"ok","attempts":1,"chunks":1,"flags":[],"run":"run-1"}'
    entry = decode(value)
    assert entry is not None
    outcome = entry.outcome
    assert (outcome.translation, outcome.evidence, outcome.logprob_mean) == ("The pump.", None, None)


def test_a_failure_keeps_its_error_and_its_candidate_and_has_no_origin() -> None:
    failed = replace(OUTCOME, translation=None, status="failed", error="untranslated: no", origin=None)
    entry = decode(encode(TextResult(failed, "La pompe."), (), "run-7"))
    assert entry is not None
    assert (entry.failed, entry.candidate) == (True, "La pompe.")
    for result in (from_memory(entry, ()), as_duplicate(entry.outcome, entry.candidate, ())):
        assert (result.outcome.status, result.outcome.origin, result.candidate) == ("failed", None, "La pompe.")
        assert result.outcome.error == "untranslated: no"


def test_a_partial_translation_is_a_failure_with_an_origin() -> None:
    entry = MemoryEntry(replace(OUTCOME, status="partial", error="repetition: no"), "run-7", "The pump. La vanne.")
    assert entry.failed
    assert from_memory(entry, ()).outcome.origin == "memory"


def test_the_key_depends_on_everything_that_affects_a_translation() -> None:
    keys = [
        key_of(PREFIX, "mistral:latest", "ab" * 32, "Bonjour"),
        key_of(PREFIX, "mistral:latest", "ab" * 32, "Bonjour."),
        key_of(PREFIX, "mistral:latest", "cd" * 32, "Bonjour"),
        key_of(PREFIX, "qwen3:8b", "ab" * 32, "Bonjour"),
        key_of(PREFIX, "mistral:latest", "ab" * 32, "Bonjour", "0123456789abcdef"),
        *(
            key_of(replace(RECIPE, **change).memory_prefix(), "mistral:latest", "ab" * 32, "Bonjour")
            for change in (
                {"prompt_text": "other"},
                {"options": {**RECIPE.options, "seed": 9}},
                {"num_ctx": 2048},
                {"chunk_chars": 100},
                {"domain": "reviews"},
                {"fallback_model": "qwen3:8b"},
                {"checks": "repair"},
            )
        ),
    ]
    assert len({len(key) for key in keys}) == 1
    assert len(set(keys)) == len(keys)


def test_the_key_prefix_does_not_depend_on_columns_model_or_glossary() -> None:
    for change in (
        {"glossary_digest": "ef" * 32},
        {"text_columns": ("subject",)},
        {"model": "x", "model_digest": "y"},
        {"model_column": "engine"},
    ):
        assert replace(RECIPE, **change).memory_prefix() == PREFIX
