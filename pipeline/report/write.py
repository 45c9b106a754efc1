"""Write the report of an output."""

from __future__ import annotations

from datetime import datetime, timezone

from pipeline.report.figures import read_figures
from pipeline.report.page import render
from pipeline.report.worst_rows import worst_rows
from transforms.sink.output_directory import OutputDirectory

REPORT_FILE = "_report.html"


def write_report(output: OutputDirectory, texts: int = 0) -> str:
    """Write the page into the output and return its address.

    Args:
        output: The output of a run.
        texts: Number of rows to show with their texts.

    Raises:
        UsageError: The directory holds no output of a run.
        RunFailed: A file can't be read, or the page can't be written.
    """
    figures = read_figures(output)
    worst = worst_rows(output, figures, texts) if texts else []
    page = render(figures, datetime.now(timezone.utc), worst)
    output.write_bytes(REPORT_FILE, page.encode("utf-8", "replace"))
    return output.path_of(REPORT_FILE)
