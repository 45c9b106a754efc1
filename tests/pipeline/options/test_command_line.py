from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from pipeline.options.command_line import CommandLine, CommandOptions, LogSettings
from pipeline.options.table import Readout, option
from pipeline.options.values import whole
from transforms.errors import UsageError


@dataclass(frozen=True)
class CountOptions(CommandOptions):
    number: int = option(3, parse=whole(1), help="how far to count", group="Counting", metavar="N")


def complete(readout: Readout, environ: Mapping[str, str]) -> CountOptions:
    if readout.left:
        return CountOptions(notices=tuple(readout.left))
    return CountOptions(**readout.values, notices=(environ.get("NOTICE", ""),))


COUNT = CommandLine("count", "count [OPTIONS]", "Counts.", "Nothing else.", CountOptions, complete)


def test_options_are_completed_with_the_environment() -> None:
    options = COUNT.parse(["--number=5"], {"NOTICE": "slow"})
    assert (options.number, options.notices) == (5, ("slow",))
    assert COUNT.log_settings(options) == LogSettings("text", "warning")


def test_arguments_of_nothing_are_refused_unless_the_command_takes_them() -> None:
    with pytest.raises(UsageError, match="did you mean --number"):
        COUNT.parse(["--nubmer=5"], {})
    lenient = CommandLine("", "", "", "", CountOptions, complete, takes_others=True)
    assert lenient.parse(["--runner=x"], {}).notices == ("--runner=x",)


def test_the_help_has_all_its_parts_in_order() -> None:
    text = COUNT.help("More to know.")
    places = [
        text.index(part) for part in ("count [OPTIONS]", "Counts.", "More to know.", "--number N", "Nothing else.")
    ]
    assert places == sorted(places)
