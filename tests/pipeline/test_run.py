"""Whole runs in this process, against real loopback hosts and real files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.cli import main
from pipeline.host_speeds import MOST_REQUESTS
from pipeline.known_slots import read_known_slots
from pipeline.sandbox.faults import Fault
from pipeline.sandbox.running import SandboxThread
from tests.conftest import MakeHost
from tests.pipeline.console.restored_logging import restored_logging
from tests.transforms.memory.stores import redis_server
from transforms.errors import RunFailed
from transforms.fleet.probe import MAX_AT_ONCE

Run = Callable[..., "Result"]


class Result:
    """A run's exit code, its one line on stdout, and its stderr."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def summary(self) -> dict[str, Any]:
        (line,) = self.out.splitlines()
        return dict(json.loads(line))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    def start(source: Path | str, output: Path | str, hosts: list[SandboxThread], *more: str) -> Result:
        urls = ",".join(host.url for host in hosts)
        capsys.readouterr()
        code = main(["--input", str(source), "--output", str(output), "--hosts", urls, "--progress", "off", *more])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    with restored_logging():
        yield start


def sentence(number: int) -> str:
    return f"Le technicien a remplacé la pompe numéro {number} du bâtiment."


def records(tmp_path: Path, rows: int, name: str = "reports", start: int = 0, **columns: list[Any]) -> Path:
    numbers = range(start, start + rows)
    table = pa.table({"id": list(numbers), "text": [sentence(number) for number in numbers], **columns})
    path = tmp_path / f"{name}.parquet"
    pq.write_table(table, path, row_group_size=40)
    return path


def output_of(output: Path) -> pa.Table:
    return pa.concat_tables([pq.ParquetFile(path).read() for path in sorted(output.glob("part-*.parquet"))])


