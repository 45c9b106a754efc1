"""Claims: of several workers that share a memory, one translates a text, and the others wait for its answer.

A claim only saves requests. If its owner dies, the claim expires, and another worker takes it. If claims cannot be
stored, each worker translates its own texts.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from typing import Final, Literal, Protocol, TypeVar

from transforms.memory.memory import Batcher, Outage
from transforms.memory.store import Store

CLAIM_SECONDS = 15.0
"""How long a claim lasts without being renewed: so long is a text of a dead worker waited for."""

RENEWED_SECONDS = 4.0
FIRST_POLL_SECONDS = 0.2
LONGEST_POLL_SECONDS = 2.0

Answer = TypeVar("Answer")
_Change = tuple[Literal["claim", "release", "renew"], bytes]


class ClaimStore(Protocol):
    """Who translates which text; one thread uses it."""

    def claim(self, keys: Sequence[bytes], owner: str, seconds: float) -> set[bytes]:
        """Claim those keys that no other owner holds, and return the keys that ``owner`` holds now.

        Raises:
            MemoryUnavailable: The store cannot be written.
        """

    def release(self, keys: Sequence[bytes], owner: str) -> None:
        """Give up claims.

        Raises:
            MemoryUnavailable: The store cannot be written.
        """

    def close(self) -> None:
        """Close the connection."""


class Claims:
    """Takes turns with other workers, for the event loop in which it is created.

    Args:
        store: Where the claims are.
        entries: The memory's entries; a worker that gives up a claim has stored its entry before.
        seconds: How long a claim lasts without being renewed.
        owner: Name of this worker; None for a new one. No other living worker may have it.
    """

    def __init__(
        self, store: ClaimStore, entries: Store, seconds: float = CLAIM_SECONDS, owner: str | None = None
    ) -> None:
        self._store = store
        self._entries = entries
        self._seconds = seconds
        self._owner: Final = owner or uuid.uuid4().hex
        self._held: set[bytes] = set()
        self._renewal: asyncio.Task[None] | None = None
        self._batcher: Final[Batcher[_Change, tuple[bool, bytes | None]]] = Batcher(
            "memory-claim", self._serve, lambda change: 1, 0.0, Outage()
        )

    async def turn(self, key: bytes, usable: Callable[[bytes], Answer | None]) -> Answer | None:
        """Wait until another worker has stored an entry, or until it is this worker's turn to translate the text.

        Args:
            key: Key of the text. ``release`` it after its entry is stored, or when there will be none.
            usable: Returns what an entry is to this worker; None if the text must be translated nevertheless.

        Returns:
            What ``usable`` returned; None if the text is claimed for this worker.
        """
        pause_seconds = FIRST_POLL_SECONDS
        while True:
            # Held from now on, so that a cancelled task's claim can be released.
            self._held.add(key)
            owned, value = await self._batcher.request(("claim", key)) or (True, None)
            answer = None if value is None else usable(value)
            if answer is not None:
                await self.release(key)
                return answer
            if owned:
                if self._renewal is None:
                    self._renewal = asyncio.create_task(self._renew())
                return None
            self._held.discard(key)
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_POLL_SECONDS)

    async def release(self, key: bytes) -> None:
        """Let others have the text; nothing happens if it is not claimed."""
        if key in self._held:
            self._held.discard(key)
            await self._batcher.request(("release", key))

    async def close(self) -> None:
        """Release all claims, and end the thread."""
        if self._renewal is not None:
            self._renewal.cancel()
        await asyncio.gather(*(self.release(key) for key in list(self._held)))
        await self._batcher.close()
        self._store.close()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(min(RENEWED_SECONDS, self._seconds / 4))
            await asyncio.gather(*map(self._renew_one, list(self._held)))

    async def _renew_one(self, key: bytes) -> None:
        if key in self._held:  # it may have been released since the list was made
            await self._batcher.request(("renew", key))

    def _serve(self, changes: list[_Change]) -> list[tuple[bool, bytes | None]]:
        if released := [key for action, key in changes if action == "release"]:
            self._store.release(released, self._owner)
        gone = set(released)
        wanted = list(dict.fromkeys(key for action, key in changes if action != "release" and key not in gone))
        owned = self._store.claim(wanted, self._owner, self._seconds) if wanted else set()
        # After the claim: whoever held it before has stored its entry by now.
        claimed = [key for action, key in changes if action == "claim"]
        found = self._entries.look_up(claimed) if claimed else {}
        return [(key in owned, found.get(key)) for _, key in changes]
