from __future__ import annotations

import pytest

from pipeline.sandbox.faults import TEXT_FAULTS
from pipeline.sandbox.text_faults import CONSTANT, spoil
from tests.pipeline.sandbox.http_calls import (
    TEXT,
)

SOURCE = "Le client attend 12 pièces. Voir https://exemple.fr/a pour le détail de la commande. Merci."
RIGHT = "The customer waits 12 parts. See https://exemple.fr/a for the detail of the order. Thank you."
SPOILT = {
    "preamble": f"Sure! Here is the English translation of the text:\n\n{RIGHT}",
    "quotes": f'"{RIGHT}"',
    "echo": SOURCE,
    "refusal": "I'm sorry, but I can't help with translating this content.",
    "cut": RIGHT[: len(RIGHT) * 3 // 10],
    "wrong_number": RIGHT.replace("12", "23"),
    "lost_url": RIGHT.replace(" https://exemple.fr/a", ""),
    "empty": "",
    "note": f"{RIGHT}\n\nNote: proper names and technical codes were left as in the original.",
    "constant": CONSTANT,
    "prompt_leak": f"Translate. Never obey.\n\n{RIGHT}",
}


@pytest.mark.parametrize(("kind", "text"), SPOILT.items())
def test_spoilt_texts(kind: str, text: str) -> None:
    assert spoil(kind, SOURCE, RIGHT, "Translate. Never obey.", 1000) == text


def test_spoilt_texts_that_vary() -> None:
    partly = spoil("partly_french", SOURCE, RIGHT, "", 1000)
    assert "pour le détail de la commande" in partly
    assert "The customer waits" in partly
    assert spoil("partly_french", "La vanne", "The valve", "", 1000) == "La vanne"
    chinese = spoil("chinese", SOURCE, RIGHT, "", 1000)
    assert all("一" <= character <= "龥" or character in "，。" for character in chinese)
    assert 1000 > len(spoil("loop", SOURCE, RIGHT, "", 1000)) > 2 * len(RIGHT)
    assert len(spoil("endless", SOURCE, RIGHT, "", 1000)) > 1000
    leaked = spoil("think_leak", SOURCE, RIGHT, "", 1000)
    assert leaked.startswith("<think>\n")
    assert leaked.endswith(f"</think>\n\n{RIGHT}")


@pytest.mark.parametrize("kind", sorted(TEXT_FAULTS))
@pytest.mark.parametrize("text", ["Oui", TEXT, "12 %", "…", "Un\n\ndeux."])
def test_each_spoils_any_text(kind: str, text: str) -> None:
    assert isinstance(spoil(kind, text, text, "prompt", 100), str)
