from __future__ import annotations

import json

import pytest

from transforms.text import flags
from transforms.text.stripping.cleaning import clean
from transforms.text.stripping.strip import strip

SOURCE = "La pompe de circulation a été remplacée le 12 mars par le technicien. La pression est stable depuis."
ENGLISH = "The circulation pump was replaced on 12 March by the technician. The pressure has been stable since."


@pytest.mark.parametrize(
    "wrapped",
    [
        *(
            "{}<|endoftext|>",
            "<｜Assistant｜>{}",
            "[INST] {} [/INST]",
            "{}</s>",
            "Assistant: {}",
            "{}\nUser: what next?",
        ),
        "<|channel|>analysis<|message|>User wants English.<|end|><|start|>assistant<|channel|>final<|message|>{}",
        *("<thinking>The pump, then the date.</thinking>\n{}", "# {}", "> {}", "**{}**", "{} 😊👍"),
    ],
)
def test_what_stands_around_the_translation_is_removed(wrapped: str) -> None:
    text, thought = clean(wrapped.replace("{}", ENGLISH), SOURCE)
    text, stripped = strip(text, SOURCE)
    assert text == ENGLISH
    assert thought or stripped


def test_bytes_of_tokenizers_are_blanks() -> None:
    assert strip("▁" + ENGLISH.replace(" ", "▁"), SOURCE) == (ENGLISH, (flags.TOKENS_STRIPPED,))


def test_the_translation_is_taken_out_of_json() -> None:
    answer = json.dumps({"source": SOURCE, "translation": ENGLISH})
    assert strip(answer, SOURCE) == (ENGLISH, (flags.QUOTES_STRIPPED,))


def test_words_in_brackets_that_look_like_tokens_may_be_translated() -> None:
    assert strip("BAN <mask>, bans a user", "BAN <masque>, bannit un utilisateur") == ("BAN <mask>, bans a user", ())
    usage = "Usage: pump [INPUT [OUTPUT]]"
    assert strip(usage, "Utilisation : pump [ENTRÉE [SORTIE]]") == (usage, ())
    assert strip("|Red|> 30|> 18", "|Rouge|> 30|> 18") == ("|Red|> 30|> 18", ())
    assert strip("The pump is new.<mask>", "La pompe est neuve.") == ("The pump is new.", (flags.TOKENS_STRIPPED,))


def test_a_role_goes_before_a_text_that_has_a_label_of_its_own() -> None:
    assert strip("Assistant: Ref.: 12", "Réf. : 12")[0] == "Ref.: 12"


def test_a_word_that_names_a_role_may_be_the_translation() -> None:
    assert strip("Output:", "Sortie") == ("Output:", ())
    assert strip("<Tank>", "Réservoir")[0] == "<Tank>"
    assert strip("Assistant:", "La pompe fuit.") == ("", (flags.TOKENS_STRIPPED,))


@pytest.mark.parametrize("text", ["Le jeton <|endoftext|> termine la réponse.", "Assistant : bonjour."])
def test_tokens_of_the_record_stay(text: str) -> None:
    assert strip(text, text) == (text, ())


@pytest.mark.parametrize(
    "spoilt",
    [
        "I apologize, but I can only give a partial version of this text. {}",
        "Sure thing! Rendered into English, it reads as follows:\n{}",
        "My best attempt at an English rendition follows.\n\n{}",
        "{}\n\nI hope this helps! Let me know if you need anything else.",
        "{}\n\n(I kept the date in the British style.)",
        "{} Note that the wording was adapted.",
        "{}\n---\nWould you like a more formal register?",
    ],
)
def test_talk_of_the_task_is_removed_in_any_words(spoilt: str) -> None:
    assert strip(spoilt.replace("{}", ENGLISH), SOURCE) == (ENGLISH, (flags.PREAMBLE_STRIPPED,))


@pytest.mark.parametrize(
    "token",
    [
        *("</answer>", "<final>", "<END_OF_TRANSLATION>", "[/ANSWER]", "[END_OF_TURN]", "<<END>>", "[|assistant|]"),
        *("<start_of_turn>model", "<turn|>", "<|turn>", "[gMASK]<sop>", "</tool_call>", ">>en<<", "[DONE]"),
        *("eng_Latn", "__en__", "=====END=====", "*** END OF TRANSLATION ***", "<2en>", "[END OF TEXT]"),
    ],
)
def test_tokens_of_unknown_models_go_by_their_form(token: str) -> None:
    for answer in (f"{token}{ENGLISH}", f"{token}\n{ENGLISH}", f"{ENGLISH}{token}", f"{ENGLISH}\n{token}"):
        assert strip(answer, SOURCE) == (ENGLISH, (flags.TOKENS_STRIPPED,))


