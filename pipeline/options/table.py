"""Option tables: each option is one field of a frozen dataclass; parsing, environment and help follow from the fields.

>>> @dataclass(frozen=True)
... class Example:
...     num_ctx: int = option(
...         4096, parse=whole(512), help="context of a request in tokens", group="Model", metavar="TOKENS"
...     )
>>> read(Example, ["--num-ctx=2048"], {}).values
{'num_ctx': 2048}

The option has the field's name: ``--num_ctx`` or ``--num-ctx``, and ``TRANSLATE_NUM_CTX`` in the environment. The
command line takes precedence over the environment, and the environment over the default. An empty variable is ignored.
"""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, NoReturn, TypeVar

from pipeline.options.values import boolean
from transforms.errors import UsageError

T = TypeVar("T")

ENV_PREFIX = "TRANSLATE_"


@dataclass(frozen=True)
class Option:
    """How an option is parsed and described.

    Attributes:
        parse: Converts text to the value; see ``pipeline.options.values``. For a repeatable option it returns a tuple,
            and the tuples are concatenated.
        help: One sentence without its full stop.
        group: Heading in the help text.
        metavar: Name of the value in the help text; empty for a flag, which takes no value.
        shown: The default as the help text shows it; empty to show none.
        bare: Text that is parsed when the option is given without a value; None if it needs a value.
        repeated: Whether the option may be given several times.
        separators: Characters that may separate values in an environment variable; the first one that occurs does.
        variables: Environment variables that are read after ``TRANSLATE_<NAME>``; the first one that is set counts.
        secret: Whether error messages must not show the value.
    """

    parse: Callable[[str], Any]
    help: str
    group: str
    metavar: str
    shown: str
    bare: str | None = None
    repeated: bool = False
    separators: str = ""
    variables: tuple[str, ...] = ()
    secret: bool = False


@dataclass(frozen=True)
class Readout:
    """Options as the user gave them.

    Attributes:
        values: Parsed values by option name; options that were not given are absent.
        places: Where each option was given, by its name: ``--num_ctx`` or ``TRANSLATE_NUM_CTX``.
        left: Arguments that belong to no option of the table, in order.
    """

    values: dict[str, Any]
    places: dict[str, str]
    left: list[str]


def option(
    default: T,
    *,
    parse: Callable[[str], T],
    help: str,
    group: str,
    metavar: str,
    shown: str | None = None,
    bare: str | None = None,
) -> T:
    """Declare an option with one value; if it is given several times, the last one counts."""
    if shown is None:
        shown = "" if default is None or default == "" else str(default)
    return _field(default, Option(parse, help, group, metavar, shown, bare))


def flag(*, help: str, group: str) -> bool:
    """Declare an option without a value, False unless given; its environment variable has a value."""
    return _field(False, Option(boolean, help, group, metavar="", shown="", bare="true"))


def repeated(
    default: tuple[T, ...] = (),
    *,
    parse: Callable[[str], tuple[T, ...]],
    help: str,
    group: str,
    metavar: str,
    shown: str = "",
    separators: str = "\n,",
    variables: tuple[str, ...] = (),
    secret: bool = False,
) -> tuple[T, ...]:
    """Declare an option that may be given several times; equal values count once."""
    return _field(
        default,
        Option(
            parse,
            help,
            group,
            metavar,
            shown,
            repeated=True,
            separators=separators,
            variables=variables,
            secret=secret,
        ),
    )


def same_as(table: type, name: str, **changes: Any) -> Any:
    """Declare the option ``name`` of another table, with some attributes changed; ``default`` changes the default."""
    (found,) = (each for each in fields(table) if each.name == name)
    default = changes.pop("default", found.default)
    return field(default=default, metadata={"option": replace(found.metadata["option"], **changes)})


def _field(default: T, described: Option) -> T:
    return field(default=default, metadata={"option": described})


def options_of(table: type) -> dict[str, Option]:
    """Return the options of a table by name, in order of its fields."""
    return {
        each.name: _with_variables(each.name, each.metadata["option"])
        for each in fields(table)
        if "option" in each.metadata
    }


def _with_variables(name: str, described: Option) -> Option:
    return replace(described, variables=(f"{ENV_PREFIX}{name.upper()}", *described.variables))


def read(table: type, arguments: Sequence[str], environ: Mapping[str, str]) -> Readout:
    """Read the options of ``table`` from the command line and the environment.

    Raises:
        UsageError: A value is invalid or missing; the message names the option or variable, and the value.
    """
    options = options_of(table)
    given, left = _parser(options).parse_known_args(canonical(arguments, options))
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for name, described in options.items():
        texts = getattr(given, name)
        place = f"--{name}"
        if texts is None:
            place = next((variable for variable in described.variables if environ.get(variable, "").strip()), "")
            texts = _pieces(environ[place], described) if place else []
        if texts:
            places[name] = place
            values[name] = _value(place, described, texts)
    return Readout(values, places, left)


