from __future__ import annotations

from pipeline.report.meanings import UNKNOWN, error_meaning, flag_meaning
from transforms.fleet.faults import Failure
from transforms.text import flags


def test_every_flag_and_error_class_is_explained() -> None:
    unexplained = [name for name in flags.HARD | flags.SOFT | flags.SOURCE if flag_meaning(name) is UNKNOWN]
    unexplained += [failure.value for failure in Failure if error_meaning(failure.value) is UNKNOWN]
    assert unexplained == []


def test_an_unknown_name_has_no_description() -> None:
    assert flag_meaning("of_a_newer_version").text == "no description"
    assert error_meaning("untranslated").remedy
