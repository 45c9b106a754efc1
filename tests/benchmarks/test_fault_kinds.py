"""The kinds of faults of the benchmark of the checks: each can be made from our own pairs, always in the same way."""

from __future__ import annotations

import pytest

from benchmarks.fault_kinds import KINDS, MOST_FAULTS, Kind, faults
from tests.transforms.text.clean_pairs import clean_pairs


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.name))
def test_faults_of_each_kind_are_made_from_correct_pairs(kind: Kind) -> None:
    made = faults(kind, clean_pairs())
    assert 5 <= len(made) <= MOST_FAULTS
    assert all(fault.answer != fault.right for fault in made)
    assert made == faults(kind, clean_pairs())


def test_without_pairs_there_are_only_faults_of_our_own_texts() -> None:
    names = [kind.name for kind in KINDS if faults(kind, [])]
    assert names == ["es pt it de nl, from 120", "other languages, from 120", "other languages, 25 to 80"]
