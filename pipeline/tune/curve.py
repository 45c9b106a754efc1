"""Hosts that run already: their throughput by the number of requests in flight, alone and together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pipeline.tune.load import SteadyLoad, Throughput, load_model
from pipeline.tune.search import LEAST_GAIN
from pipeline.tune.texts import Sample
from pipeline.tune.time_limit import TimeIsUp, TimeLimit
from transforms.fleet.addresses import HostAddress
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.host.admission import eligible, inspect
from transforms.fleet.http.client import HostClient
from transforms.fleet.http.listings import LoadedModel
from transforms.fleet.model_names import model_key

LOG = logging.getLogger(__name__)

MAX_IN_FLIGHT = 64
KNEE_SHARE = 0.95
"""The share of the highest throughput that counts as all of it."""


@dataclass(frozen=True)
class Point:
    """What a host completed with a number of requests in flight."""

    in_flight: int
    throughput: Throughput


@dataclass(frozen=True)
class HostCurve:
    """One host.

    Attributes:
        url: Its address.
        points: In order of the requests in flight.
        problem: Why it could not be measured, or not completely; empty if there is nothing.
        loaded: The model in its memory; None if unknown.
        more_possible: Whether throughput may grow beyond the last point.
    """

    url: str
    points: tuple[Point, ...] = ()
    problem: str = ""
    loaded: LoadedModel | None = None
    more_possible: bool = False

    @property
    def knee(self) -> Point | None:
        """The smallest load with practically the highest throughput; None if nothing was measured."""
        highest = max((point.throughput.rows_per_second for point in self.points), default=0.0)
        return next(
            (point for point in self.points if point.throughput.rows_per_second >= KNEE_SHARE * highest > 0), None
        )

    @property
    def slots(self) -> int | None:
        """How many requests it works on at a time; None if nothing was measured."""
        return max((max(1, round(point.throughput.at_work)) for point in self.points), default=None)


@dataclass(frozen=True)
class Curves:
    """All hosts, alone and together; ``together`` is None for one host, or if there was no time."""

    hosts: tuple[HostCurve, ...]
    together: Throughput | None = None
    complete: bool = True

    @property
    def measured(self) -> list[HostCurve]:
        """The hosts that answered."""
        return [host for host in self.hosts if host.knee is not None]

    @property
    def sum_rows_per_second(self) -> float:
        """The throughput of all hosts, each measured alone."""
        return sum(host.knee.throughput.rows_per_second for host in self.hosts if host.knee is not None)


async def measure_hosts(
    addresses: Sequence[HostAddress], use_proxy: bool, sample: Sample, request_timeout: float, limit: TimeLimit
) -> Curves:
    """Measure each host alone, one after the other, and then all of them together.

    Args:
        addresses: The hosts.
        use_proxy: Whether to use the proxies of the environment.
        sample: The requests.
        request_timeout: Time limit for a load of the model, and for each request, in seconds.
        limit: Time limit for everything.
    """
    clients = [HostClient(address, use_proxy) for address in addresses]
    hosts = [_Host(client, sample, request_timeout, limit) for client in clients]
    together, complete = None, True
    try:
        for host in hosts:
            await host.measure()
        loads = [(host.client, knee.in_flight) for host in hosts if (knee := host.curve().knee) is not None]
        if len(loads) > 1:
            load = SteadyLoad([client for client, _ in loads], [number for _, number in loads], sample, request_timeout)
            together = await limit.run(lambda: load.measure(limit.window_seconds))
    except TimeIsUp:
        complete = False
    except RequestFailed as failed:
        LOG.warning("the hosts could not be measured together: %s", failed)
    finally:
        await asyncio.gather(*(client.close() for client in clients))
    return Curves(tuple(host.curve() for host in hosts), together, complete)


class _Host:
    """The measurement of one host."""

    def __init__(self, client: HostClient, sample: Sample, request_timeout: float, limit: TimeLimit) -> None:
        self.client = client
        self._sample = sample
        self._timeout = request_timeout
        self._limit = limit
        self._points: list[Point] = []
        self._problem = "not measured: time was up"
        self._loaded: LoadedModel | None = None
        self._more_possible = True

    def curve(self) -> HostCurve:
        """What was measured so far."""
        return HostCurve(self.client.url, tuple(self._points), self._problem, self._loaded, self._more_possible)

    async def measure(self) -> None:
        """Double the requests in flight until throughput no longer grows.

        Raises:
            TimeIsUp: There is no time left.
        """
        try:
            await self._limit.run(self._prepare)
            rate, in_flight = 0.0, 1
            while in_flight <= MAX_IN_FLIGHT:
                load = SteadyLoad([self.client], [in_flight], self._sample, self._timeout)
                throughput = await self._limit.run(partial(load.measure, self._limit.window_seconds))
                self._points.append(Point(in_flight, throughput))
                self._problem = ""
                LOG.info("%s, %d in flight: %.2f rows/s", self.client.url, in_flight, throughput.rows_per_second)
                if throughput.rows_per_second < LEAST_GAIN * rate:
                    self._more_possible = False
                    return
                rate = throughput.rows_per_second
                in_flight *= 2
        except RequestFailed as failed:
            self._problem = str(failed)
            LOG.warning("%s: %s", self.client.url, failed)

    async def _prepare(self) -> None:
        """Check that the host has the model, and load it.

        Raises:
            RequestFailed: It has not, or it does not load.
        """
        report = await inspect(self.client)
        if report.problem:
            raise RequestFailed(report.failure or Failure.UNEXPECTED_ANSWER, report.problem, self.client.url)
        for problem, failure in eligible(report, [self._sample.model], {}).problems.values():
            raise RequestFailed(failure or Failure.MODEL_MISSING, problem, self.client.url)
        await load_model(self.client, self._sample, self._timeout)
        key = model_key(self._sample.model)
        try:
            models = await self.client.loaded()
        except RequestFailed:
            return  # some proxies hide it
        self._loaded = next((model for model in models if model_key(model.name) == key), None)
