from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.signs.addresses import address_findings


@pytest.mark.parametrize(
    ("source", "answer", "same"),
    [
        ("Voir https://exemple.org/a?b=1.", "See https://exemple.org/a?b=1", True),
        ("Voir (https://exemple.org/a).", "See (https://exemple.org/a).", True),
        ("Voir https://exemple.org/a", "See https://example.org/a", False),
        ("Écrire à aide@exemple.org.", "Write to aide@exemple.org.", True),
        ("Écrire à aide@exemple.org", "Write to us", False),
        ("Voir le site", "See www.exemple.org", False),
        ("Voir exemple.org", "See Exemple.ORG", True),
        ("Voir https://fr.exemple.org/pompe", "See https://exemple.org/pompe", True),
        ("Voir https://fr.exemple.org/pompe", "See https://fr.autre.org/pompe", False),
        ("Voir https://eau.org/fr/pompes-neuves", "See https://eau.org/fr/new-pumps", False),
        ("Voir https://eau.org/pompes-neuves", "See https://eau.org/new-pumps", False),
    ],
)
def test_addresses(source: str, answer: str, same: bool) -> None:
    assert names(address_findings(source, answer)) == (() if same else (flags.URL_MISMATCH,))