def test_rows_come_out_in_order_with_their_own_translation(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    hosts = [sandbox_host(), sandbox_host()]
    source = records(tmp_path, 300)
    result = run(source, tmp_path / "out", hosts, "--unit_rows", "70")
    assert result.code == 0
    table = output_of(tmp_path / "out")
    assert table.column("id").to_pylist() == list(range(300))
    for row in table.to_pylist():
        assert str(row["id"]) in row["text_en"].split()
        assert row["text_en_status"] == "ok"
        assert row["text_en_host"] in {host.url for host in hosts}
        durations = [row[f"text_en_{name}_duration_ns"] for name in ("load", "prompt_eval", "eval", "queue")]
        assert row["text_en_total_duration_ns"] >= sum(durations)
    assert result.summary["rows"] == result.summary["ok"] == 300
    assert result.summary["origins"] == {"generated": 300}
    assert sum(host["rows"] for host in result.summary["hosts"].values()) == 300
    assert json.loads((tmp_path / "out" / "_summary.json").read_text())["rows_in"] == 300
    assert "remplacé" not in result.err, "row text was logged"


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


def test_failed_rows_are_marked_kept_and_counted(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host = sandbox_host(faults=[Fault("length", marker="numéro 7 "), Fault("empty", marker="numéro 8 ")])
    source, output = records(tmp_path, 40), tmp_path / "out"
    result = run(source, output, [host])
    assert result.code == 3
    rows = output_of(output).to_pylist()
    assert [row["id"] for row in rows if row["text_en_status"] == "failed"] == [7, 8]
    assert rows[7]["text_en"] is None
    assert rows[7]["text_en_error"].startswith("output_truncated: ")
    assert rows[8]["text_en_error"].startswith("empty_output: ")
    letters = [json.loads(line) for path in output.glob("_dead_letter/*") for line in path.read_text().splitlines()]
    assert [(letter["row"], letter["error_class"]) for letter in letters] == [
        (7, "output_truncated"),
        (8, "empty_output"),
    ]
    assert run(source, tmp_path / "more", [host], "--max_failed_ratio", "0.1").code == 0


def test_json_lines_with_bad_ones_and_two_columns(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    source = tmp_path / "tickets.jsonl"
    lines = [
        json.dumps({"id": i, "subject": sentence(i), "body": None if i == 3 else sentence(100 + i)}) for i in range(20)
    ]
    lines[5] = '{"id": 5, "subject": "BROKEN'
    source.write_text("\n".join(lines) + "\n")
    options = ("--text_column", "subject", "--text_column", "body", "--max_failed_ratio", "0.1")
    result = run(source, tmp_path / "out", [sandbox_host()], *options)
    assert result.code == 0
    rows = output_of(tmp_path / "out").to_pylist()
    assert len(rows) == 20
    assert rows[5]["id"] is None
    assert rows[5]["subject_en_status"] == rows[5]["body_en_status"] == "failed"
    assert (rows[3]["body_en"], rows[3]["body_en_status"], rows[3]["subject_en_status"]) == (None, "skipped", "ok")
    assert "104" in rows[4]["body_en"]
    assert result.summary["failed"] == 1
    assert "BROKEN" in next((tmp_path / "out" / "_dead_letter").iterdir()).read_text()


def test_output_on_a_file_system_without_rename(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    source = records(tmp_path, 30)
    result = run(source, "memory://english/run", [sandbox_host()])
    assert result.code == 0
    fs = fsspec.filesystem("memory")
    parts = [path for path in fs.ls("/english/run", detail=False) if "part-" in path]
    assert len(parts) == 1
    with fs.open(parts[0]) as file:
        assert pq.ParquetFile(file).metadata.num_rows == 30
    assert run(source, "memory://english/run", [sandbox_host()]).summary["units_skipped"] == 1
    fs.rm("/english", recursive=True)


def test_dry_run_sends_only_made_up_texts_and_writes_nothing(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host = sandbox_host(tokens_per_second=2000.0)
    result = run(records(tmp_path, 30), tmp_path / "out", [host], "--dry_run")
    assert result.code == 0
    line = result.summary
    assert {name: line[name] for name in ("files", "units", "units_left", "rows", "rows_left", "texts_requested")} == {
        "files": 1, "units": 1, "units_left": 1, "rows": 30, "rows_left": 30, "texts_requested": 30,
    }  # fmt: skip
    least, most = line["estimated_seconds_range"]
    assert 0 < least < line["estimated_seconds"] < most
    assert line["hosts"][host.url]["slots"] >= 1
    assert line["unusable_hosts"] == {}
    stats = host.stats(with_requests=True)
    assert stats["calls"] <= 2 * MAX_AT_ONCE + MOST_REQUESTS  # a quick host seems to have many slots
    assert "remplacé la pompe numéro" not in json.dumps(stats), "a text of the user was sent"
    assert not list((tmp_path / "out").glob("part-*"))


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


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_text_that_is_no_utf8_is_a_failed_row_and_stays_as_it_is(
    kind: Any, sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    values = [b"Le caf\xe9 est chaud ce matin.", b"Le chat dort sur la table.", None]
    plain = pa.large_string() if kind == pa.large_string() else pa.string()
    buffers = pa.array(values, pa.large_binary() if kind == pa.large_string() else pa.binary()).buffers()
    column = pa.Array.from_buffers(plain, 3, buffers)
    column = column.dictionary_encode() if pa.types.is_dictionary(kind) else column
    source, output = tmp_path / "a.parquet", tmp_path / "out"
    # A time that Python has no value for, as pandas writes them, is in nobody's way either.
    pq.write_table(pa.table({"text": column, "at": pa.array([1, 2, 3], pa.timestamp("ns"))}), source)
    result = run(source, output, [sandbox_host()], "--limit", "5", "--max_failed_ratio", "0.5")
    assert result.code == 0
    found = output_of(output)
    assert found["text_en_status"].to_pylist() == ["failed", "ok", "skipped"]
    assert found["text_en_error"][0].as_py() == "bad_text: text is not UTF-8 at byte 7"
    assert found["text"].cast(plain).cast(pa.binary()).to_pylist() == values
    assert found["at"].cast(pa.int64()).to_pylist() == [1, 2, 3]
    [letter] = [json.loads(line) for path in output.glob("_dead_letter/*") for line in path.read_text().splitlines()]
    assert (letter["row"], letter["column"], letter["error_class"]) == (0, "text", "bad_text")
    again = run(source, output, [sandbox_host()], "--retry_failed", "--max_failed_ratio", "0.5")
    assert (again.summary["requests"], again.summary["failed"]) == (0, 1)


def test_what_a_text_and_a_column_contain_is_no_markup_for_the_terminal(
    sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    name, text = "[/red]", "Le fichier C:\\[/nope] est \x1b[31mrouge\x1b[0m ce matin."
    source = tmp_path / "a.parquet"
    pq.write_table(pa.table({name: [text]}), source)
    result = run(source, tmp_path / "out", [sandbox_host()], "--limit", "1")
    assert result.code == 0
    assert "\x1b" not in result.err
    assert "[/red]" in result.err
    assert "[/nope]" in result.err


@pytest.mark.parametrize("name", ["reports.parquet", "reports.jsonl"])
def test_limit_takes_the_first_rows_and_shows_them(sandbox_host: MakeHost, run: Run, tmp_path: Path, name: str) -> None:
    source = records(tmp_path, 100)
    if name.endswith("jsonl"):
        source = tmp_path / name
        source.write_text("".join(json.dumps({"id": i, "text": sentence(i)}) + "\n" for i in range(100)))
    host = sandbox_host()
    result = run(source, tmp_path / "out", [host], "--limit", "25", "--unit_rows", "20")
    assert result.code == 0
    assert result.summary["rows"] == 25
    assert output_of(tmp_path / "out").column("id").to_pylist() == list(range(25))
    assert "English" in result.err
    assert run(source, tmp_path / "out", [host], "--unit_rows", "20").summary["rows"] == 100
    assert host.stats()["calls"] == 100, "the memory knows the five rows of the part that was cut"


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


def test_a_row_that_comes_back_partly_says_so(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    paragraphs = [f"Paragraphe {k}. " + "La phrase décrit la situation du chantier. " * 20 for k in range(12)]
    source = tmp_path / "long.parquet"
    pq.write_table(pa.table({"text": ["\n\n".join(paragraphs), "\n\n".join(paragraphs[:4])]}), source)
    host = sandbox_host(faults=[Fault("done_false", marker="Paragraphe 7")])
    result = run(source, tmp_path / "out", [host])
    assert result.code == 0
    first, second = output_of(tmp_path / "out").to_pylist()
    assert (first["text_en_status"], second["text_en_status"]) == ("partial", "ok")
    assert first["text_en_error"].startswith("generation_aborted: ")
    assert "Paragraphe 7. " in first["text_en"]
    assert "Paragraphe 1. " not in first["text_en"]
    assert first["text_en_chunks"] > 1
    assert "chunked" in first["text_en_flags"]
    assert result.summary["partial"] == 1


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


def test_a_run_starts_with_the_slots_that_an_earlier_one_found(
    sandbox_host: MakeHost, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    host = sandbox_host(num_parallel=12, tokens_per_second=300.0)
    first = run(records(tmp_path, 150, "first"), tmp_path / "one", [host])
    (slots,) = read_known_slots(first.summary["model_digest"]).values()
    assert 10 <= slots <= 15
    other = sandbox_host(num_parallel=12, tokens_per_second=300.0)
    known = {first.summary["model_digest"]: {other.url: 12}}
    (tmp_path / "cache" / "beam-ollama-translate" / "slots.json").write_text(json.dumps(known))
    second = run(records(tmp_path, 12, "second"), tmp_path / "two", [other])
    assert second.code == 0
    assert other.stats()["in_flight_peak"] == 12


def test_versions_of_a_model_are_counted_at_the_end(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    hosts = [sandbox_host(digest=letter * 64, tokens_per_second=2000.0) for letter in "ab"]
    result = run(records(tmp_path, 60), tmp_path / "out", hosts, "--allow_mixed_digests")
    assert result.code == 0
    (digests,) = json.loads((tmp_path / "out" / "_summary.json").read_text())["mixed_digests"].values()
    assert digests.keys() == {"a" * 64, "b" * 64}
    assert sum(digests.values()) == 60
    assert "the translations come from 2 versions of the model 'mistral'" in result.err


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


def origins(output: Path) -> Counter[str]:
    return Counter(output_of(output).column("text_en_origin").to_pylist())


def repeated(tmp_path: Path, name: str, numbers: list[int]) -> Path:
    path = tmp_path / f"{name}.parquet"
    pq.write_table(pa.table({"text": [sentence(number) for number in numbers]}), path)
    return path


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

    monkeypatch.setattr("pipeline.run.execute", fails)
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