def test_a_token_within_a_sentence_costs_no_half_of_it() -> None:
    answer = ENGLISH.replace("was replaced", "<|im_end|> was replaced")
    assert strip(answer, SOURCE) == (ENGLISH, (flags.TOKENS_STRIPPED,))
    answer = ENGLISH.replace(" by the", "<eos>, by the")
    assert strip(answer, SOURCE)[0] == ENGLISH.replace(" by", ", by")
    for token in ("<eoa>", "<assistant>", "=====END====="):
        assert strip(ENGLISH.replace("was", f"{token} was"), SOURCE)[0] == ENGLISH


def test_a_role_glued_to_the_first_word_goes_with_its_token() -> None:
    assert (
        strip("<start_of_turn>modelcannot open the pump", "impossible d'ouvrir la pompe")[0] == "cannot open the pump"
    )


def test_the_name_of_a_token_on_its_own_line_goes() -> None:
    assert strip(f"{ENGLISH}\nEND_OF_TURN", SOURCE)[0] == ENGLISH


def test_a_warning_between_stars_is_no_token() -> None:
    source, answer = "*** Attention ***\nLa pompe est neuve.", "*** WARNING ***\nThe pump is new."
    assert strip(answer, source) == (answer, ())


def test_the_next_turn_that_was_begun_goes() -> None:
    assert strip(f"{ENGLISH} Human:", SOURCE)[0] == ENGLISH
    assert strip(f"{ENGLISH}\nFrench:", SOURCE)[0] == ENGLISH
    assert strip("Reply to the human:", "Répondez à l'humain :")[0] == "Reply to the human:"


def test_a_part_before_a_role_that_says_nothing_is_not_what_stays() -> None:
    assert (
        ENGLISH in strip(f"Job: put it into English, line by line, as well as you can.\nOutput: {ENGLISH}", SOURCE)[0]
    )


def test_words_in_angle_brackets_within_a_line_stay() -> None:
    source = "Remplacez «adresse» par la vôtre."
    assert strip("Replace <address> by yours.", source) == ("Replace <address> by yours.", ())


def test_word_pieces_are_joined() -> None:
    assert strip("The cir ##cula ##tion pump was replaced.", SOURCE)[0] == "The circulation pump was replaced."
    assert strip("The DEL ##AYED queue", "La file DELAYED")[0] == "The DELAYED queue"


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("===== FIN =====", "===== END ====="),
        ("*** FIN DU DOCUMENT ***\nMerci.", "*** END OF DOCUMENT ***\nThank you."),
        ("Vaut zéro si rien n'est défini.", "Is zero if B<APP_DIR> is not set."),
        ("Voir le réglage.", "See :setting:`APP_DIR <APP_DIR>`."),
        ("ajouter\najouter <nom-du-champ>", "add\nadd <field-name>"),
        ("La fonction __nom__(valeur__max__) renvoie zéro.", "The function __out__(value__max__) returns zero."),
    ],
)
def test_what_stands_between_the_marks_of_the_source_is_no_token(source: str, answer: str) -> None:
    assert strip(answer, source) == (answer, ())


def test_a_tag_of_the_source_leaves_no_room_for_a_token() -> None:
    assert strip("The field <nom> is empty. <eos>", "Le champ <nom> est vide.")[0] == "The field <nom> is empty."


def test_one_more_passage_between_marks_is_a_token() -> None:
    source, answer = "===== FIN =====\nMerci.", "===== END =====\nThank you."
    assert strip(f"{answer}\n===== END OF TRANSLATION =====", source)[0] == answer


@pytest.mark.parametrize(
    "token",
    [
        *(
            "</s >",
            "<\\s>",
            "‹eos›",
            "⟨/s⟩",
            "<eos/>",
            "<|im_end",
            "eot|>",
            "[eos]",
            "((END))",
            "|en|",
            "~END~",
            "##EOS##",
        ),
        *("de_XX", "[en_XX]", "<lang:en>", "@@@", "⁇", "[gMASK] sop", "<human>:", "por_Latn", "</w>"),
    ],
)
def test_tokens_cut_off_in_other_brackets_or_without_them_go(token: str) -> None:
    middle = ENGLISH.replace("on 12", f"{token} on 12")
    for spoilt in (f"{token} {ENGLISH}", f"{ENGLISH} {token}", middle):
        assert strip(spoilt, SOURCE)[0] == ENGLISH


@pytest.mark.parametrize(
    ("source", "english"),
    [
        ("Langue fr_FR par défaut", "Language fr_FR by default"),
        ("Le jeton [eos] finit.", "The token [eos] ends."),
        ("||||||| ancêtre", "||||||| ancestor"),
    ],
)
def test_codes_of_the_source_are_no_tokens(source: str, english: str) -> None:
    assert strip(english, source) == (english, ())


def test_halves_of_words_are_joined() -> None:
    assert strip(ENGLISH.replace("technician", "tech@@ nician"), SOURCE)[0] == ENGLISH
