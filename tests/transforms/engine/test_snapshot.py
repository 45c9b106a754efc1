from __future__ import annotations

from dataclasses import dataclass, field

from transforms.engine.outcome import Outcome, RepairCost, RequestLog, TextResult
from transforms.engine.snapshot import TextCounts, snapshot_of
from transforms.fleet.host.host_state import HostView


@dataclass
class Observed:
    counts: TextCounts
    views: list[HostView] = field(default_factory=list)

    def hosts(self) -> list[HostView]:
        return self.views


def test_texts_are_counted_by_status_origin_flag_and_repair() -> None:
    counts = TextCounts()
    log = RequestLog([], {"echo": RepairCost(2, 0.5, 1)}, repaired=True)
    counts.add("Bonjour", TextResult(Outcome("Hello", "warn", ("echo",), origin="generated"), None, log))
    counts.add(None, TextResult(Outcome(None, "skipped", ("src_empty",))))
    counts.add("Oui", None)
    assert (counts.texts, counts.characters) == (3, 10)
    assert counts.statuses == {"warn": 1, "skipped": 1}
    assert counts.origins == {"generated": 1}
    assert counts.flags == {"echo": 1, "src_empty": 1}
    assert counts.repairs == {"texts": 1, "requests": 2, "better": 1}


def test_a_snapshot_is_the_sum_over_engines() -> None:
    one, two = TextCounts(), TextCounts()
    one.add("Oui", TextResult(Outcome("Yes", "ok", origin="memory")))
    two.add("Non", TextResult(Outcome("No", "ok", origin="generated")))
    view = HostView("http://gpu0:11434", "healthy", 1, 4)
    snapshot = snapshot_of([Observed(one), Observed(two, [view])])
    assert (snapshot.texts, snapshot.characters, snapshot.statuses) == (2, 6, {"ok": 2})
    assert snapshot.origins == {"memory": 1, "generated": 1}
    assert snapshot.hosts == (view,)
    assert snapshot_of([]).texts == 0
