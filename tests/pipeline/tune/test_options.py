from __future__ import annotations

import pytest

from pipeline.options.table import options_of
from pipeline.tune.options import TUNE, TuneOptions
from transforms.errors import UsageError

INPUT = ["--input=reports"]


def parsed(*arguments: str, **environ: str) -> TuneOptions:
    return TUNE.parse([*INPUT, *arguments], environ)


def test_without_hosts_this_machine_is_tuned() -> None:
    options = parsed()
    assert (options.local, options.ollama, options.num_ctx, options.tune_seconds) == (True, "ollama", None, 1800.0)
    assert parsed(OLLAMA_HOST="127.0.0.1").local
    assert parsed("--ollama=/opt/ollama", OLLAMA_HOSTS="gpu0").local


@pytest.mark.parametrize("environ", [{"OLLAMA_HOSTS": "gpu0"}, {"TRANSLATE_HOSTS": "gpu0"}])
def test_hosts_are_measured_where_they_are_named(environ: dict[str, str]) -> None:
    for options in (parsed("--hosts=gpu0"), parsed(**environ)):
        assert not options.local
        assert [host.url for host in options.hosts] == ["http://gpu0:11434"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--hosts=gpu0", "--ollama=/opt/ollama"], "--hosts and --ollama cannot be combined"),
        (["--model=x:cloud"], "cloud"),
        (["--prompt_file=/nowhere/prompt.txt"], "--prompt_file: no such file"),
        (["--sample=0"], "--sample"),
    ],
)
def test_mistakes(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parsed(*arguments)


def test_an_input_is_needed() -> None:
    with pytest.raises(UsageError, match="missing --input"):
        TUNE.parse([], {})


def test_the_help_has_every_option() -> None:
    assert all(f"--{name}" in TUNE.help() for name in options_of(TuneOptions))
