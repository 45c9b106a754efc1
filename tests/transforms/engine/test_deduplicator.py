"""Equal texts, in one run and over runs, against real loopback hosts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.sandbox.faults import Fault
from pipeline.sandbox.running import SandboxThread
from tests.conftest import MakeHost
from tests.transforms.engine.engines import SENTENCE, StartEngine, bodies, make_settings, submit, translate
from transforms.engine import deduplicator
from transforms.engine.deduplicator import MemorySettings
from transforms.engine.outcome import TextResult
from transforms.errors import RunStopped
from transforms.text.request.glossary import parse_glossary

BAD = "La vanne fuit beaucoup."


class Runs:
    """Runs that share one memory: each call is a run of its own, with an engine of its own."""

    def __init__(self, start_engine: StartEngine, host: SandboxThread, folder: Path) -> None:
        self._start_engine = start_engine
        self._host = host
        self._where = str(folder / "memory.sqlite")
        self._count = 0

    def __call__(
        self, *texts: str, before: Sequence[str] = (), prefix: bytes = bytes(32), **memory: Any
    ) -> list[TextResult]:
        """The results of a run that has translated other texts ``before``."""
        self._count += 1
        engine = self._start_engine(
            [self._host],
            memory=MemorySettings(self._where, prefix, f"run {self._count}", **memory),
            digests={"mistral:latest": "ab" * 32},
            allow_mixed_digests=True,
        )
        translate(engine, *before)
        results = translate(engine, *texts)
        engine.close()
        return results

    def calls(self) -> int:
        """The calls that the host got since the last time."""
        before, self._calls = getattr(self, "_calls", 0), self._host.stats()["calls"]
        return int(self._calls - before)


def good(count: int) -> list[str]:
    return [f"Le rapport {number} est prêt." for number in range(count)]


def test_equal_texts_are_sent_once_while_in_flight_later_and_in_later_runs(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    host = sandbox_host()
    run = Runs(start_engine, host, tmp_path)
    results = run(*[SENTENCE] * 20, *good(2))
    assert run.calls() == 3
    assert Counter(result.outcome.origin for result in results) == {"generated": 3, "duplicate": 19}
    assert len({result.outcome.translation for result in results[:20]}) == 1
    again = run(*[SENTENCE] * 2, *good(2))
    assert run.calls() == 0
    assert [result.outcome.origin for result in again] == ["memory"] * 4
    assert again[0].outcome.total_duration_ns is not None
    assert run(SENTENCE, own_only=True)[0].outcome.origin == "generated"


def test_without_a_memory_equal_texts_are_still_sent_once(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    host = sandbox_host(faults=[Fault("echo", marker="vanne")])
    engine = start_engine([host], digests={"mistral:latest": "ab" * 32}, allow_mixed_digests=True)
    texts = [SENTENCE, SENTENCE, *good(3)]
    assert [result.outcome.origin for result in translate(engine, *texts)][:2] == ["generated", "duplicate"]
    (late,) = translate(engine, SENTENCE)
    assert (late.outcome.origin, host.stats()["calls"]) == ("duplicate", 4)
    (failed,) = translate(engine, BAD)
    (failed,) = translate(engine, BAD)
    assert (failed.outcome.status, failed.outcome.origin, failed.candidate) == ("failed", None, BAD)
    assert host.stats()["calls"] == 6


def test_a_failure_is_remembered_with_its_error_and_candidate_until_it_is_retried(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    host = sandbox_host(faults=[Fault("echo", marker="vanne")])
    run = Runs(start_engine, host, tmp_path)
    first = run(BAD, BAD, before=good(5))
    assert run.calls() == 5 + 2
    assert [result.outcome.error for result in first] == ["untranslated: no answer passed this check"] * 2
    (again,) = run(BAD)
    assert run.calls() == 0
    assert again.outcome == first[0].outcome
    assert (again.candidate, again.requests.attempts) == (BAD, [])
    run(BAD, prefix=bytes(31) + b"x")
    assert run.calls() == 2, "another recipe asks again"
    run(BAD, own_only=True)
    assert run.calls() == 2
    host.control(faults=[])
    (retried, kept) = run(BAD, good(1)[0], retry_failed=True)
    assert (retried.outcome.status, kept.outcome.origin, run.calls()) == ("ok", "memory", 1)
    (later,) = run(BAD)
    assert (later.outcome.status, later.outcome.origin, run.calls()) == ("ok", "memory", 0)


def test_a_partial_translation_is_remembered_like_a_failure(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    host = sandbox_host(faults=[Fault("echo", marker="vanne")])
    run = Runs(start_engine, host, tmp_path)
    text = "\n\n".join([f"Paragraphe {number}. {SENTENCE * 8}" for number in range(12)] + [BAD])
    (first,) = run(text)
    assert first.outcome.status == "partial"
    assert run.calls() > 2
    (again,) = run(text)
    assert (again.outcome.status, again.outcome.translation) == ("partial", first.outcome.translation)
    assert (again.outcome.error, again.candidate) == (first.outcome.error, first.candidate)
    assert run.calls() == 0
    host.control(faults=[])
    assert run(text, retry_failed=True)[0].outcome.status == "ok"


def test_failures_that_may_be_the_hosts_are_forgotten(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    host = sandbox_host(faults=[Fault("thinking_only", marker="vanne")])
    run = Runs(start_engine, host, tmp_path)
    (failed,) = run(BAD, before=good(5))
    assert (failed.outcome.error or "").startswith("only_thinking")
    host.control(faults=[])
    assert run(BAD)[0].outcome.status == "ok"


def test_failures_of_a_model_that_fails_at_most_texts_are_forgotten(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    host = sandbox_host(faults=[Fault("echo", marker="rapport")])
    run = Runs(start_engine, host, tmp_path)
    assert {result.outcome.status for result in run(*good(5))} == {"failed"}
    host.control(faults=[])
    assert {result.outcome.status for result in run(*good(5))} == {"ok"}


def test_a_duplicate_of_a_failing_text_fails_with_it(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    host = sandbox_host(faults=[Fault("hang")])
    engine = start_engine([host], digests={"mistral:latest": "ab" * 32}, allow_mixed_digests=True)
    results = submit(engine, [SENTENCE] * 3)
    while not host.stats()["in_flight"]:
        assert not wait([results], 0.005).done
    assert host.stats()["calls"] == 1
    engine.stop()
    with pytest.raises(RunStopped):
        results.result(100)


def test_the_prompt_names_the_column_and_the_memory_keeps_columns_apart(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    host = sandbox_host(record_requests=True)
    memory = MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "one")
    digests = {"mistral:latest": "ab" * 32}
    engine = start_engine([host], memory=memory, digests=digests, allow_mixed_digests=True)
    texts = ["Pompe en panne.", "Pompe en panne.", "Vanne en panne."]
    for _ in range(2):
        results = translate(engine, *texts, field_names=["title", "body", "title"])
    sent = Counter(
        (body["prompt"].splitlines()[1], body["system"].rpartition(" The text is")[2]) for body in bodies(host)
    )
    assert sent == {
        ("Pompe en panne.", ' the field "title" of a record.'): 1,
        ("Pompe en panne.", ' the field "body" of a record.'): 1,
        ("Vanne en panne.", ' the field "title" of a record.'): 1,
    }
    assert [result.outcome.origin for result in results] == ["duplicate"] * 3


def test_the_memory_knows_a_text_until_one_of_its_terms_changes(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    host = sandbox_host()
    memory = MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "one")
    digests = {"mistral:latest": "ab" * 32}
    calls = []
    for terms in ("vanne,valve", "vanne,tap", "vanne,tap\npompe,pump", "vanne,valve\npompe,pump", "pompe,pumping set"):
        settings = replace(make_settings(), glossary=parse_glossary(terms, "terms.csv"), checks="off")
        engine = start_engine([host], translator=settings, memory=memory, digests=digests, allow_mixed_digests=True)
        translate(engine, SENTENCE)
        engine.close()
        calls.append(host.stats()["calls"])
    assert calls == [1, 1, 2, 2, 3]


def test_what_is_kept_in_this_process_is_bounded(
    sandbox_host: MakeHost, start_engine: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deduplicator, "RECENT_BYTES", 0)
    host = sandbox_host()
    engine = start_engine([host], digests={"mistral:latest": "ab" * 32}, allow_mixed_digests=True)
    for _ in range(3):
        assert translate(engine, SENTENCE)[0].outcome.origin == "generated"
    assert host.stats()["calls"] == 3


def test_two_engines_on_one_memory_send_each_text_once(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    host = sandbox_host(tokens_per_second=200.0)
    settings = MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "run", shared=True)
    first, second = (
        start_engine([host], memory=settings, digests={"mistral:latest": "ab" * 32}, allow_mixed_digests=True)
        for _ in range(2)
    )
    texts = good(20)
    batches = [submit(first, texts), submit(second, texts[::-1])]
    results = [result for batch in batches for result in batch.result(60)]
    assert host.stats()["calls"] == 20
    assert Counter(result.outcome.origin for result in results) == {"generated": 20, "duplicate": 20}
    assert len({result.outcome.translation for result in results}) == 20
