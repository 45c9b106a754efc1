"""Evaluations of outputs that real runs have written, from the command line to what is printed."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from pipeline.evaluate.command import evaluate
from pipeline.evaluate.options import EVALUATE
from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.pipeline.evaluate.outputs import Command, Translated, sentences, write
from transforms.errors import UsageError

SAMPLE = Path(__file__).resolve().parents[3] / "sample_data" / "records.parquet"


def test_identical_text_scores_100(translated: Translated, told: Command) -> None:
    output = translated(50, lambda texts: [*texts])
    assert len(list(Path(output).glob("part-*"))) > 1
    result = json.loads(told(output, "--json"))
    assert (result["chrf"]["value"], result["bleu"]["value"]) == (pytest.approx(100), pytest.approx(100))
    assert "nw:2" in result["chrf"]["signature"]
    assert "tok:13a" in result["bleu"]["signature"]
    assert (result["rows"], result["scored"], result["untranslated"], result["without_reference"]) == (50, 50, 0, 0)
    assert result["statuses"] == {"ok": 50}
    assert [worst["chrf"] for worst in result["worst"]] == [pytest.approx(100)] * 10
    lines = told(output, "--worst", "0").splitlines()
    assert [line.split()[1] for line in lines if line.startswith(("chrF++", "BLEU"))] == ["100.0", "100.0"]
    assert not [line for line in lines if "technicien" in line or "technician" in line]


def test_shuffled_text_scores_low(translated: Translated, told: Command) -> None:
    def shuffled(texts: list[str]) -> list[str | None]:
        rng = random.Random(1)
        return [" ".join("".join(rng.sample(word, len(word))) for word in text.split()) for text in texts]

    result = json.loads(told(translated(30, shuffled), "--json"))
    assert result["chrf"]["value"] < 30
    assert result["bleu"]["value"] < 10


def test_scores_are_those_of_sacrebleu_for_all_rows_at_once(
    run: Command, told: Command, sandbox_host: MakeHost, tmp_path: Path
) -> None:
    output = run(SAMPLE, tmp_path / "out", sandbox_host().url, "--text_column", "body", "--unit_rows", "50")
    table = pa.concat_tables([pq.ParquetFile(path).read() for path in sorted(Path(output).glob("part-*"))])
    rows = [row for row in table.to_pylist() if row["reference_en"] is not None]
    texts, references = [row["body_en"] for row in rows], [row["reference_en"] for row in rows]
    result = json.loads(told(output, "--json", "--worst", "3"))
    assert result["chrf"]["value"] == pytest.approx(CHRF(word_order=2).corpus_score(texts, [references]).score)
    assert result["bleu"]["value"] == pytest.approx(BLEU().corpus_score(texts, [references]).score)
    assert (result["rows"], result["scored"], result["without_reference"]) == (240, 72, 168)
    assert sum(result["statuses"].values()) == 240
    flags = [flag for row in table.to_pylist() for flag in row["body_en_flags"]]
    assert result["flags"] == {flag: flags.count(flag) for flag in result["flags"]}
    assert sum(result["flags"].values()) == len(flags)
    scores = sorted(CHRF(word_order=2).sentence_score(row["body_en"], [row["reference_en"]]).score for row in rows)
    assert [worst["chrf"] for worst in result["worst"]] == pytest.approx(scores[:3])
    (worst,) = (row for row in rows if row["body"] == result["worst"][0]["source"])
    assert (worst["body_en"], worst["reference_en"]) == tuple(
        result["worst"][0][name] for name in ("translation", "reference")
    )
    assert 0.3 < result["length_ratios"]["0.5"] < 3
    printed = told(output, "--worst", "1")
    assert all(word in printed for word in worst["body"].split()[:5])


def test_rows_without_translation_are_failures_and_not_in_the_scores(
    run: Command, told: Command, sandbox_host: MakeHost, tmp_path: Path
) -> None:
    host = sandbox_host(faults=[Fault("done_false", marker="numéro 7")])
    source = write(tmp_path / "a.parquet", [*sentences(20), None], [*["A pump was replaced."] * 19, None, None])
    output = run(source, tmp_path / "out", host.url, "--text_column", "body")
    result = json.loads(told(output, "--json"))
    assert result["statuses"] == {"ok": 19, "failed": 1, "skipped": 1}
    assert (result["rows"], result["scored"], result["untranslated"], result["without_reference"]) == (21, 18, 1, 2)
    (line,) = (line for line in told(output).splitlines() if line.startswith("failures"))
    assert "1 rows without translation" in line


def test_texts_that_were_passed_through_are_scored_but_not_measured_or_judged(
    run: Command, told: Command, sandbox_host: MakeHost, tmp_path: Path
) -> None:
    english: list[str | None] = ["The technician has replaced the pump of the building and noted the pressure."] * 4
    url = sandbox_host().url
    output = run(write(tmp_path / "a.parquet", english, english), tmp_path / "out", url, "--text_column", "body")
    result = json.loads(told(output, "--json", "--judge_model", "mistral", "--hosts", url))
    assert (result["statuses"], result["scored"], result["length_ratios"]) == ({"skipped": 4}, 4, {})
    assert result["judgement"]["asked"] == 0


def test_an_output_without_references_has_no_scores(translated: Translated, told: Command) -> None:
    output = translated(5, lambda texts: [*[None] * 4, " "])
    result = json.loads(told(output, "--json"))
    assert (result["chrf"], result["bleu"], result["worst"], result["without_reference"]) == (None, None, [], 5)
    assert told(output).count("no rows to score") == 2


def test_missing_columns(translated: Translated, told: Command) -> None:
    output = translated(3, lambda texts: [*texts])
    with pytest.raises(UsageError, match=r"no column reference_fr: .* did you mean reference_en"):
        told(output, reference="reference_fr")
    with pytest.raises(UsageError, match=r"title is not a translated column .* body"):
        told(output, "--text_column", "title")


def test_several_translated_columns_need_a_choice(
    run: Command, told: Command, sandbox_host: MakeHost, tmp_path: Path
) -> None:
    source = write(tmp_path / "a.parquet", sentences(4), ["A pump."] * 4, title=sentences(4), number=[1, 2, 3, 4])
    columns = ("--text_column", "body", "--text_column", "title")
    output = run(source, tmp_path / "out", sandbox_host().url, *columns)
    with pytest.raises(UsageError, match="body, title"):
        told(output)
    with pytest.raises(UsageError, match="int64, not text"):
        told(output, "--text_column", "body", reference="number")
    assert "translations of title with reference_en" in told(output, "--text_column", "title")


def test_a_part_that_is_not_whole_is_skipped_and_reported(
    translated: Translated, told: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    output = translated(50, lambda texts: [*texts])
    first = min(Path(output).glob("part-*"))
    lost = pq.read_metadata(first).num_rows
    first.write_bytes(first.read_bytes()[:-10])
    assert evaluate(EVALUATE.parse(["--output", output, "--reference_column", "reference_en", "--json"], {})) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["rows"] == 50 - lost
    assert f"skipping incomplete part {first}" in captured.err


def test_an_output_without_parts(tmp_path: Path, told: Command) -> None:
    with pytest.raises(UsageError, match="no complete part"):
        told(str(tmp_path))


def test_the_missing_package_is_named_with_the_command(
    tmp_path: Path, told: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "sacrebleu"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(UsageError, match=r"sacrebleu .*pip install 'beam-ollama-translate\[eval\]'"):
        told(str(tmp_path))
