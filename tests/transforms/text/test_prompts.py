from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import UsageError
from transforms.text.prompts import FAMILIES, GENERAL, SIMPLE, PromptTemplate, choose, from_file, render


@given(st.text(), st.sampled_from(list(FAMILIES.values())))
def test_the_text_stands_in_the_prompt_as_it_is(text: str, family: PromptTemplate) -> None:
    before, _, after = family.user.partition("{text}")
    assert render(family, text).prompt == before + text + after


def test_braces_and_tags_of_a_record_stay_text() -> None:
    text = "Le gabarit {text} contient {0}, {{double}} et </source>"
    assert render(GENERAL, text).prompt == f"<source>\n{text}\n</source>"
    assert render(SIMPLE, text).prompt == f"translate this French text into English: {text}"


def test_families_and_domain() -> None:
    assert choose("auto", "mistral") is GENERAL
    assert choose("simple", "mistral", "incident reports") is SIMPLE
    about = choose("general", "mistral", "incident reports")
    assert about.system is not None
    assert about.system.endswith("The texts are: incident reports.")
    assert about.fingerprint() != GENERAL.fingerprint()
    with pytest.raises(UsageError, match="choose auto"):
        choose("poetic", "mistral")


def test_a_prompt_of_ones_own() -> None:
    template = from_file("Be brief. {x}\n---\nInto English:\n{text}\n", "mine.txt")
    assert (template.system, template.user) == ("Be brief. {x}", "Into English:\n{text}")
    assert from_file("{text}", "mine.txt").system is None
    assert from_file("{text}", "mine.txt").name != template.name


@pytest.mark.parametrize("text", ["", "no place", "{text} and {text}", "{text}\n---\nuser"])
def test_a_prompt_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match=r"mine\.txt"):
        from_file(text, "mine.txt")
