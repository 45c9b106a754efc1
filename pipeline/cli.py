"""The command line: dispatch to a command, and translate its errors into messages and exit codes."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.console import logs, streams
from pipeline.doctor.options import DOCTOR
from pipeline.evaluate.options import EVALUATE
from pipeline.exit_codes import ExitCode
from pipeline.memory_command import MEMORY
from pipeline.options.command import Command
from pipeline.options.run import RUN
from pipeline.options.table import misspelt_variables, proposal
from pipeline.report.command import REPORT
from pipeline.review.command import REVIEW
from pipeline.sandbox.options import SANDBOX
from pipeline.signals import StopRequested, exit_on_sigterm
from pipeline.tune.options import TUNE
from transforms import __version__
from transforms.errors import RunStopped, TranslateError, UsageError
from transforms.masking import mask_urls

LOG = logging.getLogger(__name__)

DISTRIBUTION = "beam-ollama-translate"
UNEXPECTED = "unexpected error, please report this bug; finished parts are kept"

COMMANDS: Mapping[str, Command[Any]] = {
    "run": RUN,
    "doctor": DOCTOR,
    "tune": TUNE,
    "memory": MEMORY,
    "report": REPORT,
    "review": REVIEW,
    "evaluate": EVALUATE,
    "sandbox": SANDBOX,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code of the process.

    Args:
        argv: Arguments without the program's name; None for those of the process.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    streams.prepare()
    with exit_on_sigterm():
        return _main(arguments)


def _main(arguments: Sequence[str]) -> int:
    # Before anything else, since Beam logs while it is imported; configured again once the options are known.
    logs.configure()
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except UsageError as error:
        print(f"error: {mask_urls(str(error))}", file=sys.stderr)
        return ExitCode.USAGE
    except BrokenPipeError:
        # The reader of stdout is gone; without this, the interpreter would report it again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            LOG.exception(UNEXPECTED)
        else:
            LOG.error("cannot write to stdout: %s; finished parts are kept", error.strerror)
        return ExitCode.FAILED
    except KeyboardInterrupt:
        LOG.warning("interrupted")
        return ExitCode.INTERRUPTED
    except RunStopped as error:
        LOG.warning("%s", error)
        return ExitCode.TERMINATED
    except StopRequested as request:
        LOG.warning("%s", request)
        return request.code
    except TranslateError as error:
        LOG.error("%s", error)
        return ExitCode.FAILED
    except Exception:
        LOG.exception(UNEXPECTED)
        return ExitCode.FAILED
    return code


def _dispatch(arguments: Sequence[str]) -> int:
    word, rest = "run", list(arguments)
    if rest and not rest[0].startswith("-"):
        word = rest.pop(0)
        if word not in COMMANDS:
            hint = proposal(word, COMMANDS) or f"; the commands are {', '.join(COMMANDS)}"
            raise UsageError(f"unknown command {word!r}{hint}")
    elif rest[:1] == ["--version"]:
        print(f"{DISTRIBUTION} {__version__}")
        return ExitCode.DONE
    command = COMMANDS[word]
    if "--help" in rest or "-h" in rest:
        print(command.help(_list_of_commands() if word == "run" else ""), end="")
        return ExitCode.DONE
    options = command.parse(rest, os.environ)
    log = command.log_settings(options)
    logs.configure(log.format, log.level)
    LOG.debug("version %s", __version__)
    for notice in (*options.notices, *misspelt_variables(os.environ, [each.options for each in COMMANDS.values()])):
        LOG.warning("%s", notice)
    return command.run(options)


def _list_of_commands() -> str:
    lines = [f"  {word:<10}{command.summary}" for word, command in COMMANDS.items()]
    return "\n".join(["Commands:", *lines])
