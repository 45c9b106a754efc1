"""Arguments of runs, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.options.run import RUN
from transforms.errors import UsageError

HOSTS_FILE = Path(__file__).parents[2] / "hosts.txt"
NEEDED = ["--input=reports.parquet", "--output=english"]


def refused(arguments: list[str], environ: dict[str, str] | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        RUN.parse(arguments, environ or {})
    message = str(caught.value)
    assert "\n" not in message
    return message


def other_arguments(name: str) -> list[str]:
    return [argument for argument in NEEDED if not argument.startswith(f"--{name}=")]
