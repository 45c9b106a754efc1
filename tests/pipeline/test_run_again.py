"""Runs over an output that is there already: what is kept, done again, and removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.pipeline.runs import Run, output_of, records, repeated, sentence
from transforms.errors import RunFailed


def test_a_second_run_does_nothing_and_says_so(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host = sandbox_host()
    source, output = records(tmp_path, 50), tmp_path / "out"
    run(source, output, [host])
    before = {path.name: path.read_bytes() for path in output.glob("part-*")}
    calls = host.stats()["calls"]
    again = run(source, output, [host])
    assert (again.code, again.summary["units_skipped"], again.summary["rows"]) == (0, 1, 50)
    assert run(source, output, [host], "--skip_exit_code", "99").code == 99
    host.control(listening=False)
    assert run(source, output, [host]).code == 0, "nothing to do needs no host"
    assert host.stats()["calls"] == calls
    assert {path.name: path.read_bytes() for path in output.glob("part-*")} == before


def test_only_what_is_new_is_done(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host = sandbox_host()
    folder = tmp_path / "in"
    folder.mkdir()
    records(folder, 30, "january")
    run(folder, tmp_path / "out", [host])
    records(folder, 20, "february", start=30)
    result = run(folder, tmp_path / "out", [host])
    assert host.stats()["calls"] == 50
    assert (result.summary["units_written"], result.summary["units_skipped"]) == (1, 1)
    assert result.summary["rows"] == 50


@pytest.mark.parametrize("output", ["in", "in/english", "in::side"])
def test_a_run_with_its_output_below_its_input_can_be_repeated(
    output: str, sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    host = sandbox_host()
    (tmp_path / "in").mkdir()
    records(tmp_path / "in", 20)
    first, second = (run(tmp_path / "in", tmp_path / output, [host]) for _ in range(2))
    assert (first.code, first.summary["requests"]) == (0, 20)
    assert (second.code, second.summary["rows"], second.summary["units_skipped"]) == (0, 20, 1)
    assert output_of(tmp_path / output).num_rows == 20


def test_a_changed_file_is_done_again_and_leaves_no_part_too_many(
    sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    host = sandbox_host()
    run(records(tmp_path, 100), tmp_path / "out", [host], "--unit_rows", "20")
    result = run(records(tmp_path, 30), tmp_path / "out", [host], "--unit_rows", "20")
    assert result.code == 0
    assert output_of(tmp_path / "out").column("id").to_pylist() == list(range(30))


def test_another_recipe_is_refused_unless_overwritten(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host = sandbox_host(models=["mistral:latest", "llama3:latest"])
    source, output = records(tmp_path, 20), tmp_path / "out"
    run(source, output, [host])
    refused = run(source, output, [host], "--model", "llama3", "--temperature", "0.5")
    assert refused.code == 2
    assert refused.out == ""
    for word in ("mistral", "llama3", "temperature: 0.5 now, 0.0 before", "--overwrite"):
        assert word in refused.err
    redone = run(source, output, [host], "--model", "llama3", "--overwrite")
    assert redone.code == 0
    assert set(output_of(output).column("text_en_model").to_pylist()) == {"llama3"}


def test_a_look_at_the_first_rows_of_what_is_done_removes_nothing(
    sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    host, source, output = sandbox_host(), records(tmp_path, 30), tmp_path / "out"
    limited = ("--unit_rows", "10", "--limit")
    assert run(source, output, [host], *limited, "5").summary["rows"] == 5
    assert run(source, output, [host], *limited, "15").summary["rows"] == 15
    assert run(source, output, [host], "--unit_rows", "10").summary["rows"] == 30
    refused = run(source, output, [host], *limited, "15")
    assert (refused.code, refused.out) == (2, "")
    assert "holds 30 translated rows of this input, of which --limit would keep 15" in refused.err
    assert output_of(output).num_rows == 30
    assert run(source, output, [host], *limited, "40").summary["units_skipped"] == 3
    assert run(source, output, [host], *limited, "15", "--overwrite").summary["rows"] == 15


def test_a_file_that_grew_costs_its_new_texts_and_a_renamed_one_nothing(
    sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    host, output, folder = sandbox_host(), tmp_path / "out", tmp_path / "in"
    folder.mkdir()
    records(folder, 60, "reports")
    run(folder, output, [host])
    records(folder, 80, "reports")
    grown = run(folder, output, [host])
    assert (grown.summary["rows"], grown.summary["requests"]) == (80, 20)
    (folder / "reports.parquet").rename(folder / "archive.parquet")
    renamed = run(folder, output, [host])
    assert (renamed.code, renamed.summary["rows"], renamed.summary["requests"]) == (0, 80, 0)
    assert {path.name[:12] for path in output.glob("part-*")} == {"part-archive"}
    assert "removing the parts of 1 deleted input file" in renamed.err
    assert json.loads((output / "_summary.json").read_text())["removed_inputs"] == [str(folder / "reports.parquet")]


def test_files_of_other_commands_stay(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host, output, folder = sandbox_host(), tmp_path / "out", tmp_path / "in"
    folder.mkdir()
    january, february = records(folder, 10, "january"), records(folder, 10, "february", start=10)
    run(january, output, [host])
    run(february, output, [host])
    january.unlink()
    assert run(february, output, [host]).code == 0
    assert len(list(output.glob("part-january-*"))) == 1, "it was named by itself, and is not named now"
    assert run(f"{folder}/*.parquet", output, [host]).code == 0
    assert len(list(output.glob("part-january-*"))) == 0
    assert len(list(output.glob("part-february-*"))) == 1


def test_parts_to_overwrite_go_before_the_run_so_that_recipes_never_mix(
    sandbox_host: MakeHost, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, source, output = sandbox_host(), records(tmp_path, 30), tmp_path / "out"
    assert run(source, output, [host], "--unit_rows", "10").code == 0

    def fails(*given: Any) -> None:
        raise RunFailed("the disk is full")

    monkeypatch.setattr("pipeline.run._executor", lambda: fails)
    assert run(source, output, [host], "--overwrite", "--seed", "7").code == 1
    assert list(output.glob("part-*")) == []


def test_to_overwrite_or_retry_may_be_repeated_with_the_same_result(
    sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    host, output = sandbox_host(), tmp_path / "out"
    source = tmp_path / "blank.parquet"
    pq.write_table(pa.table({"id": [1, 2], "text": ["", None]}), source)
    for more in ((), ("--overwrite",), ("--overwrite",), ("--retry_failed",)):
        again = run(source, output, [host], *more)
        assert (again.code, again.summary["rows"]) == (0, 2), again.err


def test_a_part_with_damaged_pages_is_written_again(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host, source, output = sandbox_host(), records(tmp_path, 30), tmp_path / "out"
    assert run(source, output, [host], "--unit_rows", "10").code == 0
    before = output_of(output)
    path = sorted(output.glob("part-*"))[1]
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes(byte ^ 0xFF for byte in content[100:140]) + content[140:])
    again = run(source, output, [host], "--unit_rows", "10")
    assert (again.code, again.summary["units_written"], again.summary["requests"]) == (0, 1, 0)
    assert f"{path} is damaged (" in again.err
    assert output_of(output).column("text_en").equals(before.column("text_en"))


def test_an_input_that_was_moved_or_is_reached_by_a_link_stands_once_in_the_output(
    sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    host, output, spring, archive = sandbox_host(), tmp_path / "out", tmp_path / "spring", tmp_path / "archive"
    spring.mkdir()
    records(spring, 30)
    assert run(spring, output, [host]).summary["rows"] == 30
    spring.rename(archive)
    moved = run(archive, output, [host])
    assert (moved.code, moved.summary["requests"], output_of(output).num_rows) == (0, 0, 30)
    (tmp_path / "link").symlink_to(archive)
    linked = run(tmp_path / "link", output, [host])
    assert (linked.code, linked.summary["units_skipped"], output_of(output).num_rows) == (0, 1, 30)


def test_to_overwrite_is_to_ask_again(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host, source = sandbox_host(), repeated(tmp_path, "a", [*range(20), *range(20)])
    run(source, tmp_path / "out", [host])
    assert run(source, tmp_path / "out", [host], "--overwrite").summary["requests"] == 20


@pytest.mark.parametrize("memory", ["auto", "off"])
def test_only_the_rows_that_failed_are_done_again_in_place(
    memory: str, sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    host, output = sandbox_host(faults=[Fault("empty", marker="numéro 7 ")]), tmp_path / "out"
    lines = [json.dumps({"id": number, "text": sentence(number)}) for number in range(30)]
    lines[20] = "{broken"
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(lines))
    arguments = ("--unit_rows", "10", "--memory", memory, "--max_failed_ratio", "0.5")
    run(source, output, [host], *arguments)
    before, requests = output_of(output).to_pylist(), host.stats()["calls"]
    assert before[7]["text_en_status"] == before[20]["text_en_status"] == "failed"
    untouched = {path: path.stat().st_mtime_ns for path in output.glob("part-*-00001.parquet")}
    host.control(faults=[])
    again = run(source, output, [host], *arguments, "--retry_failed")
    assert again.code == 0
    assert host.stats()["calls"] == requests + 1
    assert (again.summary["requests"], again.summary["units_written"]) == (1, 2)
    after = output_of(output).to_pylist()
    assert after[7]["text_en_status"] == "ok"
    assert [row for row in after if row["id"] != 7] == [row for row in before if row["id"] != 7]
    assert untouched == {path: path.stat().st_mtime_ns for path in untouched}
    letters = [json.loads(line) for path in output.glob("_dead_letter/*") for line in path.read_text().splitlines()]
    assert [letter["error_class"] for letter in letters] == ["bad_line"]
    assert run(source, output, [host], *arguments).summary["requests"] == 0
