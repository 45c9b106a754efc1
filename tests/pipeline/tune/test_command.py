"""The whole command on a machine with a fake ``ollama``, whose servers are simulated hosts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, MakeHost
from tests.pipeline.tune.conftest import PRIVATE_NAME, Tune
from tests.pipeline.tune.fake_ollama import NOT_ENOUGH_MEMORY, FakeMachine, Properties

TWO_GPUS = ("0, NVIDIA A, 100, 24564, 37", "1, NVIDIA A, 100, 24564, 41")


@pytest.mark.slow
def test_the_search_finds_the_planted_best_of_two_gpus(machine: FakeMachine, tune: Tune) -> None:
    machine.become(Properties(knee_slots=2, spread_speed=0.4, flash_speed=1.6, small_cache_speed=0.6), TWO_GPUS)
    code, told, err = tune("--tune_seconds", "30")
    assert (code, told["complete"]) == (0, True)
    best = told["trials"][told["best"]]
    assert best["layout"] == "one server per GPU, 2 slots each, flash attention"
    assert [server["CUDA_VISIBLE_DEVICES"] for server in best["servers"]] == ["0", "1"]
    assert best["model"]["vram_bytes"] > 0
    assert any("no faster than one" in sentence for sentence in told["findings"])
    assert any("the knee is at 2 slots" in sentence for sentence in told["findings"])
    assert "--hosts 127.0.0.1:11434,127.0.0.1:11435 --slots 3" in told["set_up"]["run"]
    assert "OLLAMA_FLASH_ATTENTION=1" in told["set_up"]["shell"]
    assert machine.living() == []
    assert PRIVATE_NAME not in str(told) + err


def test_a_machine_without_gpus_is_said_to_have_none(machine: FakeMachine, tune: Tune) -> None:
    machine.become(Properties(one_slot=True, on_gpu=False))
    code, told, _ = tune("--tune_seconds", "20")
    assert code == 0
    assert any("no nvidia-smi" in sentence for sentence in told["findings"])
    assert any("one slot only" in sentence for sentence in told["findings"])
    assert all("CUDA_VISIBLE_DEVICES" not in server for trial in told["trials"] for server in trial["servers"])
    assert machine.living() == []


def test_a_layout_that_does_not_fit_is_a_row_with_its_reason(machine: FakeMachine, tune: Tune) -> None:
    machine.become(Properties(fits_slots=1, load_fails=True, small_cache_slots=1))
    code, table, _ = tune("--tune_seconds", "20", "--summary_format", "table")
    assert code == 0
    assert f"PROBLEM one server, 2 slots: HTTP 500: {NOT_ENOUGH_MEMORY}" in table
    assert "Best: one server, 1 slot" in table
    assert PRIVATE_NAME not in table
    assert machine.living() == []


def test_no_layout_works(machine: FakeMachine, tune: Tune) -> None:
    machine.become(Properties(fits_slots=0, load_fails=True))
    code, told, err = tune()
    assert (code, told["best"], len(told["trials"])) == (1, None, 1)
    assert NOT_ENOUGH_MEMORY in err
    assert "Traceback" not in err


def test_a_missing_model_is_told_once(machine: FakeMachine, tune: Tune) -> None:
    machine.become(Properties(models=("llama3:latest",)))
    code, told, err = tune()
    assert (code, told, len(machine.started())) == (1, None, 1)
    assert "ollama pull mistral" in err
    assert "OLLAMA_MODELS" in err
    assert machine.living() == []


def test_a_missing_command(tune: Tune, tmp_path: Path) -> None:
    code, told, err = tune("--ollama", str(tmp_path / "ollama"))
    assert (code, told) == (2, None)
    assert "--ollama: no command" in err


def test_the_time_is_bounded(machine: FakeMachine, tune: Tune, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.become(Properties(serve="silent"))
    began = time.monotonic()
    code, told, _ = tune("--tune_seconds", "4")
    assert time.monotonic() - began < 60
    assert (code, told["complete"], told["trials"]) == (1, False, [])
    assert len(machine.started()) == 1
    assert machine.living() == []


def test_hosts_that_run_already(tune: Tune, sandbox_host: MakeHost) -> None:
    fast, slow = (sandbox_host(num_parallel=2, tokens_per_second=speed) for speed in (4000.0, 200.0))
    code, told, err = tune("--hosts", f"{fast.url},{slow.url},http://127.0.0.1:9", "--tune_seconds", "15")
    assert code == 0
    found = {host["url"]: host for host in told["hosts"]}
    assert [found[host.url]["slots"] for host in (fast, slow)] == [2, 2]
    assert found["http://127.0.0.1:9"]["problem"] == "connection refused"
    assert any(f"{slow.url} adds only" in sentence for sentence in told["findings"])
    assert f"--hosts {fast.url},{slow.url} --slots {fast.url}=3,{slow.url}=3" in told["run"]
    assert PRIVATE_NAME not in str(told) + err


def test_hosts_of_which_none_can_be_measured(tune: Tune) -> None:
    code, told, err = tune("--hosts", "http://127.0.0.1:9")
    assert (code, told["run"]) == (1, "")
    assert "no host could be measured: http://127.0.0.1:9: connection refused" in err


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_stops_the_servers(machine: FakeMachine, records: str, number: signal.Signals, code: int) -> None:
    machine.become(Properties(tokens_per_second=10.0), TWO_GPUS)
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "tune", "--input", records], stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: len(machine.started()) == 2)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in err
    assert machine.living() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
def test_servers_end_when_the_program_is_killed(machine: FakeMachine, records: str) -> None:
    machine.become(Properties(tokens_per_second=10.0))
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "tune", "--input", records], stderr=subprocess.DEVNULL, cwd=ROOT
    )
    wait_until(lambda: bool(machine.started()))
    process.kill()
    assert process.wait() == -signal.SIGKILL
    wait_until(lambda: machine.living() == [])
    assert machine.living() == []
