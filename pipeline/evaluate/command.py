"""Run ``evaluate``: score the translations of an output with references and a judge, and print the scores.

Rows are streamed, and memory is bounded: sums of sacrebleu's statistics, counts, the worst rows and a sample are kept.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq

from pipeline.evaluate.certainty import CertaintyTally
from pipeline.evaluate.options import EvaluateOptions
from pipeline.evaluate.report import as_json, show
from pipeline.evaluate.scores import Evaluation, Judgement, Row, Score, ScoredRow, quantiles
from pipeline.exit_codes import ExitCode
from transforms.errors import RunFailed, UsageError
from transforms.file_systems import file_system
from transforms.sink.columns import CONFIDENCE, column_name
from transforms.sink.footers import PartFooter
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.write_errors import reason
from transforms.source.text_columns import choose_text_columns, read_texts
from transforms.text.request.gate import is_blank

LOG = logging.getLogger(__name__)

BATCH_ROWS = 256


def evaluate(options: EvaluateOptions) -> ExitCode:
    """Score and print.

    Raises:
        UsageError: The output or its columns are not what the options say, or sacrebleu is missing.
        RunFailed: The output cannot be read, or no host can judge.
    """
    evaluation = _evaluation(options)
    if options.json:
        print(as_json(evaluation))
    else:
        show(evaluation)
    return ExitCode.DONE


def _evaluation(options: EvaluateOptions) -> Evaluation:
    """Read all parts once, then ask the judge if there is one."""
    tally = _Tally(_Metric("CHRF", word_order=2), _Metric("BLEU"), options)
    output = OutputDirectory(options.output)
    parts = output.existing_parts()
    whole = {name: footer for name, footer in parts.items() if footer is not None}
    for name in parts.keys() - whole.keys():
        LOG.warning("skipping incomplete part %s", output.path_of(name))
    if not whole:
        raise UsageError(f"no complete part in {output}: --output must name the output directory of a run")
    text_column = _text_column(options, whole, output)
    for name, footer in whole.items():
        choose_text_columns(footer.schema, [text_column, options.reference_column], output.path_of(name))
    for name, footer in whole.items():
        for row in _rows(output, name, text_column, options.reference_column, footer.recipe.confidence):
            tally.add(row)
    return tally.evaluation(str(output), text_column, _judgement(options, tally.sample))


def _judgement(options: EvaluateOptions, sample: Sequence[Row]) -> Judgement | None:
    if options.judge_model is None:
        return None
    from pipeline.evaluate.judge import judge  # late, as it imports the fleet

    return asyncio.run(judge(options, options.judge_model, sample))


def _text_column(options: EvaluateOptions, parts: Mapping[str, PartFooter], output: OutputDirectory) -> str:
    known = sorted({name for footer in parts.values() for name in footer.recipe.text_columns})
    wanted = options.text_column or known
    if len(wanted) > 1:
        raise UsageError(f"{output} has several translated columns: choose one with --text_column: {', '.join(known)}")
    if wanted[0] not in known:
        raise UsageError(
            f"--text_column {wanted[0]} is not a translated column of {output}; it has: {', '.join(known)}"
        )
    return wanted[0]


def _rows(
    output: OutputDirectory, name: str, text_column: str, reference_column: str, has_certainty: bool
) -> Iterator[Row]:
    fields = [column_name(text_column, field) for field in ("translation", "status", "flags")]
    columns = [text_column, *fields, reference_column]
    certainties = [column_name(text_column, field) for field in CONFIDENCE] if has_certainty else []
    number = 0
    try:
        fs, path = file_system(output.path_of(name))
        with fs.open(path, "rb") as file:
            for batch in pq.ParquetFile(file).iter_batches(
                BATCH_ROWS, columns=[*columns, *certainties], use_threads=False
            ):
                arrays = [batch.column(batch.schema.get_field_index(column)) for column in columns]
                lists: list[list[Any]] = [read_texts(array)[0] for array in arrays]
                lists += [batch.column(column).to_pylist() for column in certainties]
                for source, translation, status, flags, reference, *logprobs in zip(*lists, strict=True):
                    yield Row(name, number, source, translation, reference, status, flags or (), *logprobs)
                    number += 1
    except Exception as error:  # each client library has exceptions of its own
        raise RunFailed(f"cannot read {output.path_of(name)}: {reason(error)}") from error


def _folded(text: str) -> str:
    """The letters and digits of a text, which a copy has in common with its source."""
    return "".join(filter(str.isalnum, text.casefold()))


class _Metric:
    """A metric of sacrebleu that is fed row by row.

    sacrebleu's public functions need all texts at once. Its corpus scores follow from sums of statistics per segment,
    which ``Metric._extract_corpus_statistics`` computes (the same in 2.0 to 2.6).

    Raises:
        UsageError: sacrebleu is missing.
    """

    def __init__(self, name: str, **settings: Any) -> None:
        try:
            from sacrebleu import metrics  # here, as it is an extra
        except ImportError as error:
            raise UsageError(
                f"evaluate needs the package sacrebleu ({error}): pip install 'beam-ollama-translate[eval]', or "
                "pip install sacrebleu"
            ) from None
        self._metric = getattr(metrics, name)(**settings)
        self._sums: list[int] = []

    def add(self, translation: str, reference: str) -> float:
        """Add a row, and return its own score."""
        (statistics,) = self._metric._extract_corpus_statistics([translation], [[reference]])
        self._sums = [one + other for one, other in zip(self._sums or [0] * len(statistics), statistics, strict=True)]
        return self._score(statistics)

    def score(self) -> Score | None:
        """Return the score of all rows; None without rows."""
        return Score(self._score(self._sums), str(self._metric.get_signature())) if self._sums else None

    def _score(self, statistics: Sequence[int]) -> float:
        return float(self._metric._compute_score_from_stats(list(statistics)).score)


@dataclass
class _Tally:
    """Counts, scores and samples of the rows read so far."""

    chrf: _Metric
    bleu: _Metric
    options: EvaluateOptions
    rows: int = 0
    scored: int = 0
    untranslated: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    ratios: Counter[float] = field(default_factory=Counter)
    worst: list[tuple[float, int, Row]] = field(default_factory=list)
    sample: list[Row] = field(default_factory=list)
    translated: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.options.seed)
        self.certainty = {name: CertaintyTally(self.options.seed) for name in CONFIDENCE}

    def add(self, row: Row) -> None:
        """Count and score a row."""
        self.rows += 1
        self.statuses[row.status or "unknown"] += 1
        self.flags.update(row.flags)
        if row.translation is not None and row.source and row.status != "skipped":
            # Rounded, so that the number of different values is bounded.
            self.ratios[round(len(row.translation) / len(row.source), 2)] += 1
            self._draw(row)
        if row.reference is None or is_blank(row.reference):
            return
        if row.translation is None:
            self.untranslated += 1
            return
        self.scored += 1
        self.bleu.add(row.translation, row.reference)
        chrf = self.chrf.add(row.translation, row.reference)
        copied = _folded(row.source or "") == _folded(row.translation)
        for name, tally in self.certainty.items():
            tally.add(getattr(row, name), chrf, copied)
        # The heap's first item is the next to drop: the best row, and among equal ones the last.
        heapq.heappush(self.worst, (-chrf, -self.rows, row))
        if len(self.worst) > self.options.worst:
            heapq.heappop(self.worst)

    def _draw(self, row: Row) -> None:
        """Keep each translated row with equal probability (Vitter's algorithm R)."""
        if self.options.judge_model is None:
            return
        self.translated += 1
        if len(self.sample) < self.options.judge_sample:
            self.sample.append(row)
        elif (place := self.random.randrange(self.translated)) < len(self.sample):
            self.sample[place] = row

    def evaluation(self, output: str, text_column: str, judgement: Judgement | None) -> Evaluation:
        """Return the evaluation."""
        return Evaluation(
            output=output,
            text_column=text_column,
            reference_column=self.options.reference_column,
            rows=self.rows,
            scored=self.scored,
            untranslated=self.untranslated,
            without_reference=self.rows - self.scored - self.untranslated,
            statuses=dict(self.statuses.most_common()),
            flags=dict(self.flags.most_common()),
            chrf=self.chrf.score(),
            bleu=self.bleu.score(),
            length_ratios=quantiles(self.ratios),
            worst=[ScoredRow(-score, row) for score, _, row in sorted(self.worst, reverse=True)],
            judgement=judgement,
            certainty={name: order for name, tally in self.certainty.items() if (order := tally.order()) is not None},
        )
