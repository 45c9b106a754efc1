from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from pipeline.monitoring.events import KEPT_EVENTS, EventLog


@pytest.fixture
def events() -> Iterator[EventLog]:
    handler, logger = EventLog(), logging.getLogger("transforms")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_warnings_and_what_happens_to_hosts_are_events(events: EventLog) -> None:
    logging.getLogger("transforms.fleet.fleet").info("%s is back", "http://gpu0:11434")
    logging.getLogger("transforms.sink.parts").info("wrote a part")
    logging.getLogger("transforms.sink.parts").warning("the disk is nearly full")
    assert [event.text for event in events.latest()] == ["http://gpu0:11434 is back", "the disk is nearly full"]


def test_a_repeated_event_is_counted_and_becomes_the_latest(events: EventLog) -> None:
    log = logging.getLogger("transforms.fleet.fleet")
    for text in ("first", "second", "first", "first"):
        log.warning(text)
    assert [(event.text, event.count) for event in events.latest()] == [("second", 1), ("first", 3)]


def test_only_the_latest_are_kept_in_one_line_without_secrets(events: EventLog) -> None:
    log = logging.getLogger("transforms.fleet.fleet")
    for number in range(KEPT_EVENTS + 3):
        log.warning("event %d at http://user:geheim@gpu0\nTraceback", number)
    kept = events.latest()
    assert len(kept) == KEPT_EVENTS
    assert kept[-1].text == f"event {KEPT_EVENTS + 2} at http://***@gpu0"
