"""What the doctor prints, given what it found."""

from __future__ import annotations

import json

import pytest

from pipeline.doctor.examine import Findings, HostFindings
from pipeline.doctor.gpus import Gpu
from pipeline.doctor.report import as_json, show
from pipeline.estimate import InputSize
from transforms.fleet.host.probe import Speed
from transforms.fleet.http.listings import LoadedModel

SPEED = Speed(4, False, 210.4, 799.6, 1000.0, 0.0, 7)
GOOD = HostFindings(
    "http://gpu0:11434",
    "0.12.6",
    "ab" * 32,
    LoadedModel("mistral:latest", 8_000, 6_000, 4096),
    load_seconds=2.34,
    speed=SPEED,
)
SICK = HostFindings("http://gpu1:11434", problem="connection refused")


def findings(*hosts: HostFindings, **changes: object) -> Findings:
    return Findings("mistral", 4096, hosts, **changes)  # type: ignore[arg-type]


def printed(found: Findings, size: InputSize | None, capsys: pytest.CaptureFixture[str]) -> str:
    show(found, size)
    return capsys.readouterr().out


def cells(text: str, url: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if url in line and "│" in line)
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_each_host_has_a_line_of_measurements(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(findings(GOOD, SICK), None, capsys)
    assert "mistral, context of 4096 tokens" in text
    assert cells(text, GOOD.url) == [GOOD.url, "0.12.6", "abababababab", "2.3 s", "75%", "4", "800", "210", "good"]
    assert cells(text, SICK.url) == [SICK.url, *["-"] * 7, "unusable"]
    assert f"PROBLEM {SICK.url}: connection refused" in text


@pytest.mark.parametrize(
    ("speed", "slots"),
    [
        (SPEED, "4"),
        (Speed(64, True, 1.0, 9.0, 9.0, 0.0, 9), "64 or more"),
        (Speed(None, False, 1, 9, 9, 0, 9), "hidden"),
    ],
)
def test_slots_may_be_known_in_part(speed: Speed, slots: str, capsys: pytest.CaptureFixture[str]) -> None:
    host = HostFindings(GOOD.url, speed=speed)
    assert cells(printed(findings(host), None, capsys), GOOD.url)[5] == slots


def test_advice_and_gpus_follow_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    host = HostFindings(GOOD.url, speed=SPEED, advice=("set OLLAMA_NUM_PARALLEL=4",))
    gpu = Gpu(0, "L4", 5_000_000_000, 24_000_000_000, 88)
    text = printed(findings(host, gpus=(gpu,), advice=("the hosts have different versions",)), None, capsys)
    assert cells(text, GOOD.url)[-1] == "usable, see below"
    assert text.splitlines()[-3:] == [
        "GPU 0 L4: 5.0 of 24.0 GB used, up to 88 % busy during the measurement",
        f"ADVICE {GOOD.url}: set OLLAMA_NUM_PARALLEL=4",
        "ADVICE the hosts have different versions",
    ]


@pytest.mark.parametrize(
    ("characters", "time"),
    [
        (1000 * 3600 * 5, "about 5.0 hours"),
        (1000 * 3600, "about 1.0 hours"),
        (1000 * 60 * 30, "about 30 minutes"),
        (1000 * 60, "about a minute or less"),
    ],
)
def test_the_estimate_is_in_hours_or_minutes(characters: int, time: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(findings(GOOD), InputSize(1000, 2000, characters), capsys)
    assert f"1,000 rows, 2,000 texts, about {characters:,} characters: {time} on these hosts" in text


def test_without_a_measured_host_there_is_no_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    size = InputSize(1000, 2000, 5000)
    assert "no estimate, as no host could be measured" in printed(findings(SICK), size, capsys)
    assert json.loads(as_json(findings(SICK), size))["estimate"]["hours"] is None


def test_the_json_has_all_findings() -> None:
    content = json.loads(as_json(findings(GOOD, SICK), InputSize(1, 2, 1000 * 3600)))
    assert (content["ok"], content["characters_per_second"]) == (False, 1000.0)
    assert content["hosts"][0]["speed"]["tokens_per_second"] == 799.6
    assert content["hosts"][1]["problem"] == "connection refused"
    assert content["estimate"] == {"rows": 1, "texts": 2, "characters": 3_600_000, "hours": 1.0}
    assert "estimate" not in json.loads(as_json(findings(GOOD), None))


def test_names_are_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    found = Findings("[red]mistral", 4096, (HostFindings("http://[::1]:11434", version="[b]1"),))
    text = printed(found, None, capsys)
    assert "[red]mistral" in text
    assert cells(text, "http://[::1]:11434")[1] == "[b]1"
