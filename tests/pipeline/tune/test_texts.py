from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.tune.options import TUNE
from pipeline.tune.texts import Sample, fitting_context, read_sample
from tests.conftest import MakeHost
from tests.pipeline.runs import Run
from transforms.errors import UsageError
from transforms.text.request.prompt_profile import ProfileChoice

SHORT = [f"La pompe numéro {number} fuit depuis lundi, et la pression baisse." for number in range(100)]


def sample_of(texts: list[str | None], tmp_path: Path, *options: str) -> Sample:
    path = tmp_path / "records.parquet"
    pq.write_table(pa.table({"text": pa.array(texts, pa.string())}), path)
    return read_sample(TUNE.parse([f"--input={path}", *options], {}))


def test_texts_that_need_no_request_are_left_out(tmp_path: Path) -> None:
    sample = sample_of([*SHORT[:3], SHORT[0], None, "  ", "12,5"], tmp_path)
    assert (sample.texts, len(sample.prompts)) == (3, 3)
    assert sample.mean_characters == sum(map(len, SHORT[:3])) / 3


def test_the_sample_is_bounded_and_the_same_each_time(tmp_path: Path) -> None:
    sample = sample_of(list(SHORT), tmp_path, "--sample=10")
    assert (sample.texts, sample) == (10, sample_of(list(SHORT), tmp_path, "--sample=10"))


def test_the_requests_are_those_of_a_run(tmp_path: Path, sandbox_host: MakeHost, run: Run) -> None:
    host = sandbox_host(record_requests=True)
    sample = sample_of([SHORT[0]], tmp_path, "--num_ctx=2048", "--domain=incident reports")
    run(tmp_path / "records.parquet", tmp_path / "out", [host], "--num_ctx=2048", "--domain=incident reports")
    (sent,) = (each["body"] for each in host.stats(with_requests=True)["requests"])
    assert sample.prompts[0].body == sent


def test_a_text_that_is_too_long_is_sent_in_pieces(tmp_path: Path) -> None:
    sample = sample_of([" ".join(SHORT)], tmp_path, "--num_ctx=1024")
    assert (sample.texts, sample.whole_share) == (1, 0.0)
    assert len(sample.prompts) > 3
    assert sum(prompt.characters for prompt in sample.prompts) == pytest.approx(sample.mean_characters, rel=0.02)


def test_the_context_is_as_small_as_the_texts_allow() -> None:
    profiles = ProfileChoice(4096)
    short = fitting_context(SHORT, profiles, "mistral")
    longer = fitting_context([*SHORT[:50], *[" ".join(SHORT[:20])] * 50], profiles, "mistral")
    assert 1024 == short < longer < 8192
    assert fitting_context([*SHORT, "un mot " * 5000], profiles, "mistral") == short  # one in a hundred is split
    assert fitting_context(["un mot " * 50_000], profiles, "mistral") == 8192


def test_an_input_without_texts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no text to translate"):
        sample_of([None, "12"], tmp_path)


def test_texts_are_in_no_representation(tmp_path: Path) -> None:
    sample = sample_of([SHORT[0]], tmp_path)
    assert "pompe" not in repr(sample) + repr(sample.prompts[0])
