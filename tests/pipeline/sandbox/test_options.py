from __future__ import annotations

import pytest

from pipeline.sandbox.faults import Fault
from pipeline.sandbox.options import SANDBOX
from transforms.errors import UsageError


def test_options_become_settings() -> None:
    options = SANDBOX.parse(
        ["--model", "a", "--model", "b:1", "--num_parallel", "2", "--settings", '{"sigma": 0.5, "faults": ["hang"]}'],
        {},
    )
    host = options.host()
    assert (host.models, host.any_model, host.num_parallel, host.sigma) == (("a", "b:1"), False, 2, 0.5)
    assert host.faults == (Fault("hang"),)
    assert SANDBOX.parse([], {}).host().any_model


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--settings", "[]"], "JSON object"),
        (["--settings", '{"nonsense": 1}'], "nonsense"),
        (["--port", "70000"], "port"),
        (["--prot", "1"], "--port"),
    ],
)
def test_mistakes_are_usage_errors(arguments: list[str], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        SANDBOX.parse(arguments, {})


def test_the_help_names_every_option() -> None:
    text = SANDBOX.help()
    names = ("port", "control_port", "model", "num_parallel", "tokens_per_second", "load_seconds", "settings")
    assert all(f"--{name}" in text for name in names)
