"""Evaluations of outputs that real runs have written, from the command line to what is printed."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from pipeline import cli
from pipeline.evaluate.judge import grade_in
from pipeline.evaluate.options import EVALUATE, EvaluateOptions
from pipeline.evaluate.scores import SHARES, quantiles
from pipeline.options.table import options_of
from pipeline.sandbox import answering
from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.pipeline.console.restored_logging import restored_logging
from transforms.errors import RunFailed, UsageError

Command = Callable[..., str]
SAMPLE = Path(__file__).resolve().parents[3] / "sample_data" / "records.parquet"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """A run of the pipeline; its output directory."""

    def start(source: Path, output: Path, url: str, *more: str) -> str:
        code = cli.main(
            [
                "--input",
                str(source),
                "--output",
                str(output),
                "--hosts",
                url,
                "--progress",
                "off",
                "--memory",
                "off",
                *more,
            ]
        )
        assert code in (0, 3), capsys.readouterr().err
        capsys.readouterr()
        return str(output)

    with restored_logging():
        yield start


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """What an evaluation prints."""

    def start(output: str, *more: str, reference: str = "reference_en") -> str:
        capsys.readouterr()
        assert EVALUATE.run(EVALUATE.parse(["--output", output, "--reference_column", reference, *more], {})) == 0
        return capsys.readouterr().out

    with restored_logging():
        yield start


def write(path: Path, sources: list[str | None], references: list[str | None], **columns: list[Any]) -> Path:
    pq.write_table(pa.table({"body": sources, "reference_en": references, **columns}), path, row_group_size=7)
    return path


def sentences(rows: int) -> list[str | None]:
    return [f"Le technicien a remplacé la pompe numéro {number} du bâtiment." for number in range(rows)]


def translations(output: str) -> list[str]:
    paths = sorted(Path(output).glob("part-*.parquet"))
    return [text for path in paths for text in pq.ParquetFile(path).read(["body_en"]).column(0).to_pylist()]


@pytest.fixture
def translated(run: Command, sandbox_host: MakeHost, tmp_path: Path) -> Callable[..., str]:
    """Runs twice: the first tells the translations, from which the references of the second are made."""

    def make(rows: int, references: Callable[[list[str]], list[str | None]], **host: Any) -> str:
        url = sandbox_host(**host).url
        first = run(write(tmp_path / "a.parquet", sentences(rows), [None] * rows), tmp_path / "first", url)
        source = write(tmp_path / "b.parquet", sentences(rows), references(translations(first)))
        return run(source, tmp_path / "second", url, "--text_column", "body", "--unit_rows", "20")

    return make


def test_identical_text_scores_100(translated: Callable[..., str], told: Command) -> None:
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


def test_shuffled_text_scores_low(translated: Callable[..., str], told: Command) -> None:
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


def test_an_output_without_references_has_no_scores(translated: Callable[..., str], told: Command) -> None:
    output = translated(5, lambda texts: [*[None] * 4, " "])
    result = json.loads(told(output, "--json"))
    assert (result["chrf"], result["bleu"], result["worst"], result["without_reference"]) == (None, None, [], 5)
    assert told(output).count("no rows to score") == 2


def test_control_characters_of_a_text_do_not_reach_the_terminal(translated: Callable[..., str], told: Command) -> None:
    output = translated(3, lambda texts: ["\x1b[31m[red]A pump"] * 3)
    printed = told(output)
    assert "\x1b" not in printed
    assert "[red]A pump" in printed


# -- the judge --------------------------------------------------------------------------------------------------------


def test_a_judge_grades_a_sample(
    translated: Callable[..., str], told: Command, sandbox_host: MakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = translated(40, lambda texts: [*texts])
    judges = [sandbox_host(models=["judge:latest"], record_requests=True) for _ in range(2)]
    hosts = ("--hosts", ",".join(judge.url for judge in judges))

    def graded(source: str) -> str:
        number = int(source.split("numéro ")[1].split()[0])
        return "I can't say" if number % 4 == 0 else f"{number}" if number % 4 == 1 else f"Grade: {number}/100."

    monkeypatch.setattr(answering, "translate", graded)
    command = (output, "--judge_model", "judge", "--judge_sample", "12", "--seed", "3", "--json", *hosts)
    judgement = json.loads(told(*command))["judgement"]
    requests = [request for judge in judges for request in judge.stats(True)["requests"] if request["prompt"]]
    numbers = [int(request["source"].split("numéro ")[1].split()[0]) for request in requests]
    assert len(set(numbers)) == 12 == judgement["asked"]
    grades = [number for number in numbers if number % 4]
    assert judgement["mean"] == pytest.approx(sum(grades) / len(grades))
    assert (judgement["quantiles"]["0.0"], judgement["quantiles"]["1.0"]) == (min(grades), max(grades))
    assert judgement["no_number"] == 12 - len(grades)
    for request in requests:
        assert "number" in request["system"]
        assert request["body"]["options"]["temperature"] == 0
        assert "technician" in request["prompt"], "the translation is shown to the judge"
    assert json.loads(told(*command))["judgement"] == judgement, "the same seed, the same sample"
    again = json.loads(told(*command, "--seed", "4"))["judgement"]
    assert again["quantiles"] != judgement["quantiles"]
    lines = told(*(word for word in command if word != "--json")).splitlines()
    (line,) = (line for line in lines if line.startswith("  grades"))
    assert f"mean {judgement['mean']:.1f}" in line


def test_what_a_judge_can_not_grade_is_counted(
    translated: Callable[..., str], told: Command, sandbox_host: MakeHost
) -> None:
    output = translated(10, lambda texts: [*texts])
    judge = sandbox_host(faults=[Fault("done_false", marker="numéro 7")])
    judgement = json.loads(told(output, "--judge_model", "mistral", "--hosts", judge.url, "--json"))["judgement"]
    assert (judgement["asked"], judgement["mean"], judgement["no_number"]) == (10, None, 9)
    assert sum(judgement["rejected"].values()) == 1
    printed = told(output, "--judge_model", "mistral", "--hosts", judge.url)
    assert "no grade" in printed


def test_a_judge_that_no_host_has_is_an_error(translated: Callable[..., str], told: Command) -> None:
    output = translated(3, lambda texts: [*texts])
    with pytest.raises(RunFailed, match="no healthy host"):
        told(output, "--judge_model", "judge", "--hosts", "127.0.0.1:9", "--max_outage", "0.2")


@pytest.mark.parametrize(
    ("answer", "grade"),
    [
        *(("85", 85), (" 85.\n", 85), ("Grade: 85", 85), ("**85/100**", 85), ("92.5", 92.5), ("0", 0), ("100 %", 100)),
        *(("8/10", None), ("101", None), ("-5", None), ("", None), ("good", None), ("80 or 90", None), ("1000", None)),
        *(("85, since two words are missing", None),),
    ],
)
def test_grades(answer: str, grade: float | None) -> None:
    assert grade_in(answer) == grade


@given(st.lists(st.integers(0, 9).map(float), max_size=30))
def test_quantiles(values: list[float]) -> None:
    found = quantiles({value: values.count(value) for value in values})
    assert list(found) == (list(SHARES) if values else [])
    assert all(sorted(values)[int(share * (len(values) - 1))] == value for share, value in found.items())


# -- what is wrong ----------------------------------------------------------------------------------------------------


def test_missing_columns(translated: Callable[..., str], told: Command) -> None:
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


def test_a_part_that_is_not_whole_is_left_out_and_told(
    translated: Callable[..., str], told: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    output = translated(50, lambda texts: [*texts])
    first = min(Path(output).glob("part-*"))
    lost = pq.read_metadata(first).num_rows
    first.write_bytes(first.read_bytes()[:-10])
    assert EVALUATE.run(EVALUATE.parse(["--output", output, "--reference_column", "reference_en", "--json"], {})) == 0
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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--output"),
        (["--output", "out"], "--reference_column"),
        (["--output", "out", "--reference_column", "en", "--text_column", "a", "--text_column", "b"], "one --text"),
        (["--output", "out", "--reference_column", "en", "--judge_model", "big:671b-cloud"], "cloud"),
        (["--output", "out", "--reference_columm", "en"], "did you mean --reference_column"),
        (["--output", "out", "--judge_sample", "0"], "judge_sample"),
    ],
)
def test_wrong_options(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        EVALUATE.parse(arguments, {})


def test_hosts_matter_only_to_a_judge() -> None:
    command = ["--output", "out", "--reference_column", "en", "--hosts_file", "/does/not/exist"]
    assert EVALUATE.parse(command, {}).hosts_from is None
    with pytest.raises(UsageError, match="hosts file"):
        EVALUATE.parse([*command, "--judge_model", "mistral"], {})


def test_help_names_every_option() -> None:
    assert all(f"--{name} " in EVALUATE.help() for name in options_of(EvaluateOptions))
