from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from pipeline.cli import COMMANDS
from pipeline.options.command import Command, CommandOptions, LogSettings
from pipeline.options.table import Readout, option, options_of
from pipeline.options.values import whole
from transforms.errors import UsageError


@dataclass(frozen=True)
class CountOptions(CommandOptions):
    number: int = option(3, parse=whole(1), help="how far to count", group="Counting", metavar="N")


def complete(readout: Readout, environ: Mapping[str, str]) -> CountOptions:
    if readout.left:
        return CountOptions(notices=tuple(readout.left))
    return CountOptions(**readout.values, notices=(environ.get("NOTICE", ""),))


COUNT = Command("count", "count [OPTIONS]", "Counts.", "Nothing else.", CountOptions, complete, lambda options: 0)


def test_options_are_completed_with_the_environment() -> None:
    options = COUNT.parse(["--number=5"], {"NOTICE": "slow"})
    assert (options.number, options.notices) == (5, ("slow",))
    assert COUNT.log_settings(options) == LogSettings("text", "warning")


def test_arguments_of_nothing_are_refused_unless_the_command_takes_them() -> None:
    with pytest.raises(UsageError, match="did you mean --number"):
        COUNT.parse(["--nubmer=5"], {})
    lenient = Command("", "", "", "", CountOptions, complete, lambda options: 0, takes_others=True)
    assert lenient.parse(["--runner=x"], {}).notices == ("--runner=x",)


def test_the_help_has_all_its_parts_in_order() -> None:
    text = COUNT.help("More to know.")
    places = [
        text.index(part) for part in ("count [OPTIONS]", "Counts.", "More to know.", "--number N", "Nothing else.")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("word", COMMANDS)
def test_every_command_has_the_same_shape(word: str) -> None:
    command = COMMANDS[word]
    text = command.help()
    assert command.usage in text
    assert f"python -m pipeline {word}" in command.usage or word == "run"
    assert all(f"--{name}" in text for name in options_of(command.options))
    assert issubclass(command.options, CommandOptions)
