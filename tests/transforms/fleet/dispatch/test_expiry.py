from __future__ import annotations

import asyncio
from time import monotonic

from transforms.fleet.dispatch.expiry import Expiry


def test_items_expire_in_the_order_of_their_times_however_they_were_added() -> None:
    async def use() -> list[str]:
        expired: list[str] = []
        ended = asyncio.Event()

        def expire(item: str) -> None:
            expired.append(item)
            if item == "last":
                ended.set()

        expiry, now = Expiry(expire), monotonic()
        for item, seconds in (("second", 0.02), ("last", 0.06), ("first", 0.01), ("third", 0.04)):
            expiry.add(item, now + seconds)
        await asyncio.wait_for(ended.wait(), 30)
        return expired

    assert asyncio.run(use()) == ["first", "second", "third", "last"]


def test_an_item_that_was_removed_does_not_expire_and_holds_up_no_other() -> None:
    async def use() -> list[str]:
        expired: list[str] = []
        ended = asyncio.Event()

        def expire(item: str) -> None:
            expired.append(item)
            expiry.remove("neighbour")
            ended.set()

        expiry, now = Expiry(expire), monotonic()
        expiry.add("removed", now + 0.01)
        expiry.remove("removed")
        expiry.add("kept", now + 0.02)
        expiry.add("neighbour", now + 0.02)
        await asyncio.wait_for(ended.wait(), 30)
        ended.clear()
        expiry.add("later", monotonic() + 0.01)
        await asyncio.wait_for(ended.wait(), 30)
        return expired

    assert asyncio.run(use()) == ["kept", "later"]
