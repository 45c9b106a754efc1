"""Translations of a host that turns out to be broken, made before that was known: against real loopback hosts."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline.sandbox.faults import Fault
from pipeline.sandbox.text_faults import CONSTANT
from tests.conftest import MakeHost
from tests.transforms.engine.engines import StartEngine, submit, translate
from transforms.engine.deduplicator import MemorySettings
from transforms.engine.engine import Engine
from transforms.memory.addresses import open_store

DIGESTS: dict[str, Any] = {"digests": {"mistral:latest": "ab" * 32}, "allow_mixed_digests": True}
PLACES = ("du nord", "du sud", "de l'est", "de l'ouest", "du centre")


def reports(count: int) -> list[str]:
    """Texts to which the constant answer is plausible."""
    parts, adverbs = ("la pompe", "la vanne", "le moteur", "le câble"), ("hier", "enfin", "ensuite", "encore")
    texts = [
        f"Le technicien a remplacé {part} du bâtiment {place} {adverb} {moment}."
        for part in parts
        for place in PLACES
        for adverb in adverbs
        for moment in ("matin", "soir")
    ]
    return texts[:count]


def started(engine: Engine) -> Engine:
    """The engine, once all its hosts take part."""
    deadline = time.monotonic() + 30
    while {host.state for host in engine.hosts()} != {"healthy"}:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return engine


def memory_texts(path: Path) -> str:
    store = open_store(str(path))
    with store._connection() as connection:  # type: ignore[attr-defined]
        values = connection.execute("SELECT value FROM entries").fetchall()
    store.close()
    return " ".join(value[8:].decode() for (value,) in values)


@pytest.mark.parametrize("count", [12, 80])
def test_no_answer_of_a_host_that_always_answers_the_same_is_left(
    count: int, sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    good, bad = sandbox_host(tokens_per_second=400.0), sandbox_host(faults=[Fault("constant")])
    memory = MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "one")
    engine = started(start_engine([good, bad], memory=memory, **DIGESTS))
    results = translate(engine, *reports(count))
    engine.close()
    assert bad.stats()["served"] >= 2
    assert {result.outcome.status for result in results} <= {"ok", "warn"}
    assert CONSTANT not in {result.outcome.translation for result in results}
    assert {result.outcome.host for result in results} == {good.url}
    assert CONSTANT not in memory_texts(tmp_path / "memory.sqlite")
    calls = sum(host.stats()["calls"] for host in (good, bad))
    assert sum(len(result.requests.attempts) for result in results) >= calls


def test_a_constant_answer_is_accepted_where_no_other_host_can_confirm_it(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(faults=[Fault("constant")])
    results = translate(start_engine([host]), *reports(30))
    assert {result.outcome.translation for result in results} == {CONSTANT}
    assert host.stats()["calls"] == 30


def test_results_that_left_before_the_verdict_are_counted_in_a_warning_and_forgotten(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = sandbox_host(tokens_per_second=2000.0), sandbox_host()
    memory = MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "one")
    engine = started(start_engine([good, bad], memory=memory, **DIGESTS))
    texts = reports(160)
    with caplog.at_level(logging.WARNING):
        early = [result for first in range(0, 12, 4) for result in translate(engine, *texts[first : first + 4])]
        bad.control(faults=[{"kind": "empty"}])
        late = submit(engine, texts[12:]).result(30)
    engine.close()
    assert all(result.outcome.translation for result in late)
    assert {result.outcome.host for result in late} == {good.url}
    left = sum(result.outcome.host == bad.url for result in early)
    assert left
    assert f"{bad.url}: {left} translations that it gave before it was excluded" in caplog.text
    stored = memory_texts(tmp_path / "memory.sqlite")
    assert good.url in stored
    assert bad.url not in stored
