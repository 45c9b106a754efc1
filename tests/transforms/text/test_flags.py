from __future__ import annotations

from itertools import combinations

from transforms.text import flags


def test_every_flag_is_of_one_kind() -> None:
    names = {value for name, value in vars(flags).items() if name.isupper() and isinstance(value, str)}
    kinds = (flags.HARD, flags.SOFT, flags.SOURCE)
    assert frozenset.union(*kinds) == names
    assert not any(one & other for one, other in combinations(kinds, 2))


def test_a_flag_is_its_constant_in_lower_case() -> None:
    for name, value in vars(flags).items():
        if name.isupper() and isinstance(value, str):
            assert value == name.lower()
