"""Options as a table: each option is one field of a frozen dataclass, and all else follows from the fields.

>>> @dataclass(frozen=True)
... class Example:
...     num_ctx: int = option(4096, whole(512), "context of a request in tokens", "Model", "TOKENS")
>>> read(Example, ["--num-ctx=2048"], {}).values
{'num_ctx': 2048}

The field's name is the option's: ``--num_ctx`` (``--num-ctx`` is the same), and ``TRANSLATE_NUM_CTX`` in the
environment. The command line comes before the environment, which comes before the default. An empty variable counts as
none.
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
    """How an option is read and described.

    Attributes:
        parse: From text to value; see ``pipeline.options.values``. Of an option that may be repeated: to a tuple, and
            the tuples of all texts are joined.
        help: A sentence without its full stop.
        group: The heading in the help text.
        metavar: The value's name in the help text; empty for a flag, which takes no value.
        shown: The default as the help text shows it; empty if there is none to show.
        bare: The text that stands for the option when it is given without a value; None if it needs one.
        repeated: Whether it may be given more than once.
        separators: What separates values in a variable, the first that occurs: a variable can't be repeated.
        variables: Its variables after ``TRANSLATE_<NAME>``; the first that is set counts.
        secret: Whether a wrong value must not be shown.
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
    """What was given.

    Attributes:
        values: Of the options that were given, by name.
        places: Where each was given: ``--num_ctx`` or ``TRANSLATE_NUM_CTX``.
        left: Arguments that are none of these options, in order.
    """

    values: dict[str, Any]
    places: dict[str, str]
    left: list[str]


def option(
    default: T,
    parse: Callable[[str], T],
    help: str,
    group: str,
    metavar: str,
    shown: str | None = None,
    bare: str | None = None,
) -> T:
    """A field with a value that may be given once (of several, the last counts)."""
    if shown is None:
        shown = "" if default is None or default == "" else str(default)
    return _field(default, Option(parse, help, group, metavar, shown, bare))


def flag(help: str, group: str) -> bool:
    """A field that is False unless the option is given, without a value; a variable has one."""
    return _field(False, Option(boolean, help, group, "", "", bare="true"))


def repeated(
    parse: Callable[[str], tuple[T, ...]],
    help: str,
    group: str,
    metavar: str,
    default: tuple[T, ...] = (),
    shown: str = "",
    separators: str = "\n,",
    variables: tuple[str, ...] = (),
    secret: bool = False,
) -> tuple[T, ...]:
    """A field with the values of an option that may be repeated, each once."""
    return _field(
        default,
        Option(parse, help, group, metavar, shown, None, True, separators, variables, secret),
    )


def same_as(table: type, name: str, **changes: Any) -> Any:
    """A field with an option of another command, with some of its attributes changed; ``default`` is the value's."""
    (found,) = (each for each in fields(table) if each.name == name)
    default = changes.pop("default", found.default)
    return field(default=default, metadata={"option": replace(found.metadata["option"], **changes)})


def _field(default: T, described: Option) -> T:
    return field(default=default, metadata={"option": described})


def options_of(table: type) -> dict[str, Option]:
    """The options of a dataclass by name, in order; fields of another kind are left out."""
    return {
        each.name: _with_variables(each.name, each.metadata["option"])
        for each in fields(table)
        if "option" in each.metadata
    }


def _with_variables(name: str, described: Option) -> Option:
    return replace(described, variables=(f"{ENV_PREFIX}{name.upper()}", *described.variables))


def read(table: type, arguments: Sequence[str], environ: Mapping[str, str]) -> Readout:
    """Reads the options of ``table`` from the command line, then from the environment.

    Raises:
        UsageError: A value is wrong or missing. It names the option or the variable, and the value.
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
    """The arguments with ``--num-ctx`` as ``--num_ctx``, for the names that are known."""
    known = set(names)
    result = []
    for argument in arguments:
        option_name, equals, value = argument.partition("=")
        snake = option_name[2:].replace("-", "_")
        result.append(f"--{snake}{equals}{value}" if argument.startswith("--") and snake in known else argument)
    return result


def proposal(wrong: str, names: Iterable[str]) -> str:
    """``: did you mean --model?`` for what looks most like ``wrong``, else nothing.

    Args:
        wrong: As written.
        names: What it may have been meant for, as it would be written.
    """
    plain = {_plain(name): name for name in reversed(list(names))}
    sought = _plain(wrong)
    # What was begun rightly, abbreviations above all, is no typing error: likeness would judge by the length.
    begun = [name for key, name in plain.items() if len(sought) > 1 and key.startswith(sought)]
    alike = [plain[key] for key in difflib.get_close_matches(sought, plain, 1, cutoff=0.7)]
    found = sorted(begun)[:3] or alike
    return f": did you mean {' or '.join(found)}?" if found else ""


def stray(argument: str, names: Iterable[str], others: Iterable[str] = ()) -> UsageError:
    """What to say of an argument that belongs to nothing.

    Args:
        argument: As written; only an option's name is told, not its value.
        names: Of options that it may have been meant for.
        others: More such names, for which it was less likely meant.
    """
    if not argument.startswith("-"):
        return UsageError(f"unexpected argument {argument!r}: every value needs its option, and a glob needs quotes")
    option_name = argument.partition("=")[0]
    hint = proposal(option_name, _written([*names, "help"])) or proposal(option_name, _written(others))
    return UsageError(f"unknown option {option_name}{hint or ', see --help'}")


def _written(names: Iterable[str]) -> list[str]:
    return [f"--{name}" for name in names]


def misspelt_variables(environ: Mapping[str, str], tables: Iterable[type]) -> list[str]:
    """A sentence for each variable that looks like a misspelt one; others may belong to something else."""
    names = [name for table in tables for name in options_of(table)]
    strange = [
        name.removeprefix(ENV_PREFIX)
        for name in sorted(environ)
        if name.startswith(ENV_PREFIX) and name.removeprefix(ENV_PREFIX).lower() not in names
    ]
    found = [(name, proposal(name, [each.upper() for each in names])) for name in strange]
    return [
        f"no option has the variable {ENV_PREFIX}{name}{similar.replace('mean ', f'mean {ENV_PREFIX}')}"
        for name, similar in found
        if similar
    ]


def _plain(name: str) -> str:
    return re.sub(r"[-_]+", "_", name.lstrip("-").lower())


def help_text(table: type, usage: str, description: str, epilog: str) -> str:
    """The complete help of a command, option groups in the order of the fields."""
    parser = _parser(options_of(table))
    parser.usage, parser.description, parser.epilog = usage, description, epilog
    return parser.format_help()


class _Parser(argparse.ArgumentParser):
    """Collects texts; errors are raised instead of ending the process."""

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
