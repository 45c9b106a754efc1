from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.sandbox.running import SandboxThread
from tests.pipeline.console.restored_logging import restored_logging
from tests.pipeline.runs import Result, Run


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs in this process: ``run(source, output, hosts, *options)``."""

    def start(source: Path | str, output: Path | str, hosts: list[SandboxThread], *more: str) -> Result:
        urls = ",".join(host.url for host in hosts)
        capsys.readouterr()
        code = main(["--input", str(source), "--output", str(output), "--hosts", urls, "--progress", "off", *more])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    with restored_logging():
        yield start
