"""Runs on hosts that break, lack models, refuse options, or come from a file."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.known_slots import read_known_slots
from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.pipeline.runs import Run, output_of, records


def test_no_host_has_the_model(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    result = run(records(tmp_path, 10), tmp_path / "out", [sandbox_host(models=["llama3:latest"])])
    assert result.code == 1
    assert "mistral" in result.err
    assert "Traceback" not in result.err


def test_options_that_hosts_refuse_end_the_run_with_their_text(
    sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    host = sandbox_host(version="0.12.4")  # the one version that refuses think: false
    result = run(records(tmp_path, 10), tmp_path / "out", [host])
    assert result.code == 1
    assert result.err.splitlines()[-1].endswith('HTTP 400: "mistral" does not support thinking')
    assert "Traceback" not in result.err


def test_hosts_break_and_no_row_is_lost(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    faults = [Fault(kind, 0.04) for kind in ("busy_503", "runner_died_500", "reset", "bad_gateway_502", "not_json")]
    hosts = [sandbox_host(faults=faults, seed=seed) for seed in range(2)]
    result = run(records(tmp_path, 400), tmp_path / "out", hosts)
    assert result.code == 0
    assert result.summary["ok"] == 400
    assert result.summary["repeated_requests"] == result.summary["requests"] - 400 > 0
    faults_seen = sum((Counter(host["faults"]) for host in result.summary["hosts"].values()), Counter())
    assert 0 < sum(faults_seen.values()) <= result.summary["repeated_requests"]


def test_runs_in_several_threads_share_one_engine(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    for number in range(6):
        records(tmp_path, 50, f"file{number}", start=50 * number)
    host = sandbox_host(tokens_per_second=5000.0)
    threads = ("--direct_num_workers=2", "--direct_running_mode=multi_threading")
    result = run(tmp_path, tmp_path / "out", [host], "--slots", "4", "--input", str(tmp_path / "*.parquet"), *threads)
    assert result.code == 0
    assert sorted(output_of(tmp_path / "out").column("id").to_pylist()) == list(range(300))
    assert host.stats()["in_flight_peak"] <= 4


def test_rows_name_their_model_and_the_column_stays_as_it_is(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    hosts = [sandbox_host(models=["mistral", "qwen3:8b"]), sandbox_host(models=["qwen3:8b"])]
    engines = ["qwen3:8b", None, "mistral"] * 20
    source = records(tmp_path, 60, engine=engines)
    result = run(source, tmp_path / "out", hosts, "--model_column", "engine")
    assert result.code == 0
    table = output_of(tmp_path / "out")
    assert table.column("engine").to_pylist() == engines
    assert table.column("text_en_model").to_pylist() == [engine or "mistral" for engine in engines]
    assert len(set(table.column("text_en_model_digest").to_pylist())) == 2
    again = run(source, tmp_path / "out", hosts, "--model_column", "engine")
    assert (again.code, again.summary["requests"]) == (0, 0)
    assert run(source, tmp_path / "out", hosts).code == 2, "the recipe is another one"


def test_a_column_of_models_that_cannot_be(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    source = records(tmp_path, 3)
    for column, word in (("id", "int64"), ("engine", "no column engine"), ("text", "names the models")):
        result = run(source, tmp_path / "out", [sandbox_host()], "--model_column", column)
        assert (result.code, result.out) == (2, "")
        assert word in result.err


def test_a_second_model_that_no_host_has_is_found_before_the_first_row(
    sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    host = sandbox_host()
    result = run(records(tmp_path, 3), tmp_path / "out", [host], "--fallback_model", "qwen3:8b")
    assert result.code == 1
    assert "ollama pull qwen3:8b" in result.err
    assert host.stats()["calls"] == 0


def test_hosts_from_a_file(
    sandbox_host: MakeHost, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host = sandbox_host()
    (tmp_path / "hosts").write_text(f"{host.url}  # the only one\n")
    source, output = records(tmp_path, 20), tmp_path / "out"
    code = main(["--input", str(source), "--output", str(output), "--hosts_file", str(tmp_path / "hosts")])
    assert code == 0
    assert set(output_of(output).column("text_en_host").to_pylist()) == {host.url}


def test_a_run_starts_with_the_slots_that_an_earlier_one_found(
    sandbox_host: MakeHost, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    host = sandbox_host(num_parallel=2, tokens_per_second=300.0)
    first = run(records(tmp_path, 60, "first"), tmp_path / "one", [host])
    digest = first.summary["model_digest"]
    assert read_known_slots(digest).keys() == {host.url}
    other = sandbox_host(num_parallel=12, tokens_per_second=100.0)
    (tmp_path / "cache" / "beam-ollama-translate" / "slots.json").write_text(json.dumps({digest: {other.url: 12}}))
    second = run(records(tmp_path, 12, "second"), tmp_path / "two", [other])
    assert second.code == 0
    assert other.stats()["in_flight_peak"] == 12
