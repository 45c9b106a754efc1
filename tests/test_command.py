"""The installed command: what it says when something else of the user's has the name of one of its packages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from beam_ollama_translate import PACKAGES, main, shadowing
from transforms import __version__

ROOT = Path(__file__).resolve().parents[1]


def run_module(name: str, directory: Path, *path: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    command = [sys.executable, "-m", name, "--version"]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


def test_the_version_has_one_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"beam-ollama-translate {__version__}\n"
    assert re.findall(r'^version = "', (ROOT / "pyproject.toml").read_text(), re.MULTILINE) == []


def test_nothing_is_shadowed_here() -> None:
    assert shadowing() is None


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("kind", ["module", "package"])
def test_a_file_or_folder_that_hides_a_package_is_named(tmp_path: Path, package: str, kind: str) -> None:
    if kind == "module":
        hiding = tmp_path / f"{package}.py"
        hiding.write_text("print('the user`s own code')\n")
    else:
        hiding = tmp_path / package
        hiding.mkdir()
        (hiding / "__init__.py").write_text("print('the user`s own code')\n")
    done = run_module("beam_ollama_translate", tmp_path, ROOT)
    assert done.returncode == 2
    assert done.stdout == ""
    assert str(hiding.resolve()) in done.stderr
    assert "hides the package" in done.stderr
    assert "Traceback" not in done.stderr


def test_python_m_pipeline_names_a_hidden_transforms(tmp_path: Path) -> None:
    (tmp_path / "transforms.py").write_text("print('the user`s own code')\n")
    done = run_module("pipeline", tmp_path, ROOT)
    assert done.returncode == 2
    assert "hides the package 'transforms'" in done.stderr
    assert done.stdout == ""


def test_a_folder_of_data_with_such_a_name_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "reports.jsonl").write_text("")
    done = run_module("beam_ollama_translate", tmp_path, ROOT)
    assert (done.returncode, done.stdout) == (0, f"beam-ollama-translate {__version__}\n")
