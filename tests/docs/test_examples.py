"""Examples of the documentation are valid: commands by the real option parsers, JSON, Python, make targets."""

from __future__ import annotations

import ast
import json
import re
import shlex
from pathlib import Path

import pytest

from pipeline.commands import COMMANDS
from tests.docs.markdown import ROOT, Block, all_blocks, commands

_OURS = re.compile(
    r"(?:\S*beam-ollama-translate|\S*python\S* -m (?:pipeline|beam_ollama_translate)) +(?P<rest>-.*|[a-z]+ .*)"
)
_END = {"|", ">", ">>", "2>>", "&", "&&", ";"}


def our_command_lines() -> list[tuple[str, str]]:
    """Page and arguments of each example of our command, in shell blocks and in inline code."""
    found = [(str(block), line) for block in all_blocks("sh", "text", "cron") for line in commands(block.text)]
    for block in all_blocks("python"):
        found += [(str(block), "".join(ast.literal_eval(match) for match in _bash_commands(block)))]
    return [(page, match["rest"]) for page, line in found if (match := _OURS.search(line))]


def _bash_commands(block: Block) -> list[str]:
    calls = (node for node in ast.walk(ast.parse(block.text)) if isinstance(node, ast.keyword))
    return [ast.unparse(node.value) for node in calls if node.arg == "bash_command"]


def arguments_of(line: str) -> list[str]:
    """The arguments up to a redirection, a pipe or a comment."""
    rendered = re.sub(r"\{\{ *ds *\}\}", "2026-01-01", line)  # as Airflow does
    words = shlex.split(rendered, comments=True)
    end = next((index for index, word in enumerate(words) if word in _END), len(words))
    return words[:end]


EXAMPLES = our_command_lines()


def test_examples_are_found() -> None:
    assert len(EXAMPLES) >= 20
    assert {"doctor", "tune", "evaluate", "memory"} <= {line.split()[0] for _, line in EXAMPLES}


@pytest.mark.parametrize(("page", "line"), EXAMPLES)
def test_commands_parse(page: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = arguments_of(line)
    if arguments == ["--version"]:
        return
    name = arguments.pop(0) if not arguments[0].startswith("-") else "run"
    # Absolute paths of the examples need not exist, nor be writable, where the tests run.
    command_line = COMMANDS[name].line
    assert command_line.parse([argument.replace("/data/", f"{tmp_path}/") for argument in arguments], {}) is not None


@pytest.mark.parametrize("block", all_blocks("json"), ids=str)
def test_json_parses(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", all_blocks("python"), ids=str)
def test_python_parses(block: Block) -> None:
    assert ast.parse(block.text).body


@pytest.mark.parametrize("block", all_blocks("sh"), ids=str)
def test_make_targets_exist(block: Block) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for line in commands(block.text):
        words = shlex.split(line, comments=True)
        if words[:1] == ["make"]:
            assert {word for word in words[1:] if "=" not in word} <= targets


@pytest.mark.parametrize("block", all_blocks("sh"), ids=str)
def test_modules_of_the_examples_exist(block: Block) -> None:
    for name in re.findall(r"python -m (benchmarks\.\w+)", block.text):
        path = ROOT / name.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), name
