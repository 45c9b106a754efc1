"""Write docs/options.md from the option tables of all commands: ``python docs/write_options.py``."""

from __future__ import annotations

from pathlib import Path

from pipeline.commands import COMMANDS
from pipeline.options.table import Option, options_of

PAGE = Path(__file__).with_name("options.md")

INTRODUCTION = """\
# Options

[README](../README.md) · [all pages](README.md)

<!-- Written by docs/write_options.py from the option tables; edit those, then run `make docs`. -->

- `--num_ctx 2048`, `--num_ctx=2048` and `--num-ctx 2048` are the same.
- Every option has an environment variable, `TRANSLATE_<NAME>`; options with further variables name them. The command
  line takes precedence over the environment, which takes precedence over the default.
  An empty variable counts as unset.
- In the environment, the values of a repeatable option are separated by commas or line breaks.
- `OLLAMA_API_KEY` is sent to https hosts as a bearer token; to plain http hosts only with `--allow_insecure_auth`.
- A mistyped option is an error that names the closest match.
- Apache Beam's own options are passed on to Beam: `--runner`, `--labels`, `--setup_file` and others; see
  [runners](runners.md).
"""


def options_page() -> str:
    """Return the whole page as Markdown."""
    return "\n".join([INTRODUCTION, *(_section(name, command.line.options) for name, command in COMMANDS.items())])


def _section(command: str, table: type) -> str:
    groups: dict[str, dict[str, Option]] = {}
    for name, option in options_of(table).items():
        groups.setdefault(option.group, {})[name] = option
    lines = [f"## {command}", ""]
    for group, options in groups.items():
        lines += [f"### {command}: {group.lower()}", "", "| option | default | meaning |", "|---|---|---|"]
        lines += [_row(name, option) for name, option in options.items()]
        lines.append("")
    return "\n".join(lines)


def _row(name: str, option: Option) -> str:
    value = f" {option.metavar}" if option.metavar else ""
    written = f"`--{name}{f' [{value.strip()}]' if value and option.bare is not None else value}`"
    notes = " (repeatable)" if option.repeated else ""
    further = option.variables[1:]
    variables = f"; also {', '.join(f'`{variable}`' for variable in further)}" if further else ""
    default = option.shown.replace("|", "\\|")
    meaning = option.help.replace("|", "\\|").replace("<", "&lt;")
    return f"| {written}{notes} | {default} | {meaning}{variables} |"


if __name__ == "__main__":
    PAGE.write_text(options_page(), encoding="utf-8")
