"""Options that are not ours: Beam's are passed through, all others are refused.

Beam itself only warns about an unknown option, and ignores it.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from pipeline.options.table import canonical, proposal, stray
from transforms.errors import UsageError

LOCAL_RUNNER = "FnApiRunner"
"""Used for ``DirectRunner`` too: Beam's own tries to download Prism first, so that the network decides what runs."""

LOCAL_RUNNERS = frozenset({LOCAL_RUNNER, "DirectRunner", "BundleBasedDirectRunner", "PrismRunner"})
"""Runners whose workers run on this machine unless an environment is given."""

_DIRECT_RUNNERS = frozenset({"direct", "directrunner", "switchingdirect", "switchingdirectrunner"})
_JOB_SERVER_RUNNERS = frozenset({"FlinkRunner", "PortableRunner", "SparkRunner"})
"""Runners whose job server has options of its own, which Beam does not know."""

_SECRET_OPTION = re.compile(r"secret|password|token|access_key|connection_string", re.IGNORECASE)


@dataclass(frozen=True)
class BeamArguments:
    """Arguments for Beam.

    Attributes:
        runner: Name or full class path of the runner.
        arguments: Arguments for ``PipelineOptions``, ``--runner`` included.
    """

    runner: str
    arguments: tuple[str, ...]


def beam_arguments(left: Sequence[str], ours: Iterable[str]) -> BeamArguments:
    """Check the arguments that are not ours, and return those for Beam.

    Imports Beam only if there are any, as that takes more than a second.

    Args:
        left: Arguments that are not ours, in order.
        ours: Names of our own options, to suggest before Beam's.

    Raises:
        UsageError: An unknown option, an invalid value, a stray argument, ``--streaming``, or a runner without its job
            server.
    """
    if not left:
        return BeamArguments(LOCAL_RUNNER, (f"--runner={LOCAL_RUNNER}",))
    known, runners = _beam_parser()
    names = sorted(name[2:] for name in known.option_names())
    left = canonical(left, names)
    given, unknown = known.parse_known_args(left)
    if given.streaming:
        raise UsageError(
            "--streaming is not supported: a run ends with its input. For new files, rerun the same command, which "
            "skips complete parts, or use --watch"
        )
    if given.direct_running_mode == "multi_processing":
        raise UsageError(
            "--direct_running_mode=multi_processing is not supported: Beam waits forever for a worker process that has "
            "died. Use --workers N for several processes"
        )
    runner = _runner(given.runner, runners)
    if runner == "PortableRunner" and not given.job_endpoint:
        raise UsageError("--runner PortableRunner needs a job server: add --job_endpoint HOST:PORT")
    if given.job_endpoint and not re.fullmatch(r".+:\d{1,5}|embed", given.job_endpoint):
        raise UsageError(f"--job_endpoint must be HOST:PORT, such as localhost:8099, got {given.job_endpoint!r}")
    _refuse(unknown, list(ours), [name for name in names if name != "streaming"], runner)
    rest = _without_runner(left)
    return BeamArguments(runner, (f"--runner={runner}", *rest))


def refuse_unknown(left: Sequence[str], ours: Iterable[str]) -> None:
    """Refuse the first argument that cannot be one of Beam's, without importing Beam.

    Args:
        left: Arguments that are not ours, in order.
        ours: Names of our own options, to suggest before Beam's.

    Raises:
        UsageError: An unknown option or a stray argument.
    """
    names = _names_in_source()
    if not left or not names or value_of("runner", left) is not None:  # a job server may have more options
        return
    strange = (each for each in canonical(left, names) if _option_name(each) not in names | {""})
    wrong = next(strange, None) if left[0].startswith("-") else left[0]
    if wrong is not None:
        raise stray(wrong, ours, sorted(names))


def _option_name(argument: str) -> str:
    """The name of an option without hyphens and value; empty for a value, also a negative number."""
    return argument.partition("=")[0].lstrip("-") if re.match(r"--?[A-Za-z]", argument) else ""


