"""Runs with a translation memory: what is asked for once, and memories that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import MakeHost
from tests.pipeline.runs import Run, origins, output_of, records, repeated
from tests.transforms.memory.stores import redis_server


def test_the_same_text_is_asked_for_once_in_a_run_and_in_later_ones(
    sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    host, output = sandbox_host(), tmp_path / "out"
    (tmp_path / "in").mkdir()
    repeated(tmp_path / "in", "a", [*range(100), *range(50), *range(25)])
    assert run(tmp_path / "in", output, [host]).code == 0
    assert host.stats()["calls"] == 100
    assert origins(output) == {"generated": 100, "duplicate": 75}
    first = output_of(output).column("text_en").to_pylist()
    assert first[100:150] == first[:50]
    repeated(tmp_path / "in", "b", [*range(90, 120)])
    assert run(tmp_path / "in", output, [host]).summary["requests"] == 20
    assert origins(output) == {"generated": 120, "duplicate": 75, "memory": 10}


def test_without_a_memory_only_what_comes_again_soon_is_spared(
    sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    host, source = sandbox_host(), repeated(tmp_path, "a", [*range(30), *range(30)])
    for calls in (30, 60):
        assert run(source, tmp_path / "out", [host], "--memory", "off", "--overwrite").code == 0
        assert host.stats()["calls"] == calls
    assert not (tmp_path / "out" / "_state" / "memory.sqlite").exists()


def test_a_memory_on_redis_serves_runs_with_other_outputs(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host, source = sandbox_host(), records(tmp_path, 40)
    with redis_server(tmp_path) as url:
        for name in ("one", "two"):
            assert run(source, tmp_path / name, [host], "--memory", url).code == 0
    assert host.stats()["calls"] == 40
    assert origins(tmp_path / "two") == {"memory": 40}
    gone = run(source, tmp_path / "three", [host], "--memory", url)
    assert (gone.code, gone.out) == (2, "")
    assert "--memory" in gone.err


def test_a_damaged_memory_is_replaced_and_the_run_continues(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host, source, output = sandbox_host(), records(tmp_path, 20), tmp_path / "out"
    (output / "_state").mkdir(parents=True)
    (output / "_state" / "memory.sqlite").write_bytes(b"nonsense" * 2000)
    result = run(source, output, [host])
    assert result.code == 0
    assert "was renamed to" in result.err
    assert origins(output) == {"generated": 20}


def test_another_file_named_as_memory_is_refused_and_not_changed(
    sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    host, source = sandbox_host(), records(tmp_path, 20)
    before = source.read_bytes()
    result = run(source, tmp_path / "out", [host], "--memory", str(source))
    assert (result.code, host.stats()["calls"]) == (2, 0)
    assert "is not a translation memory" in result.err
    assert source.read_bytes() == before


def test_a_memory_at_an_unknown_kind_of_address_is_no_file(
    sandbox_host: MakeHost, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(records(tmp_path, 20), tmp_path / "out", [sandbox_host()], "--memory", "s3://bucket/memory.sqlite")
    assert result.code == 2
    assert "s3:// cannot hold a translation memory" in result.err
    assert not (tmp_path / "s3:").exists()