def canonical(arguments: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return the arguments with ``--num-ctx`` as ``--num_ctx``, for the known names."""
    known = set(names)
    result = []
    for argument in arguments:
        option_name, equals, value = argument.partition("=")
        snake = option_name[2:].replace("-", "_")
        result.append(f"--{snake}{equals}{value}" if argument.startswith("--") and snake in known else argument)
    return result


def proposal(wrong: str, names: Iterable[str]) -> str:
    """Return ``: did you mean --model?`` for the name that is most similar to ``wrong``; empty if none is similar.

    Args:
        wrong: The name as the user wrote it.
        names: Valid names, written as a user would write them.
    """
    plain = {_plain(name): name for name in reversed(list(names))}
    sought = _plain(wrong)
    # Abbreviations first: by similarity, a short correct prefix would lose against names of its own length.
    begun = [name for key, name in plain.items() if len(sought) > 1 and key.startswith(sought)]
    alike = [plain[key] for key in difflib.get_close_matches(sought, plain, 1, cutoff=0.7)]
    found = sorted(begun)[:3] or alike
    return f": did you mean {' or '.join(found)}?" if found else ""


def stray(argument: str, names: Iterable[str], others: Iterable[str] = ()) -> UsageError:
    """Return the error for an argument that belongs to no option.

    Args:
        argument: The argument as the user wrote it; the message shows an option's name without its value.
        names: Options that the user may have meant.
        others: Options that the user may have meant, but less likely.
    """
    if not argument.startswith("-"):
        return UsageError(f"unexpected argument {argument!r}: put the option's name before each value, and quote globs")
    option_name = argument.partition("=")[0]
    hint = proposal(option_name, _written([*names, "help"])) or proposal(option_name, _written(others))
    return UsageError(f"unknown option {option_name}{hint or ', see --help'}")


def _written(names: Iterable[str]) -> list[str]:
    return [f"--{name}" for name in names]


def misspelt_variables(environ: Mapping[str, str], tables: Iterable[type]) -> list[str]:
    """Return a sentence for each environment variable that looks like a misspelt one of ours."""
    names = [name for table in tables for name in options_of(table)]
    strange = [
        name.removeprefix(ENV_PREFIX)
        for name in sorted(environ)
        if name.startswith(ENV_PREFIX) and name.removeprefix(ENV_PREFIX).lower() not in names
    ]
    found = [(name, proposal(name, [each.upper() for each in names])) for name in strange]
    return [
        f"ignored the unknown variable {ENV_PREFIX}{name}{similar.replace('mean ', f'mean {ENV_PREFIX}')}"
        for name, similar in found
        if similar
    ]


def _plain(name: str) -> str:
    return re.sub(r"[-_]+", "_", name.lstrip("-").lower())


def help_text(table: type, usage: str, description: str, epilog: str) -> str:
    """Return the complete help of a command, with option groups in the order of the fields."""
    parser = _parser(options_of(table))
    parser.usage, parser.description, parser.epilog = usage, description, epilog
    return parser.format_help()


class _Parser(argparse.ArgumentParser):
    """Collects the texts of options; raises errors instead of exiting."""

    def error(self, message: str) -> NoReturn:
        message = re.sub(r"^argument (--\w+): ", r"\1 ", message)
        message = message.replace("expected one argument", "needs a value")
        raise UsageError(message.replace("ignored explicit argument", "takes no value, but has"))


def _parser(options: Mapping[str, Option]) -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False, formatter_class=_formatter)
    groups: dict[str, Any] = {}
    for name, described in options.items():
        if described.group not in groups:
            groups[described.group] = parser.add_argument_group(described.group)
        more: dict[str, Any] = {"action": "append", "metavar": described.metavar}
        if not described.metavar:
            more = {"action": "append_const", "const": described.bare}
        elif described.bare is not None:
            more |= {"nargs": "?", "const": described.bare}
        groups[described.group].add_argument(f"--{name}", dest=name, help=_described(described), **more)
    return parser


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=30, width=110)


def _described(described: Option) -> str:
    notes = ["repeatable"] if described.repeated else []
    notes += [f"default: {described.shown}"] if described.shown else []
    notes += [f"env: {', '.join(described.variables)}"]
    return f"{described.help} ({'; '.join(notes)})".replace("%", "%%")


def _pieces(variable: str, described: Option) -> list[str]:
    separator = next((character for character in described.separators if character in variable), None)
    return [piece.strip() for piece in variable.split(separator) if piece.strip()] if separator else [variable.strip()]


def _value(place: str, described: Option, texts: Sequence[str]) -> Any:
    if not described.repeated:
        return _parsed(place, described, texts[-1])
    return tuple(dict.fromkeys(value for each in texts for value in _parsed(place, described, each)))


def _parsed(place: str, described: Option, value: str) -> Any:
    try:
        return described.parse(value)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None
    except ValueError as error:
        shown = "" if described.secret else f", got {value!r}"
        raise UsageError(f"{place} {error}{shown}") from None
