from __future__ import annotations

from benchmarks.fleet.contenders import CONTENDERS, contend, installed


def test_every_contender_that_is_installed_can_be_imported() -> None:
    # Where they are installed, these set up too much to be imported into the tests' process.
    others = [name for name in CONTENDERS if name not in ("litellm", "datatrove")]
    assert all(callable(contend(name)) for name in others)
    assert installed("ours")
