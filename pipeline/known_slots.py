"""The slots of hosts as earlier runs found them, so that a short run need not search for them again.

They are kept in the user's cache for each host and digest of a model. A run verifies them with the first answers.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping

from transforms.fleet.host.host_state import HostView
from transforms.memory.addresses import cache_directory

LOG = logging.getLogger(__name__)

FILE = "slots.json"
MAX_DIGESTS = 100
"""Models that are remembered; the one that was used longest ago is dropped first."""

MAX_HOSTS = 1000
"""Hosts that are remembered for each model, likewise."""

MAX_SLOTS = 128


def read_known_slots(digest: str | None) -> dict[str, int]:
    """Return the slots of each host with a model, by the host's address; none if nothing is known."""
    slots = _read().get(digest or "", {})
    return {url: number for url, number in slots.items() if type(number) is int and 1 <= number <= MAX_SLOTS}


def keep_known_slots(model: str, hosts: Iterable[HostView]) -> None:
    """Remember the slots that a run has found.

    Args:
        model: Key of the model of the run; slots of other models are not remembered.
        hosts: The hosts at the end of the run.
    """
    found: dict[str, dict[str, int]] = {}
    for host in hosts:
        if host.model == model and host.digest and host.slots is not None:
            found.setdefault(host.digest, {})[host.url] = host.slots
    if not found:
        return
    known = _read()
    for digest, slots in found.items():
        earlier = {url: number for url, number in known.pop(digest, {}).items() if url not in slots}
        known[digest] = dict(list({**earlier, **slots}.items())[-MAX_HOSTS:])
    content = json.dumps(dict(list(known.items())[-MAX_DIGESTS:]))
    try:
        path = cache_directory() / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{FILE}.{os.getpid()}")
        temporary.write_text(content, "utf-8")
        temporary.replace(path)
    except (OSError, RuntimeError) as error:
        LOG.debug("the slots of the hosts are not remembered: %s", error)


def _read() -> dict[str, dict[str, int]]:
    try:
        known = json.loads((cache_directory() / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RuntimeError) as error:
        LOG.debug("the slots of earlier runs are not known: %s", error)
        return {}
    if not isinstance(known, Mapping):
        return {}
    return {digest: dict(slots) for digest, slots in known.items() if isinstance(slots, Mapping)}
