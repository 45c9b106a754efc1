from __future__ import annotations

import pytest

from transforms.text.request.prompt_profile import ProfileChoice
from transforms.text.request.thinking import THINK_CHOICES, Think, think_tokens, think_value


@pytest.mark.parametrize(
    ("choice", "model", "expected"),
    [
        ("auto", "mistral", False),
        ("auto", "gpt-oss:20b", "low"),
        ("auto", "registry.example/library/GPT-OSS:120b", "low"),
        ("auto", "my-gpt-oss-free", False),
        ("false", "gpt-oss:20b", False),
        ("high", "qwen3", "high"),
        ("model", "qwen3", None),
    ],
)
def test_the_value_that_is_sent(choice: str, model: str, expected: Think) -> None:
    assert think_value(choice, model) == expected


def test_thinking_has_a_budget_of_its_own_and_all_still_fits() -> None:
    for choice in THINK_CHOICES:
        profile = ProfileChoice(4096, think=choice).profile("mistral")
        assert profile.think_tokens == think_tokens(profile.think)
        tokens = profile.budget.max_source_tokens
        used = profile.budget.overhead_tokens + tokens + profile.budget.num_predict_for(tokens)
        assert used <= 4096, "the overhead holds the thoughts"
    plain, thinking = (ProfileChoice(4096, think=choice).profile("mistral").budget for choice in ("false", "high"))
    assert thinking.max_source_tokens < plain.max_source_tokens
