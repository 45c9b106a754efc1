from __future__ import annotations

import pytest

from transforms.text.stripping.new_signs import new_signs

SOURCE = "La vanne est fermée. Elle est neuve."


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("The valve is shut. It is new.", ""),
        ("Sure. The valve is shut. It is new.", "."),
        ("The valve is shut at 4 p.m. on weekdays. It is new.", ""),
        ("EN: The valve is shut. It is new.", ":"),
        ("EN - The valve is shut. It is new.", "-"),
        ("The valve is shut. It is new.\n\nDone", "\n"),
        ("The valve is shut. It is new. [sic]", "["),
        ("Voilà → The valve is shut. It is new.", "→"),
    ],
)
def test_signs_that_the_source_has_less_often(text: str, signs: str) -> None:
    assert new_signs(text, SOURCE) == frozenset(signs)


def test_a_colon_counts_where_the_head_of_the_source_has_none() -> None:
    source = "Elle est " + "très " * 50 + "neuve : la vanne."
    assert new_signs("Here: it is very new, the valve.", source) == {":"}
    assert new_signs("At 4:30 it is new, the valve.", source) == frozenset()
