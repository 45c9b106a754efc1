"""Pages that repeat what the code defines are complete."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.exit_codes import ExitCode
from tests.docs.markdown import ROOT, pages
from transforms.sink.columns import added_columns, column_name
from transforms.sink.footers import KEYS, PREFIX
from transforms.text import flags

SOURCE_PATH = re.compile(r"`((?:pipeline|transforms|tests|benchmarks|docs|deploy|examples)/[\w./-]*)`")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_options_page_is_current() -> None:
    written = runpy.run_path(str(ROOT / "docs" / "write_options.py"))["options_page"]()
    assert page("docs/options.md") == written, "run `make docs`"


def test_the_columns_page_has_every_column_and_every_key_of_the_footer() -> None:
    text = page("docs/columns.md")
    names = [column_name("body", field) for field in added_columns(True, True)] + [f"{PREFIX}{key}" for key in KEYS]
    assert [name for name in names if f"| `{name}` |" not in text] == []


def test_the_flags_page_has_every_flag() -> None:
    text = page("docs/flags.md")
    unused = {"cache_hit"}
    assert {name for name in flags.HARD | flags.SOFT | flags.SOURCE if f"`{name}`" not in text} - unused == set()


@pytest.mark.parametrize("name", ["README.md", "docs/scheduling.md"])
def test_the_exit_codes_are_complete(name: str) -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|", page(name), re.MULTILINE)
    listed = {int(code) for row in rows for code in row.split(",")}
    assert listed == {int(code) for code in ExitCode}


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [("github-workflows", ".github/workflows/*.yml"), ("github-issue-forms", ".github/ISSUE_TEMPLATE/[!c]*.yml")],
)
def test_files_for_the_hosting_site_are_valid(schema: str, pattern: str) -> None:
    files = sorted(map(str, ROOT.glob(pattern)))
    assert files
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("document", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_source_files_that_are_named_exist(document: Path) -> None:
    named = SOURCE_PATH.findall(document.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []
