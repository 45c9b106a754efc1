"""A real run with report and metrics."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.cli import main
from pipeline.report.run_files import read_runs
from tests.conftest import MakeHost
from tests.pipeline.console.restored_logging import restored_logging
from tests.ports import free_port
from transforms.sink.output_directory import OutputDirectory

ROWS = 60


@pytest.fixture
def arguments(tmp_path: Path, sandbox_host: MakeHost) -> Iterator[list[str]]:
    host = sandbox_host(
        num_parallel=4, tokens_per_second=400.0, faults=[{"kind": "busy_503", "share": 0.2, "first_try_only": True}]
    )
    texts = [f"Le technicien a remplacé la pompe numéro {row} du bâtiment." for row in range(ROWS)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "reports.parquet")
    with restored_logging():
        yield ["--input", str(tmp_path / "reports.parquet"), "--output", str(tmp_path / "out"), "--hosts", host.url]


def test_a_run_leaves_a_report_and_its_time_series(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--report", "--progress", "off"]) == 0
    html = (tmp_path / "out" / "_report.html").read_text("utf-8")
    assert f"All {ROWS} rows are complete" in html
    assert "Le technicien" not in html
    assert f"report: {tmp_path}/out/_report.html" in capsys.readouterr().err
    (run,) = read_runs(OutputDirectory(str(tmp_path / "out")))
    assert run.record.summary is not None
    assert run.record.summary == json.loads((tmp_path / "out" / "_summary.json").read_bytes())
    assert (run.record.rows_in, run.record.texts) == (ROWS, ROWS)
    last = run.samples[-1]
    assert (last.texts, dict(last.statuses), dict(last.origins)) == (ROWS, {"ok": ROWS}, {"generated": ROWS})
    (host,) = last.hosts
    assert host.answers == ROWS
    assert host.failures["busy"] > 0
    assert host.eval_ns > 0
    # A run with nothing to do is not recorded.
    assert main([*arguments, "--progress", "off"]) == 0
    assert len(read_runs(OutputDirectory(str(tmp_path / "out")))) == 1


def test_metrics_are_served_while_a_run_lasts(arguments: list[str]) -> None:
    port = free_port()
    seen: list[str] = []
    ended = threading.Event()

    def poll() -> None:
        while not ended.wait(0.01):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                connection.request("GET", "/metrics")
                seen.append(connection.getresponse().read().decode())
            except OSError:
                continue
            finally:
                connection.close()

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        assert main([*arguments, "--metrics_port", str(port), "--progress", "off"]) == 0
    finally:
        ended.set()
        thread.join()
    assert any('translate_texts_total{status="ok"}' in text for text in seen)
    with pytest.raises(ConnectionError):
        http.client.HTTPConnection("127.0.0.1", port, timeout=30).request("GET", "/metrics")


def test_a_metrics_port_in_use_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main([*arguments, "--metrics_port", str(port), "--progress", "off"]) == 2
    assert f"cannot serve metrics on 127.0.0.1:{port}" in capsys.readouterr().err
