"""The command line: which command, and what becomes of its errors."""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline import __version__, memory_command
from pipeline.console import logs, streams
from pipeline.doctor.options import DoctorOptions, help_of_doctor, parse_doctor
from pipeline.evaluate.options import EvaluateOptions
from pipeline.exit_codes import ExitCode
from pipeline.options import command_line
from pipeline.options.run import RunOptions, echo
from pipeline.options.table import misspelt_variables, proposal
from pipeline.process_limits import hidden
from pipeline.sandbox.options import SandboxOptions, help_of_sandbox, parse_sandbox
from transforms.errors import RunStopped, TranslateError, UsageError

LOG = logging.getLogger(__name__)

DISTRIBUTION = "beam-ollama-translate"
TABLES = (RunOptions, DoctorOptions, EvaluateOptions, memory_command.MemoryOptions, SandboxOptions)
"""Of options, for all commands."""


@dataclass(frozen=True)
class Command:
    """What a command word does.

    Attributes:
        summary: For the list of commands.
        main: Takes the arguments after the word and returns the exit code.
    """

    summary: str
    main: Callable[[Sequence[str]], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code of the process.

    Args:
        argv: The arguments without the program's name; those of the process if None.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    streams.prepare()
    # At once, since Beam logs while it is imported; ``run`` configures again with the options' format and level.
    logs.configure()
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return ExitCode.USAGE
    except BrokenPipeError:
        # Whoever read stdout has gone; without this, the interpreter would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            LOG.exception("this is a mistake in the program, please report it; what is finished stays")
        else:
            LOG.error("stdout can't be written: %s; what is finished stays", error.strerror)
        return ExitCode.FAILED
    except KeyboardInterrupt:
        LOG.warning("interrupted")
        return ExitCode.INTERRUPTED
    except RunStopped as error:
        LOG.warning("%s", error)
        return ExitCode.TERMINATED
    except TranslateError as error:
        LOG.error("%s", error)
        return ExitCode.FAILED
    except Exception:
        LOG.exception("this is a mistake in the program, please report it; what is finished stays")
        return ExitCode.FAILED
    return code


def _dispatch(arguments: Sequence[str]) -> int:
    word, rest = "run", list(arguments)
    if rest and not rest[0].startswith("-"):
        word = rest.pop(0)
        if word not in COMMANDS:
            hint = proposal(word, COMMANDS) or f", the commands are {', '.join(COMMANDS)}"
            raise UsageError(f"unknown command {word!r}{hint}")
    elif rest[:1] == ["--version"]:
        print(f"{DISTRIBUTION} {__version__}")
        return ExitCode.DONE
    return COMMANDS[word].main(rest)


def _wants_help(arguments: Sequence[str]) -> bool:
    return "--help" in arguments or "-h" in arguments


def _run(arguments: Sequence[str]) -> int:
    if _wants_help(arguments):
        print(command_line.help_of_run(_list_of(COMMANDS)), end="")
        return ExitCode.DONE
    chosen = command_line.parse(arguments)
    logs.configure(chosen.log_format, chosen.log_level)
    effective = echo(chosen)
    LOG.info("version %s, options %s", __version__, json.dumps(effective, ensure_ascii=False))
    for notice in (
        *chosen.notices,
        *misspelt_variables(os.environ, TABLES),
    ):
        LOG.info("%s", notice)
    # Read by now; the ollama package would read it once more while it is imported, and fail if it is no address.
    os.environ.pop("OLLAMA_HOST", None)
    # Late, as it imports Beam: help and mistakes are told at once.
    with hidden("pandas"):
        import pyarrow as pa

        from pipeline.start import start

        pa.array([None])  # Arrow, too, looks for pandas, when it makes its first array

    return start(chosen)


def _sandbox(arguments: Sequence[str]) -> int:
    if _wants_help(arguments):
        print(help_of_sandbox(), end="")
        return ExitCode.DONE
    chosen = parse_sandbox(arguments)
    from pipeline.sandbox import NOT_REAL
    from pipeline.sandbox.server import serve

    LOG.warning("%s", NOT_REAL)
    serve(chosen.host(), chosen.port, chosen.control_port)
    return ExitCode.DONE


def _doctor(arguments: Sequence[str]) -> int:
    if _wants_help(arguments):
        print(help_of_doctor(), end="")
        return ExitCode.DONE
    chosen = parse_doctor(arguments)
    logs.configure(level="warning")
    for notice in chosen.notices:
        LOG.warning("%s", notice)
    os.environ.pop("OLLAMA_HOST", None)  # as above
    from pipeline.doctor.examine import examine
    from pipeline.doctor.report import as_json, show
    from pipeline.estimate import input_size

    size = input_size(chosen.input, chosen.text_column, chosen.schema) if chosen.input else None
    findings = examine(chosen)
    if chosen.json:
        print(as_json(findings, size))
    else:
        show(findings, size)
    return ExitCode.DONE if findings.ok else ExitCode.FAILED


def _memory(arguments: Sequence[str]) -> int:
    if _wants_help(arguments):
        print(memory_command.help_of_memory(), end="")
        return ExitCode.DONE
    return memory_command.main(arguments)


def _evaluate(arguments: Sequence[str]) -> int:
    from pipeline.evaluate.command import main

    return main(arguments)


COMMANDS: Mapping[str, Command] = {
    "run": Command("translate files (the default, the word may be left out)", _run),
    "doctor": Command("look at the hosts: what is wrong, how fast they are, what to do; see doctor --help", _doctor),
    "memory": Command("show what a translation memory holds, and prune it; see memory --help", _memory),
    "evaluate": Command("score an output against reference translations; see evaluate --help", _evaluate),
    "sandbox": Command("run a simulated Ollama host to try things without one; see sandbox --help", _sandbox),
}


def _list_of(commands: Mapping[str, Command]) -> str:
    lines = [f"  {word:<10}{command.summary}" for word, command in commands.items()]
    return "\n".join(["Commands:", *lines])
