from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.meaning.loops import Tandem, doubled_passage, is_doubled, repetition_flags, tandem

SOURCE = "La pompe a été remplacée et le joint vérifié avant la remise en service."
TEXT = "The pump was replaced and the seal checked before it was put back into service."
LOOP = (flags.REPETITION,)


def test_tandem_finds_the_longest_repetition() -> None:
    assert tandem(list("abcdefg")) == Tandem(0, 1.0)
    assert tandem(list("xabcabcabcabcy")) == Tandem(3, 4.0)
    assert tandem(["a"] * 10) == Tandem(1, 10.0)
    assert tandem([word for change in "mnop" for word in f"a b c d e {change} f g h i".split()]) == Tandem(0, 1.0)


@pytest.mark.parametrize(
    ("source", "answer", "found"),
    [
        (SOURCE, TEXT, ()),
        (SOURCE, f"{TEXT} {TEXT} {TEXT}", LOOP),
        (SOURCE, f"{TEXT}\n\n{TEXT}", LOOP),
        (f"{SOURCE} " * 3, f"{TEXT} " * 3, ()),
        (SOURCE, f"{TEXT} put back" + " put back" * 8, LOOP),
        (SOURCE, TEXT + " very" * 12, LOOP),
        (f"{SOURCE} {SOURCE} Vu.", f"{TEXT} {TEXT}", ()),
        (SOURCE, TEXT + "!" * 60, LOOP),
        ("Non, non, non, non et non !", "No, no, no, no and no!", ()),
        ("Total " + "." * 60 + " 12 €", "Total " + "." * 60 + " €12", ()),
        (SOURCE, TEXT + "abcabd" * 100, LOOP),
        (
            "\n".join(f"Salle {n} : RAS" for n in range(20)),
            "\n".join(f"Room {n}: nothing to report" for n in range(20)),
            (),
        ),
    ],
)
def test_loops_are_flagged_relative_to_the_source(source: str, answer: str, found: tuple[str, ...]) -> None:
    assert repetition_flags(source, answer) == found


def test_a_passage_said_twice_in_a_row_is_named_unless_the_source_says_one_twice() -> None:
    assert doubled_passage(SOURCE, f"{TEXT} {TEXT}") == TEXT[:-1]
    assert doubled_passage(f"{SOURCE} {SOURCE}", f"{TEXT} {TEXT}") == ""
    assert doubled_passage(SOURCE, TEXT) == ""
    assert doubled_passage("Voir la page.", "See how to log a user in <how-to-log-a-user-in>, please.") == ""


def test_a_word_five_times_and_a_phrase_three_times_are_loops() -> None:
    assert repetition_flags(SOURCE, TEXT.replace("pump", "pump pump pump pump pump")) == LOOP
    assert repetition_flags(SOURCE, TEXT.replace("the seal", "the seal the seal the seal")) == LOOP
    assert repetition_flags("Non non non non non !", "No no no no no!") == ()
    assert repetition_flags("%s %s %s %s : rien.", "%s %s %s %s: nothing.") == ()


def test_a_word_three_times_with_blanks_between_is_a_loop() -> None:
    assert repetition_flags(SOURCE, TEXT.replace("pump", "pump pump pump")) == LOOP
    assert repetition_flags("Lire %.250s : %.250s ici", "Read the the the %.250s: %.250s here") == LOOP
    assert repetition_flags("-w largeur, --width largeur", "-w width, --width width") == ()
    assert repetition_flags("--resource=RESSOURCE   nom de la ressource", "--resource=RESOURCE   resource name") == ()
    assert repetition_flags("C'est très très bon", "It is very very very good") == ()


def test_a_bracket_thirty_times_is_a_loop() -> None:
    assert repetition_flags(SOURCE, f"{TEXT} " + "(" * 30) == LOOP
    assert repetition_flags(SOURCE, TEXT + " -" * 30) == LOOP
    assert repetition_flags(f"Total : {'. ' * 30}", f"Total: {'. ' * 30}") == ()


def test_a_text_that_is_said_twice_is_doubled() -> None:
    assert is_doubled("outils de casse", "password cracking tool\npassword cracking tool")
    assert not is_doubled("--enable-row-security  active ceci", "--enable-row-security  enable row security")
    assert not is_doubled("%pB : 64 bits, %pB : 128 bits", "%pB uses 64-bit double, %pB uses 128-bit double")
    assert not is_doubled("Vive la France, vive la France", "Long live France, long live France")


@pytest.mark.parametrize(
    ("source", "answer", "doubled"),
    [
        (SOURCE, "The pump was replaced and the seal checked and the seal checked before service.", True),
        (SOURCE, "The pump was The pump was replaced.", False),  # three words
        (SOURCE, "The seal of the pump The seal of the pump was replaced.", True),
        (SOURCE, "They replaced the seal of the pump. The seal of the pump is put back.", False),
        (SOURCE, "Replace --seal of the pump, --seal of the pump.", False),
        ("Au fur et à mesure, au fur et à mesure", "The seal of the pump the seal of the pump", False),
    ],
)
def test_a_passage_that_is_said_twice_in_a_row_is_doubled(source: str, answer: str, doubled: bool) -> None:
    assert is_doubled(source, answer) == doubled


def test_codes_that_begin_alike_are_no_loop() -> None:
    source = "Les empreintes SHA1, SHA224, SHA256, SHA384, et SHA512 sont prêtes."
    assert repetition_flags(source, "The digests SHA1, SHA224, SHA256, SHA384, SHA512 are ready.") == ()
    assert repetition_flags(source, "The digests SHA1, SHA1, SHA1, SHA1, SHA1, SHA1 are ready.") == (flags.REPETITION,)
