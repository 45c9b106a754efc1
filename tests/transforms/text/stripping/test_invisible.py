from __future__ import annotations

import pytest

from transforms.text.stripping.invisible import without_colours, without_invisible


@pytest.mark.parametrize("character", ["\u200b", "\u00ad", "\ufeff", "\u202e", "\u2060", "\u200d"])
def test_characters_that_nobody_sees_go(character: str) -> None:
    assert without_invisible(f"The pu{character}mp{character}.", "La pompe.") == "The pump."


def test_hidden_tags_fillers_and_selectors_go() -> None:
    assert without_invisible("\U000e0041The pu\u034fmp\ufe0f le\u3164aks.", "La pompe fuit.") == "The pump leaks."
    assert without_invisible("The\u2800pump", "La pompe") == "The pump"
    assert without_invisible("Press 1\ufe0f\u20e3 \u2764\ufe0f", "Appuyez") == "Press 1\ufe0f\u20e3 \u2764\ufe0f"


def test_those_of_the_source_and_of_emoji_stay() -> None:
    assert without_invisible("co\u00adoperate", "co\u00adopérer") == "co\u00adoperate"
    assert without_invisible("Doctor \U0001f469\u200d\u2695\ufe0f", "Docteur") == "Doctor \U0001f469\u200d\u2695\ufe0f"


def test_commands_of_a_terminal_go_as_a_whole() -> None:
    assert without_colours("\x1b[1;31mThe pump\x1b[0m") == "The pump"
    assert without_colours("The pump [0m]") == "The pump [0m]"
