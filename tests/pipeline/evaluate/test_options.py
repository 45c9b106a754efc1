from __future__ import annotations

import pytest

from pipeline.evaluate.options import EVALUATE, EvaluateOptions
from pipeline.options.table import options_of
from transforms.errors import UsageError


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--output"),
        (["--output", "out"], "--reference_column"),
        (["--output", "out", "--reference_column", "en", "--text_column", "a", "--text_column", "b"], "one --text"),
        (["--output", "out", "--reference_column", "en", "--judge_model", "big:671b-cloud"], "cloud"),
        (["--output", "out", "--reference_columm", "en"], "did you mean --reference_column"),
        (["--output", "out", "--judge_sample", "0"], "judge_sample"),
    ],
)
def test_wrong_options(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        EVALUATE.parse(arguments, {})


def test_hosts_matter_only_to_a_judge() -> None:
    command = ["--output", "out", "--reference_column", "en", "--hosts_file", "/does/not/exist"]
    assert EVALUATE.parse(command, {}).hosts_from is None
    with pytest.raises(UsageError, match="hosts file"):
        EVALUATE.parse([*command, "--judge_model", "mistral"], {})


def test_help_names_every_option() -> None:
    assert all(f"--{name} " in EVALUATE.help() for name in options_of(EvaluateOptions))
