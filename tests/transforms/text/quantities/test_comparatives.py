from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.quantities.comparatives import limit_findings


@pytest.mark.parametrize(
    ("source", "translation", "turned"),
    [
        ("Il faut au moins trois agents.", "At most three agents are needed.", True),
        ("Il faut au moins trois agents.", "At least three agents are needed.", False),
        ("Au plus trois agents", "At least three agents", True),
        ("Au moins 3 et au plus 5 agents", "At most 5 and at least 3 agents", False),
        ("Moins de 40 litres", "More than 40 litres", True),
        ("Moins de 40 litres", "No more than 40 litres", False),
        ("Plus de 40 litres", "Fewer than 40 litres", True),
        ("12 % de moins", "12% more", True),
        ("12 % de plus", "12% more", False),
        ("Il pleut de plus en plus", "It rains less", False),
    ],
)
def test_limits_that_were_turned_round(source: str, translation: str, turned: bool) -> None:
    assert names(limit_findings(source, translation)) == ((flags.NUMBER_MISSING,) if turned else ())
