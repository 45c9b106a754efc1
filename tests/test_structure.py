"""The tests are the same tree as the product: a module's test has its name and its place."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MOST_LINES = 330

OPTION_TABLE = "a table of options; tests/pipeline/options/test_run.py reads each of them in all its forms"
WORDS = "words without a rule; the tests of the modules that look them up show what they are for"
WITHOUT_OWN_TEST = {
    "pipeline/execute.py": "the wiring of a run; tests/pipeline/test_run.py and its neighbours run it in all its ways",
    "pipeline/observation.py": "what watches a run; tests/pipeline/test_run.py and test_metrics.py run it",
    "pipeline/options/files.py": OPTION_TABLE,
    "pipeline/options/model.py": OPTION_TABLE,
    "pipeline/options/reports.py": OPTION_TABLE,
    "pipeline/workers/job.py": "the wiring of a worker's graph; tests/pipeline/workers/test_worker.py runs it",
    "pipeline/report/write.py": "three calls; tests/pipeline/report/test_command.py runs them",
    "transforms/engine/chunk_prompt.py": "tests/transforms/engine/test_chunk_translator.py looks at its requests",
    "transforms/errors.py": "a tree of exceptions without code",
    "transforms/fleet/jobs.py": "two records without a rule",
    "transforms/fleet/dispatch/sent_request.py": "a record without a rule",
    "transforms/text/words/language_words.py": WORDS,
}
"""Modules without a test of their own, each with the reason."""


def files() -> list[Path]:
    found = [path for package in ("pipeline", "transforms") for path in (ROOT / package).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in found)


def modules() -> list[Path]:
    return [file for file in files() if not file.stem.startswith("__")]


def own_test(module: Path) -> Path:
    return Path("tests", *module.parts[:-1], f"test_{module.name}")


def test_every_module_has_a_test_of_its_name() -> None:
    missing = {str(module) for module in modules() if not (ROOT / own_test(module)).exists()}
    assert missing - WITHOUT_OWN_TEST.keys() == set()


def test_no_exemption_is_out_of_date() -> None:
    there = {str(module) for module in modules()}
    tested = {name for name in WITHOUT_OWN_TEST if (ROOT / own_test(Path(name))).exists()}
    assert WITHOUT_OWN_TEST.keys() - there | tested == set()


def test_no_module_is_too_long_to_read() -> None:
    lines = {str(module): len((ROOT / module).read_text("utf-8").splitlines()) for module in modules()}
    assert not {module: number for module, number in lines.items() if number > MOST_LINES}


def import_name(file: Path) -> str:
    """``pipeline.tune.load`` for ``pipeline/tune/load.py``, ``pipeline.tune`` for ``pipeline/tune/__init__.py``."""
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def imports(code: str, known: set[str]) -> set[str]:
    """The known modules that the code imports, also in functions and for type checkers only."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, "a relative import"
            assert node.level == 0, "a relative import"
            names = (f"{node.module}.{each.name}" for each in node.names)
            found |= {name if name in known else node.module for name in names}
    return found & known


def test_imports_are_found_wherever_they_stand() -> None:
    code = """
        import os, a.first
        from a import second
        from a.third import name
        if TYPE_CHECKING:
            from a.fourth import Name
        def late():
            from a import fifth
    """
    submodules = {f"a.{name}" for name in ("first", "second", "third", "fourth", "fifth")}
    assert imports(textwrap.dedent(code), submodules | {"a", "a.sixth"}) == submodules
    assert imports("from a import second, VERSION", submodules | {"a"}) == {"a", "a.second"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    names = {import_name(file): file for file in files()}
    arrows = {name: imports((ROOT / file).read_text("utf-8"), set(names)) for name, file in names.items()}
    assert arrows["pipeline.cli"] >= {"pipeline.commands", "pipeline.exit_codes", "transforms.masking"}
    TopologicalSorter(arrows).prepare()  # raises CycleError, which names the modules of a circle


LAYERS = (
    (
        ("transforms.text.words",),
        ("transforms.text.quantities", "transforms.text.request", "transforms.text.signs"),
        ("transforms.text.stripping",),
        ("transforms.text.meaning",),
        ("transforms.text.checks",),
        ("transforms.text.candidates",),
    ),
    (
        ("transforms.fleet.http",),
        ("transforms.fleet.host",),
        ("transforms.fleet.dispatch",),
        ("transforms.fleet.fleet",),
    ),
)
"""What imports only from its own line and from those above it, as ARCHITECTURE.md has it."""


def layer_of(module: str, lines: Sequence[tuple[str, ...]]) -> int | None:
    return next((number for number, line in enumerate(lines) if module.startswith(line)), None)


@pytest.mark.parametrize("lines", LAYERS)
def test_packages_are_layers(lines: Sequence[tuple[str, ...]]) -> None:
    names = {import_name(file): file for file in files()}
    arrows = {name: imports((ROOT / file).read_text("utf-8"), set(names)) for name, file in names.items()}
    upwards = {
        (name, other)
        for name, others in arrows.items()
        for other in others
        if (own := layer_of(name, lines)) is not None
        and (theirs := layer_of(other, lines)) is not None
        and theirs > own
    }
    assert upwards == set()
    assert {layer_of(name, lines) for name in names} == {None, *range(len(lines))}
