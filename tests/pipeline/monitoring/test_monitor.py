from __future__ import annotations

import logging
import threading

import pytest

from pipeline.monitoring import monitor as monitoring
from pipeline.monitoring.monitor import Monitor
from pipeline.monitoring.status import RunStatus, Workload
from tests.pipeline.console.restored_logging import restored_logging
from tests.pipeline.monitoring.snapshots import host, snapshot, traffic

FIGURES = snapshot(30, 3_000, host("http://gpu0:11434", made=traffic(30, 600)), statuses={"ok": 30})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitoring, "SAMPLE_SECONDS", 0.001)


def test_observers_see_each_status_and_the_last_one_is_taken_at_the_end() -> None:
    seen: list[RunStatus] = []
    several = threading.Event()

    def observe(status: RunStatus) -> None:
        seen.append(status)
        if len(seen) >= 3:
            several.set()

    with Monitor("off", Workload(60), [observe], lambda: FIGURES) as monitor:
        assert several.wait(30)
        monitor.follow(lambda: snapshot(60, 6_000))
    assert seen[0].figures.texts == 30
    assert seen[-1].figures.texts == 60
    assert seen[-1] is monitor.last
    assert seen[-1].eta_seconds == 0.0


def test_plain_progress_is_a_log_line_with_its_figures_now_and_then(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(monitoring, "PLAIN_SECONDS", 0.002)
    done = threading.Event()

    class Seen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            done.set()

    handler = Seen()
    monitoring.LOG.addHandler(handler)
    try:
        with (
            caplog.at_level(logging.INFO, "pipeline"),
            Monitor("plain", Workload(60, 6_000), figures=lambda: FIGURES),
        ):
            assert done.wait(30)
    finally:
        monitoring.LOG.removeHandler(handler)
    record = caplog.records[0]
    assert record.getMessage().startswith("30 of 60 texts (50 %), ")
    assert "gpu0:11434 4/4" in record.getMessage()
    assert vars(record)["texts_total"] == 60


@pytest.mark.parametrize("mode", ["off", "rich"])
def test_other_modes_log_no_progress_and_all_leave_the_log_as_it_was(
    mode: monitoring.Mode, caplog: pytest.LogCaptureFixture
) -> None:
    several = threading.Event()
    with restored_logging():
        before = list(logging.getLogger("transforms").handlers)
        with (
            caplog.at_level(logging.INFO, "pipeline"),
            Monitor(mode, Workload(60), [lambda status: several.set()], lambda: FIGURES),
        ):
            assert several.wait(30)
            logging.getLogger("transforms.fleet.fleet").warning("gpu0 is busy")
        assert logging.getLogger("transforms").handlers == before
    assert [record.getMessage() for record in caplog.records] == ["gpu0 is busy"]


def test_events_of_the_run_are_part_of_its_status() -> None:
    with Monitor("off", Workload(60), figures=lambda: FIGURES) as monitor:
        logging.getLogger("transforms.fleet.fleet").warning("gpu0 is busy")
    assert monitor.last is not None
    assert [event.text for event in monitor.last.events] == ["gpu0 is busy"]
