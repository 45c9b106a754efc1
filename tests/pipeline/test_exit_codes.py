from __future__ import annotations

from pipeline.exit_codes import ExitCode


def test_exit_codes_are_the_documented_ones() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "TOO_MANY_FAILED": 3,
        "NOTHING_TO_DO": 99,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }
