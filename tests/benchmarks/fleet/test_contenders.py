from __future__ import annotations

from benchmarks.fleet.contenders import CONTENDERS, contend, installed


def test_every_contender_that_is_installed_can_be_imported() -> None:
    # LiteLLM, where it is installed, sets up too much to be imported into the tests' process.
    assert all(callable(contend(name)) for name in CONTENDERS if name != "litellm")
    assert installed("ours")
