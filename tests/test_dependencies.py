"""Every package that the product imports is declared in pyproject.toml, and every declared one is imported."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import tomli

ROOT = Path(__file__).resolve().parents[1]
OWN = {"beam_ollama_translate", "pipeline", "transforms"}


def declared() -> dict[str, set[str]]:
    """Normalised names of the declared packages: those always installed under "", those of an extra under its name."""
    project = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {group: {normalised(re.split(r"[^\w.-]", line)[0]) for line in lines} for group, lines in groups.items()}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def imported() -> list[tuple[str, Path]]:
    """Third-party modules that the product imports anywhere, each with the file."""
    return list(_imported())


def _imported() -> Iterator[tuple[str, Path]]:
    files = [
        ROOT / "beam_ollama_translate.py",
        *(ROOT / "pipeline").rglob("*.py"),
        *(ROOT / "transforms").rglob("*.py"),
    ]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in OWN:
                    yield top, file


@pytest.mark.skipif(sys.version_info < (3, 11), reason="packages_distributions knows only some packages")
def test_every_import_is_declared() -> None:
    groups = declared()
    allowed = set().union(*(names for group, names in groups.items() if group != "dev"))
    providers = packages_distributions()
    missing = {
        (module, str(file.relative_to(ROOT)))
        for module, file in imported()
        if not {normalised(name) for name in providers.get(module, [module])} & allowed
    }
    assert missing == set()


def test_every_declared_dependency_is_imported() -> None:
    providers = packages_distributions()
    used = {normalised(name) for module, _ in imported() for name in providers.get(module, [module])}
    assert declared()[""] - used == set()


def test_the_constraints_name_every_declared_dependency() -> None:
    pinned = {line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    assert set().union(*declared().values()) - {"beam-ollama-translate"} - pinned == set()
