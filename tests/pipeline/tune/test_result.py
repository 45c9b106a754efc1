from __future__ import annotations

from dataclasses import replace

from pipeline.tune.curve import Curves, HostCurve, Point
from pipeline.tune.result import HostsResult, hosts_result
from tests.pipeline.tune.trials import loaded, sample, throughput

ONE, TWO = "http://gpu0:11434", "http://gpu1:11434"


def curve(url: str, *rates: float, **changes: float) -> HostCurve:
    points = tuple(Point(2**step, throughput(rate, **changes)) for step, rate in enumerate(rates))
    return HostCurve(url, points, loaded=loaded())


def result(*hosts: HostCurve, together: dict[str, float] | None = None) -> HostsResult:
    joint = None if together is None else throughput(sum(together.values()), host_rows_per_second=together)
    return hosts_result(sample(), Curves(hosts, joint), ["reports"], [])


def test_what_each_host_adds_is_measured_together_if_possible() -> None:
    hosts = (curve(ONE, 5.0, 10.0), curve(TWO, 1.0, 2.0))
    assert result(*hosts).added == {ONE: 10.0, TWO: 2.0}
    assert result(*hosts, together={ONE: 9.0, TWO: 1.9}).added == {ONE: 9.0, TWO: 1.9}


def test_the_run_names_the_measured_hosts_and_their_slots() -> None:
    run = result(curve(ONE, 5.0, at_work=3.9), HostCurve(TWO, problem="connection refused")).run
    assert f"--hosts {ONE} --slots {ONE}=5" in run
    assert result(HostCurve(TWO, problem="connection refused")).run == ""


def test_the_run_sends_no_more_than_was_fastest() -> None:
    assert f"--slots {ONE}=2" in result(curve(ONE, 5.0, 10.0, 6.0, at_work=4.0)).run
    assert f"--slots {ONE}=5" in result(curve(ONE, 5.0, 10.0, 10.0, at_work=4.0)).run
    assert f"--slots {ONE}=5" in result(curve(ONE, 5.0, 10.0, 20.0, 18.0, at_work=4.0)).run


def test_hosts_in_words() -> None:
    slow = curve(TWO, 0.2, at_work=1.0, reading_share=0.8)
    text = "\n".join(result(curve(ONE, 5.0, 10.0, 10.1), replace(slow, loaded=loaded(0.4))).findings)
    assert f"{ONE} works on 4 requests at a time" in text
    assert "its highest, 10.00 rows/s, at 2 in flight" in text
    assert f"{TWO} works on 1 request at a time" in text
    assert f"{TWO} has only 40% of the model in GPU memory" in text
    on_cpu = replace(slow, loaded=loaded(0.0))
    assert f"{TWO} has nothing of the model in GPU memory" in "\n".join(result(on_cpu).findings)
    assert f"{TWO} spends 80% of its time on reading prompts" in text
    assert f"{TWO} adds only 0.20 of 10.20 rows/s (2%)" in text


def test_few_answers_are_chance() -> None:
    assert f"{ONE} was measured with only 2 answers" in "\n".join(result(curve(ONE, 5.0, answers=2)).findings)


def test_one_slot_and_shared_processors() -> None:
    assert "has one slot only" in "\n".join(result(curve(ONE, 5.0, 5.0, at_work=1.0)).findings)
    first, second = curve(ONE, 5.0, 7.0).points
    slower = replace(second, throughput=replace(second.throughput, request_tokens_per_second=20.0))
    text = "\n".join(result(HostCurve(ONE, (first, slower))).findings)
    assert "a request alone writes 40.0 tokens/s, and 20.0 among 4 at a time" in text


def test_hosts_that_hinder_each_other() -> None:
    hosts = (curve(ONE, 10.0), curve(TWO, 10.0))
    assert "together the hosts do 11.00 rows/s, 20.00 if each works alone" in "\n".join(
        result(*hosts, together={ONE: 5.5, TWO: 5.5}).findings
    )
    assert "together" not in "\n".join(result(*hosts, together={ONE: 9.5, TWO: 9.8}).findings)
