"""The tests are the same tree as the product: a module's test has its name and its place."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

MOST_LINES = 330

OPTION_TABLE = "a table of options; tests/pipeline/options/test_run.py reads each of them in all its forms"
WORDS = "words without a rule; the tests of the modules that look them up show what they are for"
WITHOUT_OWN_TEST = {
    "pipeline/execute.py": "the wiring of a run; tests/pipeline/test_run.py and its neighbours run it in all its ways",
    "pipeline/execution.py": "a record without a rule",
    "pipeline/observation.py": "what watches a run; tests/pipeline/test_run.py and test_metrics.py run it",
    "pipeline/options/files.py": OPTION_TABLE,
    "pipeline/options/model.py": OPTION_TABLE,
    "pipeline/options/reports.py": OPTION_TABLE,
    "pipeline/workers/job.py": "the wiring of a worker's graph; tests/pipeline/workers/test_worker.py runs it",
    "pipeline/report/write.py": "three calls; tests/pipeline/report/test_command.py runs them",
    "transforms/engine/chunk_prompt.py": "tests/transforms/engine/test_chunk_translator.py looks at its requests",
    "transforms/errors.py": "a tree of exceptions without code",
    "transforms/fleet/jobs.py": "two records without a rule",
    "transforms/fleet/sent_request.py": "a record without a rule",
    "transforms/text/language_words.py": WORDS,
}
"""Modules without a test of their own, each with the reason."""


def modules() -> list[Path]:
    found = [path for package in ("pipeline", "transforms") for path in (ROOT / package).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in found if not path.stem.startswith("__"))


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
