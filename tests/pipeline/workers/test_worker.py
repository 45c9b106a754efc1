"""A worker process whose launcher is this test."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.options.run import RUN
from pipeline.plan import make_plan
from pipeline.resume import ResumedPlan, compare
from pipeline.workers.messages import Channel, Figures, Finished, NextTask, Setup, Stop
from tests.conftest import MakeHost
from tests.pipeline.workers.processes import reports
from transforms.configuration import configuration_of, make_recipe, read_translation_settings
from transforms.engine.deduplicator import NO_MEMORY
from transforms.fleet.host.preflight import UsableHosts
from transforms.source.read_tasks import read_tasks

PATIENCE_SECONDS = 60.0


class Started:
    """A process, and the launcher's end of its socket."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE_SECONDS)
        with theirs:
            self.process = subprocess.Popen([sys.executable, "-m", "pipeline.workers"], stdin=theirs.fileno())
        self.channel = Channel(ours)


@pytest.fixture
def worker() -> Iterator[Started]:
    started = Started()
    yield started
    started.channel.close()
    started.process.kill()
    started.process.wait()


def setup_of(tmp_path: Path, url: str) -> tuple[Setup, ResumedPlan]:
    arguments = ["--input", str(reports(tmp_path, 100, 100)), "--output", str(tmp_path / "out"), "--hosts", url]
    options = RUN.parse([*arguments, "--unit_rows", "50", "--log_level", "debug"], {})
    settings = read_translation_settings(configuration_of(options))
    plan = make_plan(options)
    recipe = make_recipe(settings, plan.text_columns, {})
    resumed = ResumedPlan(plan, recipe, UsableHosts(), compare(plan, recipe, {}, overwrite=False))
    return Setup(options, settings, resumed, NO_MEMORY, "", 0, 2), resumed


def test_it_asks_for_tasks_tells_its_figures_and_ends_by_itself(
    sandbox_host: MakeHost, worker: Started, tmp_path: Path
) -> None:
    setup, resumed = setup_of(tmp_path, sandbox_host().url)
    tasks = [*read_tasks(resumed.resumption.left_groups), None]
    assert len(tasks) == 3
    worker.channel.send(setup)
    figures = []
    while not isinstance(message := worker.channel.receive(), Finished):
        if isinstance(message, NextTask):
            worker.channel.send(tasks.pop(0))
        elif isinstance(message, Figures):
            figures.append(message)
        else:
            assert isinstance(message, logging.LogRecord)
    assert message.error is None
    assert tasks == []
    assert figures[-1].snapshot.texts == 100
    assert worker.process.wait(PATIENCE_SECONDS) == 0
    assert len(list((tmp_path / "out").glob("part-*"))) == 2


def test_it_ends_when_it_is_told_to_before_it_has_an_engine(worker: Started, tmp_path: Path) -> None:
    setup, _ = setup_of(tmp_path, "http://127.0.0.1:9")
    worker.channel.send(setup)
    worker.channel.send(Stop())
    assert worker.process.wait(PATIENCE_SECONDS) == 0


def test_it_ends_at_once_when_its_launcher_is_gone(worker: Started, tmp_path: Path) -> None:
    setup, _ = setup_of(tmp_path, "http://127.0.0.1:9")
    worker.channel.send(setup)
    assert isinstance(worker.channel.receive(), logging.LogRecord | NextTask | Figures)  # it has begun
    worker.channel.close()
    assert worker.process.wait(PATIENCE_SECONDS) == 1
