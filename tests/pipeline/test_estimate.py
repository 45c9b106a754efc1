from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.estimate import TextSample, input_size, sample_texts
from transforms.source.discovery import list_sources
from transforms.source.plan import plan_inputs


def test_sizes_are_sampled_over_many_files(tmp_path: Path) -> None:
    for number in range(40):
        pq.write_table(pa.table({"text": ["x" * 10 * (number + 1)] * 10}), tmp_path / f"{number:02}.parquet")
    size = input_size((str(tmp_path),), (), None)
    assert size.rows == size.texts == 400
    assert size.characters == pytest.approx(sum(10 * 10 * (number + 1) for number in range(40)), rel=0.1)
    assert size.hours(0.0) == float("inf")


def sampled(tmp_path: Path, **columns: list[str | None]) -> TextSample:
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    planned = plan_inputs(list_sources((str(tmp_path),)), 1_000, tuple(columns))
    return sample_texts(planned.groups, planned.schemas, planned.text_columns)


def test_texts_that_need_no_request_are_sampled_but_not_requested(tmp_path: Path) -> None:
    sample = sampled(
        tmp_path, a=["Bonjour.", "Bonjour.", None, "  ", "12,5"], b=["Merci bien.", "", None, "Au revoir.", "3"]
    )
    assert sample.sampled == 10
    assert sorted(sample.lengths) == [len("Bonjour."), len("Au revoir."), len("Merci bien.")]
    assert sample.requested_share == 0.3
    assert sample.mean_length == pytest.approx((8 + 10 + 11) / 3)
    assert sample.characters == sum(map(len, ["Bonjour.", "Bonjour.", "  ", "12,5", "Merci bien.", "Au revoir.", "3"]))


def test_without_texts_nothing_is_requested() -> None:
    empty = TextSample((), 0, 0)
    assert (empty.requested_share, empty.mean_length, empty.mean_characters) == (0.0, 0.0, 0.0)


def test_a_small_input_is_sampled_whole_as_its_first_rows_may_differ(tmp_path: Path) -> None:
    texts: list[str | None] = [f"Texte court {number}." for number in range(1000)]
    texts += [f"Un texte bien plus long, numéro {number}. " * 20 for number in range(3000)]
    assert sampled(tmp_path, a=texts).characters == sum(len(text or "") for text in texts)
