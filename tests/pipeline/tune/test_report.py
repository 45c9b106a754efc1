from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.tune.curve import Curves, HostCurve, Point
from pipeline.tune.layouts import Layout
from pipeline.tune.report import hosts_json, layouts_json, show_hosts, show_layouts
from pipeline.tune.result import LayoutsResult, hosts_result
from pipeline.tune.set_up import set_up
from tests.pipeline.tune.trials import failed, sample, throughput, trial

LAYOUT = Layout((("0",),), 2)


def layouts() -> LayoutsResult:
    worked = replace(trial(LAYOUT, 4.0, failures={"timeout": 2}), gpu_bytes=6_200_000_000, busy_percent={0: 97})
    trials = (trial(Layout((("0",),)), 2.0), worked, failed(LAYOUT.doubled()))
    lines = set_up(LAYOUT, "ollama", "0.24.0", ["reports"], sample())
    return LayoutsResult(sample(), (), trials, worked, LAYOUT.doubled().doubled(), ("it is slow",), lines)


def test_layouts_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    show_layouts(layouts())
    out = capsys.readouterr().out
    (row,) = (line for line in out.splitlines() if "│ one server on GPU 0, 2 slots" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[1:-1] == ["4.00", "200", "40.0", "1.00 s", "2.00 s", "6.2 GB", "100%", "97 %"]
    assert cells[-1] == "best; 2 timeout"
    assert "PROBLEM one server on GPU 0, 4 slots: out of memory" in out
    bars = [line.count("█") for line in out.splitlines() if line.endswith("rows/s")]
    assert bars == [pytest.approx(bars[1] / 2, abs=1), bars[1]]  # none for the layout that failed
    assert "NOTE it is slow" in out
    assert "NOTE time was up before 'one server on GPU 0, 8 slots' and what follows it could be measured" in out
    for heading in ("Shell:", "systemd:", "Compose:", "Then translate:"):
        assert heading in out


def test_layouts_for_programs() -> None:
    told = json.loads(layouts_json(layouts()))
    assert (told["kind"], told["best"], told["complete"]) == ("layouts", 1, False)
    assert told["untried"] == "one server on GPU 0, 8 slots"
    assert [each["problem"] for each in told["trials"]] == ["", "", "out of memory"]
    assert told["trials"][1]["throughput"]["rows_per_second"] == 4.0
    assert told["trials"][1]["servers"][0]["OLLAMA_NUM_PARALLEL"] == "2"
    assert told["set_up"]["run"].startswith("beam-ollama-translate")
    assert set(told["sample"]) == {"model", "texts", "mean_characters", "num_ctx", "whole_share"}


def test_no_layout_worked(capsys: pytest.CaptureFixture[str]) -> None:
    none = LayoutsResult(sample(), (), (failed(LAYOUT),), None, None, (), None)
    show_layouts(none)
    assert "Best" not in capsys.readouterr().out
    assert json.loads(layouts_json(none))["best"] is None


def test_hosts(capsys: pytest.CaptureFixture[str]) -> None:
    hosts = (
        HostCurve("http://gpu0:1", tuple(Point(number, throughput(rate)) for number, rate in ((1, 2.0), (2, 4.0)))),
        HostCurve("http://gpu1:1", (Point(1, throughput(1.0)),)),
        HostCurve("http://gpu2:1", problem="connection refused"),
    )
    result = hosts_result(sample(), Curves(hosts), ["reports"], [])
    show_hosts(result)
    out = capsys.readouterr().out
    (row,) = (line for line in out.splitlines() if "http://gpu0:1 │ 2 " in line)
    assert "knee" in row
    assert "PROBLEM http://gpu2:1: connection refused" in out
    assert "What each host adds:" in out
    assert "Then translate:" in out
    told = json.loads(hosts_json(result))
    assert [host["knee"] for host in told["hosts"]] == [2, 1, None]
    assert [host["added_rows_per_second"] for host in told["hosts"]] == [4.0, 1.0, None]
    assert told["run"] == result.run
