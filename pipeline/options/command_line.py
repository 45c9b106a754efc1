"""Command lines: a table of options, its help, and how valid options come of it, in one shape for every command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline.console.logs import LogFormat, LogLevel
from pipeline.options.table import Readout, help_text, options_of, read, stray


@dataclass(frozen=True)
class CommandOptions:
    """Base of the option tables.

    Attributes:
        notices: What the user should know about the options, to be logged once logging is configured.
    """

    notices: tuple[str, ...] = ()


Options = TypeVar("Options", bound=CommandOptions)


@dataclass(frozen=True)
class LogSettings:
    """Format and level of the log of a command."""

    format: LogFormat = "text"
    level: LogLevel = "warning"


@dataclass(frozen=True)
class CommandLine(Generic[Options]):
    """What the user can write after the name of one command. It does not know what the command does.

    Attributes:
        summary: One line for the list of commands.
        usage: The command line in short.
        description: Paragraphs above the options in the help.
        epilog: Paragraphs below the options in the help.
        options: Table of the options.
        complete: Makes valid options of what the user gave. It receives the environment, and raises ``UsageError``.
        log_settings: Chooses format and level of the log.
        takes_others: Whether ``complete`` deals with arguments that belong to no option of the table.
    """

    summary: str
    usage: str
    description: str
    epilog: str
    options: type[Options]
    complete: Callable[[Readout, Mapping[str, str]], Options]
    log_settings: Callable[[Options], LogSettings] = lambda options: LogSettings()
    takes_others: bool = False

    def help(self, more: str = "") -> str:
        """Return the complete help, with ``more`` below the description."""
        return help_text(self.options, self.usage, "\n\n".join(filter(None, (self.description, more))), self.epilog)

    def parse(self, arguments: Sequence[str], environ: Mapping[str, str]) -> Options:
        """Return complete and valid options.

        Args:
            arguments: The command line after the command's name.
            environ: The environment.

        Raises:
            UsageError: An option is unknown, or a value is invalid. Nothing was started, opened or sent.
        """
        readout = read(self.options, arguments, environ)
        if readout.left and not self.takes_others:
            raise stray(readout.left[0], options_of(self.options))
        return self.complete(readout, environ)
