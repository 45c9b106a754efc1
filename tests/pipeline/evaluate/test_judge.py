"""A model that grades translations, on real loopback hosts."""

from __future__ import annotations

import json

import pytest

from pipeline.evaluate.judge import grade_in
from pipeline.sandbox import answering
from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.pipeline.evaluate.outputs import Command, Translated
from transforms.errors import RunFailed


def test_a_judge_grades_a_sample(
    translated: Translated, told: Command, sandbox_host: MakeHost, monkeypatch: pytest.MonkeyPatch
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


def test_what_a_judge_can_not_grade_is_counted(translated: Translated, told: Command, sandbox_host: MakeHost) -> None:
    output = translated(10, lambda texts: [*texts])
    judge = sandbox_host(faults=[Fault("done_false", marker="numéro 7")])
    judgement = json.loads(told(output, "--judge_model", "mistral", "--hosts", judge.url, "--json"))["judgement"]
    assert (judgement["asked"], judgement["mean"], judgement["no_number"]) == (10, None, 9)
    assert sum(judgement["rejected"].values()) == 1
    printed = told(output, "--judge_model", "mistral", "--hosts", judge.url)
    assert "no grade" in printed


def test_a_judge_that_no_host_has_is_an_error(translated: Translated, told: Command) -> None:
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
