from __future__ import annotations

from dataclasses import replace

from tests.transforms.sink.part_batches import RECIPE, SCHEMA, unit_of
from transforms.sink.footers import PartFooter
from transforms.sink.published import note_published, take_published
from transforms.sink.statistics import Statistics


def test_footers_are_kept_by_run_until_they_are_taken() -> None:
    footer = PartFooter.of(unit_of(3), RECIPE, Statistics(3), 0, SCHEMA, "mine")
    other = replace(footer, run_id="other")
    note_published("one", footer)
    note_published("one", other)
    note_published("nobody's", replace(footer, run_id=""))
    assert take_published("mine") == {"one": footer}
    assert take_published("mine") == take_published("") == {}
    assert take_published("other") == {"one": other}
