"""The command line: dispatch to a command, and translate its errors into messages and exit codes."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Sequence

from pipeline.commands import COMMANDS
from pipeline.console import logs, streams
from pipeline.exit_codes import ExitCode
from pipeline.options.table import misspelt_variables, proposal
from pipeline.signals import StopRequested, exit_on_sigterm
from transforms import __version__
from transforms.errors import RunStopped, TranslateError, UsageError
from transforms.masking import mask_urls

LOG = logging.getLogger(__name__)

DISTRIBUTION = "beam-ollama-translate"
UNEXPECTED = "unexpected error, please report this bug; finished parts are kept"


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
        print(command.line.help(_list_of_commands() if word == "run" else ""), end="")
        return ExitCode.DONE
    options = command.line.parse(rest, os.environ)
    log = command.line.log_settings(options)
    logs.configure(log.format, log.level)
    LOG.debug("version %s", __version__)
    tables = [each.line.options for each in COMMANDS.values()]
    for notice in (*options.notices, *misspelt_variables(os.environ, tables)):
        LOG.warning("%s", notice)
    return command.run(options)


def _list_of_commands() -> str:
    lines = [f"  {word:<10}{command.line.summary}" for word, command in COMMANDS.items()]
    return "\n".join(["Commands:", *lines])
