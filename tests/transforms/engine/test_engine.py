"""The engine against real loopback hosts: batches, stops, bugs."""

from __future__ import annotations

import sys
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import pytest

from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.transforms.engine.engines import SENTENCE, StartEngine, submit, translate
from transforms.engine import engine as engine_module
from transforms.engine.deduplicator import MemorySettings
from transforms.engine.engine import live_engines
from transforms.engine.run_health import FIRST_TEXTS
from transforms.errors import RunFailed, RunStopped
from transforms.memory.addresses import open_store
from transforms.memory.store import MemoryUnavailable


def test_results_are_in_the_order_of_the_texts_and_nothing_blank_is_sent(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(record_requests=True)
    texts = [None, "", "  ", "4512", "👍", SENTENCE, *(f"Le rapport {number} est prêt." for number in range(30))]
    results = translate(start_engine([host]), *texts)
    assert [result.outcome.status for result in results] == ["skipped"] * 5 + ["ok"] * 31
    assert [result.outcome.translation for result in results[:5]] == texts[:5]
    assert [result.outcome.origin for result in results[:2]] == [None, "source"]
    for number, result in enumerate(results[6:]):
        assert str(number) in (result.outcome.translation or "")
    assert len(host.stats(with_requests=True)["requests"]) == 31


@pytest.mark.parametrize("installed", [True, False])
def test_uvloop_is_used_where_it_is_installed(
    installed: bool, sandbox_host: MakeHost, start_engine: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not installed:
        monkeypatch.setitem(sys.modules, "uvloop", None)
    engine = start_engine([sandbox_host()])
    assert (type(engine._loop).__module__ == "uvloop") == installed
    (result,) = translate(engine, SENTENCE)
    assert result.outcome.status == "ok"


def test_a_stop_is_an_error_for_whoever_waits(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    host = sandbox_host(faults=[Fault("hang")])
    engine = start_engine([host])
    assert engine in live_engines()
    results = submit(engine, [SENTENCE])
    while not host.stats()["in_flight"]:
        assert not wait([results], 0.005).done
    engine.stop()
    with pytest.raises(RunStopped):
        results.result(100)  # without a memory, nothing is waited for


def test_answers_to_what_is_in_flight_are_kept_when_the_engine_is_stopped(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    host = sandbox_host(tokens_per_second=20.0, num_parallel=4)
    memory = MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "one")
    settings: dict[str, Any] = {
        "memory": memory,
        "slots": 4,
        "digests": {"mistral:latest": "ab" * 32},
        "allow_mixed_digests": True,
    }
    engine = start_engine([host], **settings)
    results = submit(engine, [f"Le rapport {number} est prêt." for number in range(20)])
    while host.stats()["in_flight"] < 4:
        assert not wait([results], 0.005).done
    served = host.stats()["served"]
    engine.stop()
    engine.close()
    assert host.stats()["served"] == served + 4
    assert host.stats()["calls"] == served + 4
    store = open_store(str(tmp_path / "memory.sqlite"))
    assert store.statistics().entries == served + 4
    store.close()


def test_a_host_that_hangs_delays_a_stop_by_a_few_seconds_only(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "DRAIN_SECONDS", 0.1)
    host = sandbox_host(faults=[Fault("hang")])
    engine = start_engine([host], memory=MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "one"))
    results = submit(engine, [SENTENCE])
    while not host.stats()["in_flight"]:
        assert not wait([results], 0.005).done
    engine.stop()
    with pytest.raises(RunStopped):
        results.result(100)
    engine.close()


def test_a_run_without_a_translation_is_aborted_with_the_reason(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    engine = start_engine([sandbox_host(faults=[Fault("empty")])])
    results = submit(engine, [f"Le rapport {number} est prêt." for number in range(FIRST_TEXTS)])
    with pytest.raises(RunFailed, match=f"none of the first {FIRST_TEXTS} texts .*empty_output {FIRST_TEXTS}"):
        results.result(100)


def test_one_success_among_the_first_texts_is_enough(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    good = "La vanne est réparée."
    engine = start_engine([sandbox_host(faults=[Fault("empty", marker="rapport")])])
    texts = [good, *(f"Le rapport {number} est prêt." for number in range(FIRST_TEXTS + 10))]
    results = translate(engine, *texts)
    assert [result.outcome.status for result in results] == ["ok"] + ["failed"] * (FIRST_TEXTS + 10)


def test_a_memory_that_cannot_be_opened_is_an_error_for_whoever_makes_the_engine(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    with pytest.raises(MemoryUnavailable):
        start_engine([sandbox_host()], memory=MemorySettings(str(tmp_path / "no" / "memory"), bytes(32), "one"))


def test_an_empty_submission_ends_at_once(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    engine = start_engine([sandbox_host()])
    assert (
        translate(
            engine,
        )
        == []
    )


@pytest.mark.parametrize(
    "place", ["translator.classify", "deduplicator.Deduplicator.key", "translator.split", "deduplicator.encode"]
)
def test_a_bug_is_reported_and_leaves_nobody_waiting(
    place: str, sandbox_host: MakeHost, start_engine: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(f"transforms.engine.{place}", bug)
    engine = start_engine([sandbox_host()], digests={"mistral:latest": "ab" * 32}, allow_mixed_digests=True)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        translate(engine, SENTENCE, None, "Le rapport est prêt.", SENTENCE)
