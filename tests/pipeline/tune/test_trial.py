from __future__ import annotations

import asyncio

import pytest

from pipeline.tune import machine as machine_module
from pipeline.tune import servers
from pipeline.tune.layouts import Layout
from pipeline.tune.trial import Trial, TrialSettings, attempt, too_many_failed
from tests.conftest import MakeHost
from tests.pipeline.tune.fake_ollama import NOT_ENOUGH_MEMORY, FakeMachine, Properties
from tests.pipeline.tune.test_load import sample
from tests.pipeline.tune.trials import failed, throughput, trial
from transforms.errors import RunFailed

ONE_GPU = Layout((("0",),), 2)


def attempted(machine: FakeMachine, layout: Layout = ONE_GPU, trial_seconds: float = 60.0) -> Trial:
    settings = TrialSettings(machine.ollama, sample(), 0.3, 30.0, trial_seconds)
    found = asyncio.run(attempt(layout, settings))
    assert machine.living() == []
    return found


def test_a_layout_is_measured_with_one_request_more_than_it_has_slots(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_module, "SAMPLE_SECONDS", 0.05)
    machine.become(Properties(tokens_per_second=200.0), ("0, A, 100, 8192, 55",))
    found = attempted(machine)
    assert found.throughput is not None
    assert found.throughput.answers > 0
    assert found.loaded is not None
    assert (found.problem, found.fits, found.version) == ("", True, "0.33.0")
    assert (found.loaded.vram_share, found.loaded.context_length) == (1.0, 2048)
    assert (found.gpu_bytes, found.busy_percent) == (0, {0: 55})


def test_the_models_of_several_servers_are_added_up(machine: FakeMachine) -> None:
    machine.become(Properties())
    one, two = (attempted(machine, Layout((("0",), ("1",))[:count])).loaded for count in (1, 2))
    assert one is not None
    assert two is not None
    assert two.size_bytes == 2 * one.size_bytes


def test_a_model_that_is_partly_on_the_cpu(machine: FakeMachine) -> None:
    machine.become(Properties(fits_slots=1))
    found = attempted(machine)
    assert (found.partly_on_cpu, found.fits, found.rate > 0) == (True, False, True)


def test_a_model_that_does_not_load(machine: FakeMachine) -> None:
    machine.become(Properties(fits_slots=1, load_fails=True))
    found = attempted(machine)
    assert (found.throughput, found.rate) == (None, 0.0)
    assert NOT_ENOUGH_MEMORY in found.problem


def test_a_layout_that_is_too_slow(machine: FakeMachine) -> None:
    machine.become(Properties(tokens_per_second=0.1))
    assert "too slow: not measured within 1 s" in attempted(machine, trial_seconds=1.0).problem


def test_another_server_at_the_port_is_not_measured_in_place_of_ours(
    machine: FakeMachine, sandbox_host: MakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sandbox_host(tokens_per_second=20.0)
    monkeypatch.setattr(servers, "spare_port", lambda: int(other.url.rpartition(":")[2]))
    machine.become(Properties(serve="ends"))
    assert attempted(machine).problem == "the server ended with code 1: Error: could not find the store"


def test_a_machine_that_runs_out_of_memory(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.become(Properties())
    monkeypatch.setattr(machine_module, "free_memory_share", lambda: 0.01)
    assert "main memory" in attempted(machine).problem


def test_a_missing_model_ends_everything(machine: FakeMachine) -> None:
    machine.become(Properties(models=("llama3:latest",)))
    with pytest.raises(RunFailed, match="OLLAMA_MODELS"):
        attempted(machine)
    assert machine.living() == []


def test_a_layout_that_fails_many_requests_has_no_rate() -> None:
    good, bad = throughput(5.0, failures={"timeout": 5}), throughput(5.0, failures={"timeout": 50})
    assert too_many_failed(good) == ""
    assert too_many_failed(bad) == "50 of 150 requests failed: 50 timeout"
    assert Trial(ONE_GPU, bad, problem="50 of 150 requests failed").rate == 0.0


def test_a_model_on_the_cpu_of_a_machine_without_gpus_is_where_it_belongs() -> None:
    assert trial(Layout(((),)), 1.0, share=0.0).fits
    assert not trial(Layout(((),)), 1.0, share=0.5).fits  # a GPU that nvidia-smi does not know
    assert not trial(ONE_GPU, 1.0, share=0.0).fits
    assert not failed(ONE_GPU).fits
