from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.cli import main

Doctor = Callable[..., tuple[int, str, str]]
"""Runs the command: ``doctor(*options)`` returns the exit code, stdout and stderr."""


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Doctor:
    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["doctor", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
