"""The scenarios: fleets and events. Only the contender 'known slots' is given the slots."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.fleet.ideal import host_rate
from benchmarks.runs import text_of
from pipeline.sandbox.answering import tokens_of, work_seconds
from pipeline.sandbox.faults import Fault
from pipeline.sandbox.settings import HostSettings
from pipeline.sandbox.translate import translate

CHARACTERS = 200
SHORTEST = 20
BY_LENGTH = 0.2
"""The spread of the work that is left where the length of a text shows most of it."""
TWO_COLUMNS = (4 / 7, 10 / 7)
"""Two and five characters per token, as in a column of codes and one of prose."""


@dataclass(frozen=True)
class Host:
    """One simulated host.

    Attributes:
        slots: Requests that it serves in parallel.
        speed: Speed in units of the fleet's speed.
        broken: Whether it never answers, so that the ideal excludes it.
        settings: Further fields of ``HostSettings``.
    """

    slots: int
    speed: float = 1.0
    broken: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def changed(self, settings: Mapping[str, Any]) -> Host:
        """A copy with changed ``settings``."""
        slots = settings.get("num_parallel", self.slots)
        return replace(self, slots=slots, settings={**self.settings, **settings})

    def rate(self, contention: float) -> float:
        """Its maximum rate, in slot-seconds (at speed 1) per second."""
        away = self.broken or not self.settings.get("listening", True)
        return 0.0 if away else host_rate(self.slots, self.speed, contention)


@dataclass(frozen=True)
class Change:
    """A change of a host's settings during a run.

    Attributes:
        at: Time of the change, as a share of the ideal duration without any change.
        host: Index of the host.
        settings: Changed fields of ``HostSettings``.
    """

    at: float
    host: int
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Size:
    """The amount of work of a run.

    Attributes:
        rows: Number of texts.
        seconds: Ideal duration without changes, which determines the hosts' speed.
        cut_off: Multiple of the ideal duration after which a contender is aborted.
    """

    rows: int = 1200
    seconds: float = 6.0
    cut_off: float = 6.0

    def scaled(self, factor: float) -> Size:
        """The same speed with ``factor`` times as many texts, at least one for each contender to answer."""
        return replace(self, rows=max(1, round(self.rows * factor)), seconds=self.seconds * factor)


@dataclass(frozen=True)
class Scenario:
    """A fleet, the spread of its texts and its events.

    Attributes:
        name: Name on the command line.
        hosts: The initial fleet.
        sigma: Spread of the texts' work that their lengths do not show: sigma of a lognormal factor.
        length_sigma: Spread of the texts' lengths, likewise.
        columns: Characters of a text per unit of work, one number for each column; every text is of one of them.
        contention: See ``HostSettings``.
        changes: Changes in order of time.
        clients: Number of equal clients that share the hosts and the rows.
        size: The amount of work, if it is part of the scenario; None for that of the command line.
    """

    name: str
    hosts: tuple[Host, ...]
    sigma: float = 0.6
    length_sigma: float = 0.0
    columns: tuple[float, ...] = (1.0,)
    contention: float = 0.0
    changes: tuple[Change, ...] = ()
    clients: int = 1
    size: Size | None = None

    def rates(self, changed_at: Sequence[float]) -> list[tuple[float, float]]:
        """The fleet's rates in the form of ``ideal_seconds``, with changes at ``changed_at`` (seconds)."""
        hosts = list(self.hosts)
        rates = [(0.0, self._rate(hosts))]
        for at, change in zip(changed_at, self.changes, strict=False):
            hosts[change.host] = hosts[change.host].changed(change.settings)
            rates.append((at, self._rate(hosts)))
        return rates

    def _rate(self, hosts: Sequence[Host]) -> float:
        return sum(host.rate(self.contention) for host in hosts)


def texts(scenario: Scenario, size: Size) -> list[str]:
    """The texts of a run, the same for all contenders."""
    rng = random.Random(1)
    sigma = scenario.length_sigma
    lengths = [CHARACTERS * rng.lognormvariate(-sigma * sigma / 2, sigma) for _ in range(size.rows)]
    return [text_of(number, max(SHORTEST, round(length))) for number, length in enumerate(lengths)]