def _names_in_source() -> frozenset[str]:
    """The names of Beam's options as its source has them, and some more; none if there is no source."""
    package = find_spec("apache_beam")
    try:
        source = Path(str(package and package.origin)).with_name("options") / "pipeline_options.py"
        return frozenset(re.findall(r"""["']--([\w-]+)["']""", source.read_text("utf-8")))
    except OSError:
        return frozenset()


def value_of(name: str, arguments: Sequence[str]) -> str | None:
    """Return the value of one of Beam's options that has a value; None if it is not given."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(f"--{name}", nargs="?")
    value: str | None = getattr(parser.parse_known_args(list(arguments))[0], name)
    return value


def runs_in_process(beam_arguments: Sequence[str]) -> bool:
    """Return whether all workers run on this machine, so that they share its files."""
    runner = value_of("runner", beam_arguments) or LOCAL_RUNNER
    environment = value_of("environment_type", beam_arguments)
    return environment == "LOOPBACK" or (environment is None and runner.rpartition(".")[2] in LOCAL_RUNNERS)


def masked(argument: str) -> str:
    """Return one of Beam's arguments with its value masked if it may be secret."""
    name, equals, _ = argument.partition("=")
    return f"{name}=***" if equals and _SECRET_OPTION.search(name) else argument


def all_masked(arguments: Sequence[str]) -> list[str]:
    """Return Beam's arguments with secrets masked, also where name and value are separate arguments."""
    before = ("", *arguments[:-1])
    return [
        "***" if _SECRET_OPTION.search(name) and "=" not in name and not argument.startswith("-") else masked(argument)
        for name, argument in zip(before, arguments, strict=True)
    ]


class _BeamParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{re.sub(r'^argument ([^:]+): ', _shortest, message)} (an option of Beam)")

    def add_value_provider_argument(self, *names: str, **more: Any) -> None:
        """Add an option whose value may be given later, as Beam's own parser can."""
        self.add_argument(*names, **more)

    def option_names(self) -> list[str]:
        """Return the names of all options, with their hyphens."""
        return [name for name in self._option_string_actions if name.startswith("--")]


def _shortest(match: re.Match[str]) -> str:
    return f"{match[1].split('/')[0]}: "


def _beam_parser() -> tuple[_BeamParser, list[str]]:
    from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

    parser = _BeamParser(add_help=False, allow_abbrev=False, conflict_handler="resolve")
    for known in PipelineOptions.__subclasses__():
        add: Any = known._add_argparse_args
        add(parser)
    return parser, list(StandardOptions.KNOWN_RUNNER_NAMES)


def _runner(name: str | None, known: Sequence[str]) -> str:
    lowered = (name or LOCAL_RUNNER).lower()
    if lowered in _DIRECT_RUNNERS:
        return LOCAL_RUNNER
    for each in known:
        if lowered in (each.lower(), each.lower().removesuffix("runner")):
            return each
    if name and "." in name:
        return name
    similar = proposal(str(name), [*known, *(each.removesuffix("Runner") for each in known)])
    raise UsageError(f"--runner: Beam has no runner {name!r}{similar}")


def _refuse(unknown: Sequence[str], ours: Sequence[str], beams: Sequence[str], runner: str) -> None:
    """Raise ``UsageError`` for the first argument that cannot be meant for a job server either."""
    before = ""
    for argument in unknown:
        is_option, follows_option = argument.startswith("-"), before.startswith("--") and "=" not in before
        for_job_server = not proposal(argument.partition("=")[0], ours) if is_option else follows_option
        if runner not in _JOB_SERVER_RUNNERS or not for_job_server:
            raise stray(argument, ours, beams)
        before = argument


def _without_runner(arguments: Sequence[str]) -> list[str]:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--runner")
    return parser.parse_known_args(arguments)[1]
