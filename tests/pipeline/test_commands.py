from __future__ import annotations

import subprocess
import sys

import pytest

from pipeline.commands import COMMANDS
from pipeline.options.command_line import CommandOptions
from pipeline.options.table import options_of


@pytest.mark.parametrize("word", COMMANDS)
def test_every_command_line_has_the_same_shape(word: str) -> None:
    line = COMMANDS[word].line
    text = line.help()
    assert line.usage in text
    assert f"python -m pipeline {word}" in line.usage or word == "run"
    assert all(f"--{name}" in text for name in options_of(line.options))
    assert issubclass(line.options, CommandOptions)


IMPORTED = """
import sys
import pipeline.commands
print(*(name for name in sys.modules if name.endswith(".command") or name in ("pipeline.start", "pyarrow", "rich")))
"""


def test_what_a_command_does_is_imported_once_it_is_chosen() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
