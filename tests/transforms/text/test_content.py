from __future__ import annotations

from transforms.text import flags
from transforms.text.content import content_findings
from transforms.text.findings import Finding, names

FRENCH = [
    "Le technicien a remplacé la vanne du bâtiment nord.",
    "La pression est revenue à la normale dans la journée.",
    "Le client a payé sa facture hier matin.",
    "Une nouvelle visite est prévue en octobre.",
]
ENGLISH = [
    "The technician replaced the valve of the north building.",
    "The pressure returned to normal within the day.",
    "The client paid his bill yesterday morning.",
    "A new visit is planned in October.",
]
OTHER = [
    "My grandmother bakes delicious cakes with chocolate.",
    "Elephants dance in the garden at night.",
    "The football team won its match against Italy.",
    "Stars are shining brightly over the sea.",
]


def found(*sentences: str) -> tuple[Finding, ...]:
    return content_findings(" ".join(FRENCH), " ".join(sentences))


def test_a_whole_translation_has_all_the_content() -> None:
    assert found(*ENGLISH) == ()


def test_a_sentence_that_is_missing_is_the_evidence() -> None:
    (missing,) = found(*ENGLISH[:2])
    assert missing.flag == flags.SENTENCE_MISSING
    assert missing.evidence in FRENCH[2:]


def test_a_sentence_twice_is_the_evidence() -> None:
    assert found(ENGLISH[0], *ENGLISH) == (Finding(flags.SENTENCE_REPEATED, ENGLISH[0]),)


def test_another_text_is_no_translation() -> None:
    assert names(found(*OTHER)) == (flags.CONTENT_MISMATCH,)
