"""All figures of an output: counts from the footers of its parts, its runs, and a sample of its rows."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.report.row_sample import RowSample, read_sample
from pipeline.report.run_files import RecordedRun, read_runs
from transforms.errors import UsageError
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.recipe import Recipe
from transforms.sink.statistics import Statistics

LOG = logging.getLogger(__name__)

SUMMARY_FILE = "_summary.json"


@dataclass(frozen=True)
class Figures:
    """Everything that the report shows, apart from texts.

    Attributes:
        output: Address of the output.
        statistics: Counts over all parts, whichever run wrote them.
        parts: Number of parts.
        inputs: Number of input files.
        recipes: Recipes of the parts, most frequent first; more than one only while an output is redone.
        versions: Versions of the program that wrote the parts.
        summary: Content of ``_summary.json``: the last completed run; empty if there is none.
        runs: Recorded runs, oldest first.
        sample: A sample of the rows.
        failed_parts: Parts with failed rows and their number of failed rows.
        flagged_parts: Parts with rows that are ``warn`` or ``partial``, and their number.
    """

    output: str
    statistics: Statistics
    parts: int
    inputs: int
    recipes: tuple[Recipe, ...]
    versions: tuple[str, ...]
    summary: Mapping[str, Any] = field(default_factory=dict)
    runs: tuple[RecordedRun, ...] = ()
    sample: RowSample = field(default_factory=RowSample)
    failed_parts: Mapping[str, int] = field(default_factory=dict)
    flagged_parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def last_run(self) -> RecordedRun | None:
        """The last recorded run."""
        return self.runs[-1] if self.runs else None

    @property
    def missing_rows(self) -> int:
        """Rows of the input that the output does not hold yet, as far as the last run knew."""
        planned = int(self.summary.get("rows_in", 0))
        run = self.last_run
        if run is not None and run.record.summary is None:
            planned = run.record.rows_in
        return max(0, planned - self.statistics.rows)

    @property
    def not_real(self) -> str | None:
        """The label of output that simulated hosts made."""
        return self.summary.get("not_real") or None


def read_figures(output: OutputDirectory) -> Figures:
    """Read the figures of an output.

    Raises:
        UsageError: The directory holds neither parts nor recorded runs.
        RunFailed: A file can't be read.
    """
    footers = {name: footer for name, footer in output.existing_parts().items() if footer is not None}
    runs = tuple(read_runs(output))
    if not footers and not runs:
        raise UsageError(f"no parts of a translation found in {output}: check --output")
    statistics = Statistics()
    recipes: Counter[str] = Counter()
    by_digest: dict[str, Recipe] = {}
    failed_parts: dict[str, int] = {}
    flagged_parts: dict[str, int] = {}
    for name, footer in footers.items():
        of_part = footer.statistics
        statistics.add(of_part)
        if failed := of_part.statuses["failed"]:
            failed_parts[name] = failed
        if flagged := of_part.statuses["warn"] + of_part.statuses["partial"]:
            flagged_parts[name] = flagged
        digest = footer.recipe.digest()
        by_digest[digest] = footer.recipe
        recipes[digest] += 1
    ordered = tuple(by_digest[digest] for digest, _ in recipes.most_common())
    return Figures(
        output=str(output),
        statistics=statistics,
        parts=len(footers),
        inputs=len({footer.source for footer in footers.values()}),
        recipes=ordered,
        versions=tuple(sorted({footer.version for footer in footers.values()})),
        summary=_summary(output),
        runs=runs,
        sample=read_sample(
            output,
            [(name, footer.rows) for name, footer in footers.items()],
            ordered[0].text_columns if ordered else (),
        ),
        failed_parts=failed_parts,
        flagged_parts=flagged_parts,
    )


def _summary(output: OutputDirectory) -> Mapping[str, Any]:
    try:
        summary = json.loads(output.read_bytes(SUMMARY_FILE) or b"{}")
    except ValueError:
        summary = None
    if not isinstance(summary, dict):
        LOG.warning("skipping %s: not a JSON object", output.path_of(SUMMARY_FILE))
        return {}
    return summary