def work_of(text: str, sigma: float) -> float:
    """The work of one text, in tokens of a slot that works alone, including its spread."""
    settings = HostSettings(tokens_per_second=1.0, sigma=sigma)
    return work_seconds(settings, text, 0, tokens_of(translate(text)))[1]


def tokens_per_second(scenario: Scenario, size: Size, tokens: float) -> float:
    """The unit of speed at which ``tokens`` of work take ``size.seconds`` on the initial fleet."""
    return tokens / (scenario.rates(())[0][1] * size.seconds)


def host_settings(scenario: Scenario, host: Host, speed_1_tokens_per_second: float) -> HostSettings:
    """The initial settings of a host."""
    return HostSettings().changed(
        {
            "num_parallel": host.slots,
            "tokens_per_second": speed_1_tokens_per_second * host.speed,
            "sigma": scenario.sigma,
            "contention": scenario.contention,
            **host.settings,
        }
    )


_STANDARD = (Host(4), Host(4, 2.5), Host(2))


def _with_broken(**settings: Any) -> tuple[Host, ...]:
    """The standard fleet with an additional host that never answers, so that the ideal is the same."""
    return (*_STANDARD, Host(4, broken=True, settings=settings))


def _twenty() -> tuple[Host, ...]:
    """Twenty hosts with 1 to 32 slots and speeds from 1 to 8, in no order."""
    slots = (1, 2, 4, 8, 16, 32, 1, 2, 4, 8, 3, 6, 12, 24, 1, 2, 4, 8, 16, 4)
    speeds = (4.0, 1.0, 2.0, 8.0, 1.0, 2.0, 8.0, 6.0, 1.0, 3.0)
    return tuple(Host(each, speeds[number % len(speeds)]) for number, each in enumerate(slots))


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("standard", _STANDARD),
        Scenario("sigma 0.3", _STANDARD, sigma=0.3),
        Scenario("sigma 1.0", _STANDARD, sigma=1.0),
        Scenario("lengths", _STANDARD, sigma=BY_LENGTH, length_sigma=1.0),
        Scenario("slow host", (Host(4), Host(4), Host(4, 0.1))),
        Scenario("instant 503", _with_broken(faults=(Fault("busy_503"),))),
        Scenario("refusing", _with_broken(listening=False)),
        Scenario("hanging", _with_broken(faults=(Fault("hang"),))),
        Scenario(
            "dies and returns",
            _STANDARD,
            changes=(Change(1 / 3, 1, {"listening": False}), Change(2 / 3, 1, {"listening": True})),
        ),
        Scenario(
            "slots change",
            _STANDARD,
            changes=(Change(1 / 2, 0, {"num_parallel": 2}), Change(1 / 2, 2, {"num_parallel": 6})),
        ),
        Scenario("two clients", _STANDARD, clients=2),
        Scenario("contention 0.3", _STANDARD, contention=0.3),
        Scenario("contention 1.0", _STANDARD, contention=1.0),
        Scenario("twenty hosts", _twenty(), size=Size(4000, 30.0)),
        Scenario("twenty, lengths", _twenty(), sigma=BY_LENGTH, length_sigma=0.6, size=Size(4000, 30.0)),
        Scenario("short job", _STANDARD, size=Size(200, 6.0)),
        Scenario("short answers", (Host(4), Host(2)), size=Size(2000, 12.0)),
    )
}
"""Scenarios in the order of the table. The host of ``hanging`` loads its model but answers no request with a text. An
answer of ``short answers`` takes 36 ms on average, nine in ten of them 10 to 90 ms.
"""

SIMULATED = {
    **{name: scenario for name, scenario in SCENARIOS.items() if scenario.clients == 1},
    **{
        scenario.name: scenario
        for scenario in (
            Scenario("columns", _STANDARD, sigma=BY_LENGTH, length_sigma=1.0, columns=TWO_COLUMNS),
            Scenario(
                "twenty, columns",
                _twenty(),
                sigma=BY_LENGTH,
                length_sigma=0.6,
                columns=TWO_COLUMNS,
                size=Size(4000, 30.0),
            ),
        )
    },
}
"""Scenarios of ``benchmarks.fleet.simulation``, by name. The texts of simulated hosts all have equally long tokens, so
that those with several columns are only simulated.
"""
