"""Runs with --evidence, --confidence and --dead_letter_texts: what the output has more, and that parts never mix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.cli import main
from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.pipeline.runs import Run, output_of, sentence
from transforms.fleet.http.certainty import WINDOW_TOKENS
from transforms.sink.columns import ADDED, column_name

OPTIONAL = ["text_en_evidence", "text_en_logprob_mean", "text_en_logprob_min"]


def write(path: Path, texts: list[str | None]) -> Path:
    pq.write_table(pa.table({"id": list(range(len(texts))), "text": texts}), path)
    return path


def rows_of(output: Path) -> list[dict[str, Any]]:
    return list(output_of(output).to_pylist())


def letters_of(output: Path) -> list[dict[str, Any]]:
    paths = sorted((output / "_dead_letter").glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]


def test_without_the_options_the_columns_are_those_of_the_contract(
    run: Run,
    sandbox_host: MakeHost,
    tmp_path: Path,
) -> None:
    host = sandbox_host(record_requests=True)
    run(write(tmp_path / "in.parquet", [sentence(1)]), tmp_path / "out", [host])
    assert list(rows_of(tmp_path / "out")[0]) == ["id", "text", *(column_name("text", field) for field in ADDED)]
    assert not any("logprobs" in request["body"] for request in host.stats(with_requests=True)["requests"])


def test_evidence_stands_beside_its_flags_and_nowhere_in_the_log(
    run: Run,
    sandbox_host: MakeHost,
    tmp_path: Path,
) -> None:
    host = sandbox_host(faults=[Fault("wrong_number", marker="4217390"), Fault("echo", marker="SECRETE")])
    failing = "La pompe SECRETE du bâtiment nord est en panne."
    texts = [sentence(1), "Le compteur de la pompe indique 4217390 litres.", failing, None, sentence(1)]
    source, output = write(tmp_path / "in.parquet", texts), tmp_path / "out"
    options = ("--evidence", "--dead_letter_texts", "--max_failed_ratio", "1")
    result = run(source, output, [host], *options)
    rows = rows_of(output)
    assert [row["text_en_status"] for row in rows] == ["ok", "warn", "failed", "skipped", "ok"]
    assert [row["text_en_evidence"] is None for row in rows] == [True, False, False, True, True]
    evidence = json.loads(rows[1]["text_en_evidence"])
    assert set(evidence) == set(rows[1]["text_en_flags"])
    assert evidence["number_missing"] == ["4217390"]
    assert json.loads(rows[2]["text_en_evidence"]) == {"untranslated": [failing]}
    assert "SECRETE" not in result.err
    assert "4217390" not in result.err  # More digits than a port or a process id in the log can have.
    (letter,) = letters_of(output)
    assert (letter["source"], letter["source_row"], letter["column"]) == (str(source), 2, "text")
    assert (letter["text"], letter["candidate"]) == (failing, failing)
    again = tmp_path / "again"
    memory = ("--memory", str(output / "_state" / "memory.sqlite"))
    assert run(source, again, [host], "--evidence", "--max_failed_ratio", "1", *memory).summary["requests"] == 0
    assert [row["text_en_evidence"] for row in rows_of(again)] == [row["text_en_evidence"] for row in rows]
    assert "text" not in letters_of(again)[0]


def test_a_dead_letter_of_json_lines_names_the_row_in_the_whole_file(
    run: Run,
    sandbox_host: MakeHost,
    tmp_path: Path,
) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out"
    texts = [f"Le bilan {number} est prêt pour le client." for number in range(400)]
    source.write_text("\n\n".join(json.dumps({"text": text}) for text in texts), "utf-8")
    host = sandbox_host(faults=[Fault("echo", marker="bilan 377 ")])
    for _ in range(2):  # the second plan comes from the cache
        run(source, output, [host], "--unit_rows", "100", "--max_failed_ratio", "1", "--overwrite")
        (letter,) = letters_of(output)
        assert (letter["source_row"], letter["row"], letter["source"]) == (377, 77, str(source))


def test_certainty_is_in_columns_and_comes_back_from_the_memory(
    run: Run,
    sandbox_host: MakeHost,
    tmp_path: Path,
) -> None:
    host = sandbox_host()
    texts = [sentence(1), " ".join(map(sentence, range(60))), None, "2024", sentence(1)]
    source, output = write(tmp_path / "in.parquet", texts), tmp_path / "out"
    options = ("--confidence", "--chunk_chars", "1000")
    run(source, output, [host], *options)
    short, long, null, number, twin = rows_of(output)
    assert (long["text_en_chunks"] > 1, short["text_en_eval_count"] > WINDOW_TOKENS) == (True, True)
    for row in (short, long):
        assert row["text_en_logprob_min"] < row["text_en_logprob_mean"] < 0
    for row in (null, number):
        assert (row["text_en_logprob_mean"], row["text_en_logprob_min"]) == (None, None)
    assert {short["text_en_origin"], twin["text_en_origin"]} == {"generated", "duplicate"}
    assert twin["text_en_logprob_mean"] == short["text_en_logprob_mean"]
    again, memory = tmp_path / "again", ("--memory", str(output / "_state" / "memory.sqlite"))
    assert run(source, again, [host], *options, *memory).summary["requests"] == 0
    kept = [[row[name] for name in OPTIONAL[1:]] for row in rows_of(output)]
    assert [[row[name] for name in OPTIONAL[1:]] for row in rows_of(again)] == kept


def test_a_host_that_has_no_log_probabilities_gives_null(
    run: Run,
    sandbox_host: MakeHost,
    tmp_path: Path,
) -> None:
    source = write(tmp_path / "in.parquet", [sentence(1)])
    result = run(source, tmp_path / "out", [sandbox_host(version="0.12.10")], "--confidence")
    (row,) = rows_of(tmp_path / "out")
    assert (result.code, row["text_en_status"], row["text_en_logprob_mean"]) == (0, "ok", None)


@pytest.mark.parametrize("option", ["evidence", "confidence"])
def test_parts_with_and_without_the_columns_never_mix(
    option: str,
    run: Run,
    sandbox_host: MakeHost,
    tmp_path: Path,
) -> None:
    host = sandbox_host()
    source, output = write(tmp_path / "in.parquet", [sentence(1)]), tmp_path / "out"
    run(source, output, [host])
    refused = run(source, output, [host], f"--{option}")
    assert refused.code == 2
    assert f"{option}: True now, not set before" in refused.err
    assert "--overwrite" in refused.err
    assert run(source, output, [host], f"--{option}", "--overwrite").code == 0
    assert set(OPTIONAL) & set(rows_of(output)[0])
    assert run(source, output, [host], f"--{option}").summary["units_skipped"] == 1
    assert f"{option}: not set now, True before" in run(source, output, [host]).err


def test_failed_rows_are_tried_again_and_the_others_keep_their_columns(
    run: Run,
    sandbox_host: MakeHost,
    tmp_path: Path,
) -> None:
    source, output = write(tmp_path / "in.parquet", [sentence(1), sentence(2)]), tmp_path / "out"
    options = ("--evidence", "--confidence", "--max_failed_ratio", "1")
    run(source, output, [sandbox_host(faults=[Fault("echo", marker="numéro 2 ")])], *options)
    before = rows_of(output)
    assert [row["text_en_status"] for row in before] == ["ok", "failed"]
    run(source, output, [sandbox_host()], *options, "--retry_failed")
    after = rows_of(output)
    assert after[0] == before[0]
    assert after[1]["text_en_logprob_mean"] < 0
    assert after[1]["text_en_evidence"] is None


def test_a_review_shows_the_evidence_and_clears_it_when_a_person_decides(
    run: Run,
    sandbox_host: MakeHost,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    host = sandbox_host(faults=[Fault("wrong_number")])
    source = write(tmp_path / "in.parquet", ["Le compteur de la pompe indique 4217390 litres."])
    for name, options in (("with", ["--evidence", "--confidence"]), ("without", [])):
        output, exported = tmp_path / name, tmp_path / f"{name}.jsonl"
        run(source, output, [host], *options)
        assert main(["review", "--output", str(output), "--export", str(exported)]) == 0
        row = json.loads(exported.read_text("utf-8"))
        assert "number_missing: 4217390" in row["evidence"]
        exported.write_text(json.dumps({**row, "translation": "The pump's meter shows 4217390 litres."}), "utf-8")
        assert main(["review", "--output", str(output), "--apply", str(exported)]) == 0
        (reviewed,) = rows_of(output)
        assert (reviewed["text_en_origin"], reviewed["text_en_status"]) == ("human", "ok")
        assert [reviewed.get(name) for name in OPTIONAL] == [None, None, None]


def test_the_report_shows_evidence_only_with_texts(
    run: Run,
    sandbox_host: MakeHost,
    tmp_path: Path,
) -> None:
    host = sandbox_host(faults=[Fault("wrong_number")])
    source = write(tmp_path / "in.parquet", ["Le compteur de la pompe indique 4217390 litres."])
    run(source, tmp_path / "out", [host], "--evidence", "--confidence", "--report")
    page = (tmp_path / "out" / "_report.html").read_text("utf-8")
    assert "number_missing: 4217390" not in page
    assert "Mean log probability per token" in page
    assert main(["report", "--output", str(tmp_path / "out"), "--report_texts", "5"]) == 0
    assert "number_missing: 4217390" in (tmp_path / "out" / "_report.html").read_text("utf-8")


def test_an_evaluation_tells_how_well_certainty_orders_the_rows(
    run: Run,
    sandbox_host: MakeHost,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = "Xarvion Zubel"  # the simulated hosts copy what they do not know
    texts = [*(sentence(number) for number in range(39)), name]
    table = pa.table({"text": texts, "reference": [f"Reference {number}" for number in range(40)]})
    pq.write_table(table, tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / "out", [sandbox_host()], "--confidence", "--text_column", "text")
    evaluate = ["evaluate", "--output", str(tmp_path / "out"), "--reference_column", "reference"]
    assert main([*evaluate, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["certainty"]
    assert set(found) == {"logprob_mean", "logprob_min"}
    assert (found["logprob_mean"]["rows"], found["logprob_mean"]["copies"]) == (39, 1)
    assert len(found["logprob_mean"]["quarters_chrf"]) == 4
    assert main([*evaluate, "--worst", "0"]) == 0
    printed = capsys.readouterr().out
    assert "by quarter, the least certain first" in printed
    assert "copied sources excluded: 1" in printed
