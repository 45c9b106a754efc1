"""The columns of the texts that are given to the dispatcher."""

from __future__ import annotations

from collections import Counter

import pytest

from transforms.fleet.dispatch.dispatcher import Dispatcher
from transforms.fleet.jobs import Job


def sent_columns(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return a count of the jobs by column, which grows with each one."""
    columns: Counter[str] = Counter()
    add = Dispatcher.add

    def counted(dispatcher: Dispatcher, job: Job) -> None:
        columns[job.column] += 1
        add(dispatcher, job)

    monkeypatch.setattr(Dispatcher, "add", counted)
    return columns
