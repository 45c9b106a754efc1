"""Recipes: serialisation, comparison, and the description of differences."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.sink.part_batches import RECIPE
from transforms.sink.recipe import Recipe

OTHER: dict[str, Any] = {
    "model": "llama3",
    "model_digest": "aa" * 32,
    "prompt_name": "simple",
    "prompt_text": "translate: {text}",
    "options": {**RECIPE.options, "seed": 2},
    "num_ctx": 2048,
    "chunk_chars": 1000,
    "text_columns": ("body", "title"),
    "fallback_digest": "ef" * 32,
    "model_column": "engine",
    "fallback_model": "qwen3",
    "checks": "repair",
    "glossary_digest": "bb" * 32,
    "domain": "incident reports",
    "english": "fail",
    "other_language": "fail",
    "context_chars": 300,
    "field_names": True,
    "langid": "lingua",
    "text_encoding": "latin-1",
    "evidence": True,
    "confidence": True,
    "format": 2,
}

values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
recipes = st.builds(
    Recipe,
    model=st.text(),
    model_digest=st.none() | st.text(),
    prompt_name=st.text(),
    prompt_text=st.text(),
    options=st.dictionaries(st.sampled_from(["seed", "top_k", "stop"]), values, max_size=4),
    num_ctx=st.integers(),
    chunk_chars=st.integers(),
    text_columns=st.lists(st.text(), max_size=3).map(tuple),
    fallback_model=st.none() | st.text(),
    fallback_digest=st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
    model_column=st.none() | st.text(),
    checks=st.sampled_from(["off", "flag", "repair"]),
)


def written_and_read(recipe: Recipe) -> Recipe:
    return Recipe.from_json(json.loads(json.dumps(recipe.to_json())))


@given(recipes)
def test_json_preserves_all_fields(recipe: Recipe) -> None:
    again = written_and_read(recipe)
    assert again == recipe
    assert again.digest() == recipe.digest()
    assert again.matches(recipe)
    assert recipe.differences(again) == []


@given(recipes, recipes)
def test_recipes_differ_exactly_if_they_do_not_match(one: Recipe, other: Recipe) -> None:
    lines = one.differences(other)
    assert bool(lines) != one.matches(other)
    assert all(len(line.splitlines()) == 1 for line in lines)


def test_other_has_a_value_for_every_field() -> None:
    assert set(OTHER) == {field.name for field in fields(Recipe)}


@pytest.mark.parametrize("name", OTHER)
def test_changing_any_field_changes_the_recipe(name: str) -> None:
    other = replace(RECIPE, **{name: OTHER[name]})
    assert not RECIPE.matches(other)
    assert other.digest() != RECIPE.digest()
    (line,) = RECIPE.differences(other)
    assert line.startswith("seed: 1 now, 2 before" if name == "options" else f"{name}: ")


def test_equal_options_match_in_any_order_and_spelling() -> None:
    turned = dict(reversed(list(RECIPE.options.items())))
    same = replace(RECIPE, options={**turned, "temperature": 0, "stop": ("a",)})
    other = replace(RECIPE, options={**RECIPE.options, "stop": ["a"]})
    assert same.matches(other)
    assert same.digest() == other.digest()
    assert same.differences(other) == []


def test_an_unknown_digest_matches_any_other() -> None:
    unknown = replace(RECIPE, model_digest=None)
    assert unknown.matches(RECIPE)
    assert RECIPE.matches(unknown)
    assert RECIPE.differences(unknown) == unknown.differences(RECIPE) == []
    assert not unknown.matches(replace(RECIPE, model="llama3"))


def test_differences_are_readable() -> None:
    ours = replace(RECIPE, model="llama3", options={"temperature": 0.5}, text_columns=("a", "b"), domain="court files")
    theirs = replace(RECIPE, options={"temperature": 0.0})
    assert ours.differences(theirs) == [
        "model: llama3 now, mistral before",
        "text_columns: a, b now, body before",
        "domain: court files now, none before",
        "temperature: 0.5 now, 0.0 before",
    ]


def test_long_texts_are_shown_where_they_first_differ() -> None:
    start = "word " * 100
    (line,) = replace(RECIPE, prompt_text=f"{start}HERE{start}").differences(
        replace(RECIPE, prompt_text=f"{start}THERE{start}")
    )
    assert len(line) < 140
    assert " HERE" in line
    assert " THERE" in line
    (line,) = replace(RECIPE, prompt_text=start).differences(replace(RECIPE, prompt_text=f"{start}\nmore{start}"))
    assert r"\nmore" in line
    assert len(line) < 140


def test_a_field_of_a_newer_version_is_reported_as_a_difference() -> None:
    newer = Recipe.from_json({**RECIPE.to_json(), "tone": "formal"})
    assert not RECIPE.matches(newer)
    assert RECIPE.differences(newer) == ["tone: not set now, formal before"]


def test_fields_missing_from_an_early_recipe_get_their_defaults() -> None:
    values = {name: value for name, value in RECIPE.to_json().items() if name not in ("checks", "fallback_model")}
    assert Recipe.from_json(values).matches(RECIPE)
    assert not Recipe.from_json(values).matches(replace(RECIPE, checks="repair"))
    with pytest.raises((KeyError, TypeError)):
        Recipe.from_json({name: value for name, value in values.items() if name != "model"})
