from __future__ import annotations

import pytest

from transforms.text.quantities.number_forms import (
    is_fraction_of_one,
    less,
    lists_as_numbers,
    numbers_between,
    small_digits,
    split_number,
    without_years,
)


@pytest.mark.parametrize(
    ("number", "french", "parts"),
    [
        ("1,200", False, ["1200"]),
        ("1,200", True, ["1.2"]),
        ("0,127", False, ["0.127"]),
        ("1.200.000", True, ["1200000"]),
        ("1.234,50", True, ["1234.5"]),
        ("2.0.1", False, ["2", "1"]),
        ("0,1,2", False, ["0", "1", "2"]),
        ("4,10,0.5", False, ["4", "10", "0.5"]),
    ],
)
def test_points_and_commas_separate_thousands_decimals_and_parts(number: str, french: bool, parts: list[str]) -> None:
    assert split_number(number, french) == parts


def test_a_list_without_blanks_may_look_like_a_number() -> None:
    assert list(lists_as_numbers("(3,10)", frozenset(("3", "10")), french=False)) == [(["3.1"], ["3", "10"])]
    assert list(lists_as_numbers("(3,10)", frozenset(("3", "11")), french=False)) == []


def test_years_of_a_range_are_named() -> None:
    assert without_years("2003", "2002-2005", ["2003"], []) == ([], [])
    assert without_years("2005-2006", "2005-06", ["2006"], ["6"]) == ([], [])
    assert without_years("2005-06", "2005-2006", ["6"], ["2006"]) == ([], [])
    assert without_years("2002-2005", "2002-2006", ["2005"], ["2006"]) == ([], ["2006"])
    assert without_years("2009", "2002-2005", ["2009"], []) == (["2009"], [])


def test_a_decimal_without_its_zero() -> None:
    assert is_fraction_of_one("0.66", "a/b is .66")
    assert not is_fraction_of_one("0.66", "a/b is 0.66")


def test_numbers_within_short_ranges() -> None:
    assert numbers_between("1-3, 5 to 7, 10-90") == {2, 6}


def test_small_digits_are_numbers() -> None:
    assert small_digits("m², CO₂, 10¹² and ¼") == {2, 12, 1, 4}
    assert small_digits("30 m2 à Évry") == set()


def test_each_number_is_taken_away_once() -> None:
    assert less(["1", "1", "2"], ["1", "3"]) == ["1", "2"]
