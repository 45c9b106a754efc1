"""Translations that are void, because the host of their answer was found to be broken after they were accepted."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Sequence

from transforms.engine.outcome import TextResult
from transforms.fleet.fleet import Fleet
from transforms.fleet.http.answers import AnswerId

KEPT = 8192
"""Translations that are remembered with their answers; a broken host is found out within a few dozen."""


class Recalls:
    """The answers that the latest translations of this process rest on. Belongs to one event loop."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._by_key: OrderedDict[bytes, tuple[AnswerId, ...]] = OrderedDict()
        self._delivered: deque[tuple[AnswerId, ...]] = deque(maxlen=KEPT)
        self._known_broken: frozenset[str] = frozenset()

    def note(self, key: bytes, answers: tuple[AnswerId, ...]) -> None:
        """Note the answers that the entry of a key in the memory rests on."""
        self._by_key[key] = answers
        self._by_key.move_to_end(key)
        if len(self._by_key) > KEPT:
            self._by_key.popitem(last=False)

    def answers(self, key: bytes | None) -> tuple[AnswerId, ...]:
        """The answers of a key; none if they are not known, as those of an earlier run."""
        return () if key is None else self._by_key.get(key, ())

    def void_keys(self, keys: Iterable[bytes | None]) -> list[bytes]:
        """Those of the keys whose entries are void."""
        return [key for key in keys if key is not None and self._fleet.void(self.answers(key))]

    def newly_void(self) -> list[bytes]:
        """The keys that have become void since the last call; none unless another host was found to be broken."""
        broken = self._fleet.broken_hosts()
        if broken == self._known_broken:
            return []
        self._known_broken = broken
        return self.void_keys(self._by_key)

    def deliver(self, results: Sequence[TextResult]) -> None:
        """Note results that cannot be recalled any more."""
        self._delivered.extend(result.answers for result in results if result.answers)

    def take_void_delivered(self) -> Counter[str]:
        """By host, the delivered results that are void; each is counted once."""
        void = [answers for answers in self._delivered if self._fleet.void(answers)]
        hosts = Counter(
            host for answers in void for host in {each.host for each in answers if self._fleet.void([each])}
        )
        if void:
            self._delivered = deque((each for each in self._delivered if each not in set(void)), maxlen=KEPT)
        return hosts
