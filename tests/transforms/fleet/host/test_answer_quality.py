from __future__ import annotations

from transforms.fleet.host.answer_quality import LEAST_ANSWERS, RECENT, AnswerQuality

GOOD, BAD = "http://gpu0:11434", "http://gpu1:11434"


class Judge:
    """Numbers the answers, each of which is to another source."""

    def __init__(self, good: int = 0, bad: int = 0) -> None:
        self.quality = AnswerQuality()
        self.numbers = {GOOD: 0, BAD: 0}
        for number in range(good):
            self.checked(GOOD, f"answer {number}")
        for number in range(bad):
            self.checked(BAD, f"answer {number}", accepted=False)

    def checked(self, host: str, answer: str, accepted: bool = True, source: str = "") -> bool:
        self.numbers[host] += 1
        return self.quality.checked(host, self.numbers[host], source or f"source {self.numbers}", answer, accepted)

    def void(self, host: str) -> list[int]:
        return [number for number in range(1, self.numbers[host] + 1) if self.quality.void(host, number)]


def test_a_host_with_worse_answers_than_the_others_is_broken() -> None:
    judge = Judge(LEAST_ANSWERS, LEAST_ANSWERS)
    assert not judge.quality.broken(GOOD)
    reason = judge.quality.broken(BAD)
    assert "8 of its last 8 answers" in reason
    assert "0% on the other hosts" in reason
    assert judge.quality.broken_hosts() == {BAD}
    assert not judge.quality.broken(BAD), "it starts afresh"


def test_a_host_is_not_broken_where_the_others_are_no_better_or_unknown() -> None:
    assert not Judge(LEAST_ANSWERS - 1, RECENT).quality.broken(BAD)
    assert not Judge(LEAST_ANSWERS, LEAST_ANSWERS - 1).quality.broken(BAD)
    assert not Judge(0, RECENT).quality.broken(BAD), "the texts may be the reason"
    judge = Judge(0, RECENT)
    for number in range(RECENT):
        judge.checked(GOOD, f"answer {number}", accepted=number % 4 != 0)
    assert not judge.quality.broken(BAD)
    assert not judge.quality.broken_hosts()


def test_the_same_answer_to_different_texts_is_bad_whatever_the_checks_say() -> None:
    judge = Judge(LEAST_ANSWERS)
    assert not judge.checked(BAD, "OK.")
    assert all(judge.checked(BAD, "OK.") for _ in range(LEAST_ANSWERS))
    assert judge.quality.broken(BAD)


def test_a_repeated_answer_is_confirmed_before_the_others_have_answered() -> None:
    judge = Judge()
    assert not judge.checked(BAD, "The pump works.")
    assert judge.checked(BAD, "The pump works.")


def test_the_same_answer_to_the_same_words_is_not_bad() -> None:
    judge = Judge(LEAST_ANSWERS)
    sources = ["Oui", "oui.", "OUI !", "« oui »", "Oui…", "oui ?", "[oui]", "-oui-", "oui;"]
    assert not any(judge.checked(BAD, "Yes", source=source) for source in sources)
    assert not judge.quality.broken(BAD)


def test_repeated_answers_are_not_confirmed_where_the_others_repeat_theirs_too() -> None:
    judge = Judge()
    for _ in range(RECENT):
        judge.checked(GOOD, "Thank you.")
    judge.checked(BAD, "Thank you.")
    assert not judge.checked(BAD, "Thank you.")


def test_an_accepted_answer_of_a_doubtful_host_is_to_be_confirmed() -> None:
    judge = Judge(LEAST_ANSWERS, 1)
    assert not judge.quality.doubtful(BAD)
    judge.checked(BAD, "wrong", accepted=False)
    assert judge.quality.doubtful(BAD)
    assert judge.checked(BAD, "plausible")
    assert not judge.checked(GOOD, "plausible")
    assert not Judge(0, RECENT).quality.doubtful(BAD), "no other host could confirm anything"


def test_what_is_long_ago_is_forgotten() -> None:
    judge = Judge(LEAST_ANSWERS, RECENT)
    for number in range(RECENT):
        judge.checked(BAD, f"good {number}")
    assert not judge.quality.broken(BAD)


def test_a_host_without_others_to_compare_with_is_not_broken() -> None:
    judge = Judge()
    for _ in range(20):
        judge.checked(BAD, "always the same")
    assert not judge.quality.doubtful(BAD)
    assert not judge.quality.broken(BAD)
    assert not judge.void(BAD)


def test_all_answers_of_a_host_that_was_broken_from_the_start_are_void() -> None:
    judge = Judge(LEAST_ANSWERS)
    for _ in range(100):
        judge.checked(BAD, "always the same")
    assert judge.quality.broken(BAD)
    assert judge.void(BAD) == list(range(1, 101))
    assert not judge.void(GOOD)


def test_answers_from_before_a_host_broke_are_kept() -> None:
    judge = Judge(LEAST_ANSWERS)
    for number in range(100):
        judge.checked(BAD, f"good {number}")
    while not judge.quality.broken(BAD):
        judge.checked(BAD, "always the same")
    void = judge.void(BAD)
    assert void == list(range(void[0], judge.numbers[BAD] + 1))
    assert 100 - RECENT <= void[0] <= 101
    judge.checked(BAD, "a person has repaired it")
    assert judge.void(BAD) == void


def test_repeated_answers_are_void_once_the_host_is_doubtful() -> None:
    judge = Judge()
    judge.checked(BAD, "good")
    for _ in range(4):
        judge.checked(BAD, "always the same")
    assert not judge.void(BAD), "nothing is known about the others"
    for number in range(2):
        judge.checked(GOOD, f"answer {number}")
    assert judge.void(BAD) == [2, 3, 4, 5]


def test_hosts_with_bad_answers_are_suspects_whoever_answers_next() -> None:
    judge = Judge(good=3)
    assert judge.quality.suspects() == []
    judge.checked(BAD, "answer", accepted=False)
    judge.checked(GOOD, "another answer")
    assert judge.quality.suspects() == [BAD]
