from __future__ import annotations

from transforms.fleet.answer_quality import LEAST_ANSWERS, RECENT, AnswerQuality

GOOD, BAD = "http://gpu0:11434", "http://gpu1:11434"


def filled(good: int, bad: int) -> AnswerQuality:
    quality = AnswerQuality()
    for number in range(good):
        quality.checked(GOOD, f"answer {number}", accepted=True)
    for number in range(bad):
        quality.checked(BAD, f"answer {number}", accepted=False)
    return quality


def test_a_host_with_worse_answers_than_the_others_is_broken() -> None:
    quality = filled(LEAST_ANSWERS, LEAST_ANSWERS)
    assert "8 of its last 8 answers" in quality.broken(BAD)
    assert "0% on the other hosts" in quality.broken(BAD)
    assert not quality.broken(GOOD)


def test_a_host_is_not_broken_where_the_others_are_no_better_or_unknown() -> None:
    assert not filled(LEAST_ANSWERS - 1, RECENT).broken(BAD)
    assert not filled(LEAST_ANSWERS, LEAST_ANSWERS - 1).broken(BAD)
    assert not filled(0, RECENT).broken(BAD), "the texts may be the reason"
    quality = filled(0, RECENT)
    for number in range(RECENT):
        quality.checked(GOOD, f"answer {number}", accepted=number % 4 != 0)
    assert not quality.broken(BAD)


def test_the_same_answer_to_different_texts_is_bad_whatever_the_checks_say() -> None:
    quality = filled(LEAST_ANSWERS, 0)
    assert not quality.checked(BAD, "OK.", accepted=True)
    assert all(quality.checked(BAD, "OK.", accepted=True) for _ in range(LEAST_ANSWERS))
    assert quality.broken(BAD)


def test_an_accepted_answer_of_a_doubtful_host_is_to_be_confirmed() -> None:
    quality = filled(LEAST_ANSWERS, 1)
    assert not quality.doubtful(BAD)
    quality.checked(BAD, "wrong", accepted=False)
    assert quality.doubtful(BAD)
    assert not quality.doubtful(GOOD)
    quality.forget(BAD)
    assert not quality.doubtful(BAD)
    assert not filled(0, RECENT).doubtful(BAD), "no other host could confirm anything"


def test_what_is_long_ago_is_forgotten() -> None:
    quality = filled(LEAST_ANSWERS, RECENT)
    for number in range(RECENT):
        quality.checked(BAD, f"good {number}", accepted=True)
    assert not quality.broken(BAD)


def test_a_host_without_others_to_compare_with_is_not_doubtful() -> None:
    quality = AnswerQuality()
    for _ in range(20):
        quality.checked("http://gpu0:11434", "always the same", accepted=True)
    assert not quality.doubtful("http://gpu0:11434")
    assert not quality.broken("http://gpu0:11434")
