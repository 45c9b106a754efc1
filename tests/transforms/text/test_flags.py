from __future__ import annotations

from itertools import combinations

from transforms.text import flags


def test_every_flag_has_exactly_one_kind() -> None:
    names = {value for name, value in vars(flags).items() if name.isupper() and isinstance(value, str)}
    kinds = (flags.HARD, flags.SOFT, flags.SOURCE)
    assert frozenset.union(*kinds) == names
    assert not any(one & other for one, other in combinations(kinds, 2))


def test_a_flag_is_the_lower_case_name_of_its_constant() -> None:
    for name, value in vars(flags).items():
        if name.isupper() and isinstance(value, str):
            assert value == name.lower()
