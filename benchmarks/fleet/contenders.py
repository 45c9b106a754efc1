"""The contenders, by their names on the command line and in the table."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from benchmarks.fleet.job import Contend

CONTENDERS = {
    "ours": "queues:ours",
    "gather 32": "gathers:gather_32",
    "gather all": "gathers:gather_all",
    "beam gather": "beam_gather:beam_gather",
    "litellm": "litellm_router:litellm_router",
    "datatrove": "datatrove_runner:datatrove_runner",
    "known slots": "queues:known_slots",
}
"""Module and function of each, in the order of the table."""

_NEEDS = {"litellm": "litellm", "datatrove": "datatrove"}


def installed(name: str) -> bool:
    """Whether the package that a contender needs is installed."""
    return name not in _NEEDS or find_spec(_NEEDS[name]) is not None


def contend(name: str) -> Contend:
    """Import a contender's function. Call it only in the process that runs it, because some imports take seconds."""
    module, _, function = CONTENDERS[name].partition(":")
    found: Contend = getattr(import_module(f"benchmarks.fleet.{module}"), function)
    return found
