"""The first lines of a run, of a real plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.console.introduction import introduction
from pipeline.options.run import RunOptions
from pipeline.plan import make_plan
from pipeline.resume import ResumedPlan, compare
from transforms.configuration import configuration_of, make_recipe, read_translation_settings
from transforms.fleet.host.preflight import Problem, UsableHosts

HOSTS = UsableHosts(
    {"mistral:latest": "fd2cae7b2882" + "0" * 52},
    {"http://gpu0:11434": "0.33.0", "http://gpu1:11434": ""},
    {"http://gpu2:11434": Problem("connection refused", None)},
)


@pytest.fixture
def options(tmp_path: Path) -> RunOptions:
    for name, rows in (("a", 30), ("b", 1)):
        pq.write_table(pa.table({"text": ["Bonjour."] * rows}), tmp_path / f"{name}.parquet")
    return RunOptions(input=(f"{tmp_path}/*.parquet",), output=str(tmp_path / "out"), unit_rows=10)


def resumed(options: RunOptions, hosts: UsableHosts = HOSTS) -> ResumedPlan:
    plan = make_plan(options)
    recipe = make_recipe(read_translation_settings(configuration_of(options)), plan.text_columns, hosts.digests)
    return ResumedPlan(plan, recipe, hosts, compare(plan, recipe, {}, overwrite=False))


def test_five_lines_say_what_where_to_with_what_and_how_long(options: RunOptions) -> None:
    given = replace(options, num_ctx=2048, domain="incident reports", overwrite=True)
    what, left, model, others = introduction(given, resumed(given), rows_per_second=0.5)
    assert what == f"translating column text of 31 rows in 2 files to {options.output}"
    assert left == "4 parts (0 already complete); 31 rows left, about 1 min 2 s at the speed of the previous run"
    assert model == (
        "model mistral (fd2cae7b2882) on 2 hosts: gpu0:11434 (Ollama 0.33.0), gpu1:11434; 1 host not usable now"
    )
    assert others == "options: --unit_rows 10 --overwrite --domain 'incident reports' --num_ctx 2048"


def test_without_an_earlier_run_it_says_where_the_time_comes_from(options: RunOptions) -> None:
    lines = list(introduction(options, resumed(options, UsableHosts())))
    assert "--dry_run estimates it beforehand" in lines[1]
    assert not any(line.startswith("model") for line in lines), "no host was asked"


def test_secrets_are_masked(options: RunOptions) -> None:
    given = replace(options, memory="redis://:geheim@cache:6379/0")
    lines = list(introduction(given, resumed(given)))
    assert "geheim" not in "\n".join(lines)
    assert any("redis://***@cache:6379/0" in line for line in lines)
