"""Bad translations made from clean pairs: for each flag the ways in which models have been seen to fail.

A mutation takes a pair and a random generator and gives the source and the spoilt answer, or None if it can't be done
to this pair.
"""

from __future__ import annotations

import html
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.transforms.text.clean_pairs import HELD_OUT_EVERY, Pair, clean_pairs
from transforms.text import flags
from transforms.text.request.prompts import GENERAL, SIMPLE
from transforms.text.words.lexicon import is_only_french

FOLDER = Path(__file__).parent / "corpus" / "faults"
PROMPT_TEXTS = (GENERAL.system or "", GENERAL.user, SIMPLE.user)
FAULTS_PER_FLAG = 90

Spoilt = tuple[str, str]
Mutation = Callable[[Pair, random.Random], Spoilt | None]


class Fault(NamedTuple):
    """One bad answer; ``pair`` is what it was made from, ``held_out`` as in ``clean_pairs``."""

    flag: str
    mutation: str
    source: str
    answer: str
    pair: Pair
    held_out: bool


@cache
def phrases(name: str) -> list[str]:
    return [line.replace("\\n", "\n") for line in (FOLDER / name).read_text("utf-8").splitlines()]


@cache
def pool() -> list[Pair]:
    return [pair for pair in clean_pairs() if 60 <= len(pair.french) <= 200 and "\n" not in pair.french]


SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀÉÈÇ«“])")


def sentences(text: str) -> list[str]:
    return SENTENCE.split(text)


def many_words(text: str, least: int = 5) -> bool:
    return len(re.findall(r"[^\W\d_]{2,}", text)) >= least


def prose(pair: Pair) -> bool:
    """Whether the French is a sentence rather than a name."""
    return many_words(pair.french, 6) and pair.french != pair.english


def echo(pair: Pair, rng: random.Random) -> Spoilt | None:
    return (pair.french, pair.french) if prose(pair) else None


def loose_echo(pair: Pair, rng: random.Random) -> Spoilt | None:
    text = pair.french.replace("« ", "“").replace(" »", "”").replace(" :", ":").replace(" ?", "?")
    return (pair.french, text.rstrip(".") + ".") if prose(pair) else None


def nearly_echo(pair: Pair, rng: random.Random) -> Spoilt | None:
    words = pair.french.split(" ")
    if len(words) < 16 or not prose(pair):
        return None
    place = rng.randrange(len(words) - 1)
    return pair.french, " ".join([*words[:place], "the", *words[place + 1 :]])


def foreign(pair: Pair, rng: random.Random) -> Spoilt | None:
    lines = [line.split("\t") for line in phrases("foreign.tsv")]
    language = rng.choice([code for code, _ in lines])
    texts = [text for code, text in lines if code == language]
    rng.shuffle(texts)
    answer = ""
    while texts and len(answer) < 0.7 * len(pair.french):
        answer = f"{answer} {texts.pop()}".strip()
    return (pair.french, answer) if 0.6 < len(answer) / len(pair.french) < 1.4 and prose(pair) else None


def other_script(pair: Pair, rng: random.Random) -> Spoilt | None:
    text = rng.choice(phrases("scripts.txt"))
    return (pair.french, text) if prose(pair) else None


def script_inserted(pair: Pair, rng: random.Random) -> Spoilt | None:
    words = pair.english.split(" ")
    place = rng.randrange(len(words) + 1)
    foreign_words = re.findall(r"[^\W\d_]+", rng.choice(phrases("scripts.txt")[:5]))
    return pair.french, " ".join([*words[:place], foreign_words[0][:4], *words[place:]])


def one_left_french(pair: Pair, rng: random.Random) -> Spoilt | None:
    french, english = sentences(pair.french), sentences(pair.english)
    places = [i for i, text in enumerate(french) if many_words(text)]
    if len(french) != len(english) or len(french) < 2 or not places or "\n" in pair.french:
        return None
    place = rng.choice(places)
    return pair.french, " ".join([*english[:place], french[place], *english[place + 1 :]])


def half_left_french(pair: Pair, rng: random.Random) -> Spoilt | None:
    french, english = sentences(pair.french), sentences(pair.english)
    half = len(french) // 2
    if len(french) != len(english) or len(french) < 2 or "\n" in pair.french:
        return None
    kept = french[half:] if rng.random() < 0.5 else french[:half]
    if not any(map(many_words, kept)):
        return None
    done = [*english[:half], *french[half:]] if kept == french[half:] else [*french[:half], *english[half:]]
    return pair.french, " ".join(done)


def neighbour_left_french(pair: Pair, rng: random.Random) -> Spoilt | None:
    other = rng.choice(pool())
    if not prose(pair) or not prose(other) or "«" in other.french or pair.french[-1] not in ".!?":
        return None
    return f"{pair.french} {other.french}", f"{pair.english} {other.french}"


def word_loop(pair: Pair, rng: random.Random) -> Spoilt | None:
    words = re.findall(r"[^\W\d_]{3,}", pair.english)
    return (pair.french, pair.english + f" {rng.choice(words)}" * rng.randint(10, 80)) if words else None


def phrase_loop(pair: Pair, rng: random.Random) -> Spoilt | None:
    words = pair.english.split()
    if len(words) < 8:
        return None
    place = rng.randrange(len(words) - 5)
    return pair.french, " ".join([*words[:place], *words[place : place + rng.randint(2, 5)] * rng.randint(6, 30)])


def sentence_loop(pair: Pair, rng: random.Random) -> Spoilt | None:
    last = sentences(pair.english)[-1]
    return (pair.french, pair.english + f" {last}" * rng.randint(3, 12)) if many_words(last) else None


def counted_loop(pair: Pair, rng: random.Random) -> Spoilt | None:
    last = sentences(pair.english)[-1].split("\n")[-1]
    if not many_words(last):
        return None
    return pair.french, pair.english + "".join(f"\n{number}. {last}" for number in range(1, rng.randint(5, 15)))


def character_loop(pair: Pair, rng: random.Random) -> Spoilt | None:
    return pair.french, pair.english + rng.choice("a!-.0") * rng.randint(60, 400)


def all_again(pair: Pair, rng: random.Random) -> Spoilt | None:
    return (pair.french, "\n\n".join([pair.english] * rng.randint(3, 5))) if many_words(pair.english, 6) else None


def _resized(pair: Pair, rng: random.Random, ratio: float) -> Spoilt | None:
    """The answer cut, or followed by what the source does not say."""
    if len(pair.french) < 100:
        return None
    wanted, text = int(ratio * len(pair.french)), pair.english
    while len(text) < wanted:
        text = f"{text} {rng.choice(pool()).english}"
    return pair.french, text[:wanted].rstrip()


def cut_short(pair: Pair, rng: random.Random) -> Spoilt | None:
    return _resized(pair, rng, rng.uniform(0.08, 0.33))


def far_too_long(pair: Pair, rng: random.Random) -> Spoilt | None:
    return _resized(pair, rng, rng.uniform(2.4, 4.0))


def cut_in_the_middle(pair: Pair, rng: random.Random) -> Spoilt | None:
    return _resized(pair, rng, rng.uniform(0.38, 0.53))


def stopped_early(pair: Pair, rng: random.Random) -> Spoilt | None:
    """The answer up to a word within a sentence."""
    if len(pair.french) < 100 or pair.french[-1] not in ".!?":
        return None
    longest = min(0.92 * len(pair.english), 0.88 * len(pair.french))
    ends = [match.end() for match in re.finditer(r"\w,?(?= )", pair.english)]
    places = [end for end in ends if 0.5 * len(pair.french) <= end <= longest]
    return (pair.french, pair.english[: rng.choice(places)]) if places else None


def too_long(pair: Pair, rng: random.Random) -> Spoilt | None:
    return _resized(pair, rng, rng.uniform(1.56, 2.1))


def refused(pair: Pair, rng: random.Random) -> Spoilt | None:
    return pair.french, rng.choice(phrases("refusals.txt"))


def prompt_before(pair: Pair, rng: random.Random) -> Spoilt | None:
    return pair.french, f"{PROMPT_TEXTS[0][: rng.randint(120, 320)]}\n\n{pair.english}"


def prompt_sentence(pair: Pair, rng: random.Random) -> Spoilt | None:
    leaked = rng.choice([text for text in sentences(PROMPT_TEXTS[0]) if len(text) > 40])
    return pair.french, f"{pair.english} {leaked}" if rng.random() < 0.5 else f"{leaked} {pair.english}"


def simple_prompt(pair: Pair, rng: random.Random) -> Spoilt | None:
    return pair.french, f"translate this French text into English: {pair.english}"


def delimiter(pair: Pair, rng: random.Random) -> Spoilt | None:
    return pair.french, f"{pair.english}\n</source>\n<source>\n{rng.choice(pool()).english}"


def options(pair: Pair, rng: random.Random) -> Spoilt | None:
    return pair.french, rng.choice(phrases("options.txt")).replace("%", pair.english)


NUMBER = re.compile(r"(?<![\w.,/-])\d{1,5}(?![\w.,/-]|\s?[ap]\.?m\b)")


def _number(pair: Pair, rng: random.Random) -> re.Match[str] | None:
    found = list(NUMBER.finditer(pair.english))
    return rng.choice(found) if found else None


def number_changed(pair: Pair, rng: random.Random) -> Spoilt | None:
    if not (match := _number(pair, rng)):
        return None
    value = str(int(match[0]) + rng.choice([3, 7, 11, 100]))
    return pair.french, pair.english[: match.start()] + value + pair.english[match.end() :]


def number_dropped(pair: Pair, rng: random.Random) -> Spoilt | None:
    match = _number(pair, rng)
    return (pair.french, pair.english[: match.start()] + "some" + pair.english[match.end() :]) if match else None


def decimal_moved(pair: Pair, rng: random.Random) -> Spoilt | None:
    found = list(re.finditer(r"(?<![\w.,])\d{1,3}\.\d{1,2}(?![\w.,])", pair.english))
    if not found:
        return None
    match = rng.choice(found)
    return pair.french, pair.english[: match.start()] + match[0].replace(".", "") + pair.english[match.end() :]


def number_invented(pair: Pair, rng: random.Random) -> Spoilt | None:
    added = rng.choice(["within {} days", "in {}", "about {} times", "at a cost of €{}", "for {} people"])
    return pair.french, f"{pair.english.rstrip('.')} {added.format(rng.randint(13, 3000))}."


def billion_lost(pair: Pair, rng: random.Random) -> Spoilt | None:
    value = f"{rng.randint(1, 9)},{rng.randint(1, 9)}"
    said = value.replace(",", ".")
    return f"{pair.french} Budget : {value} milliards d'euros.", f"{pair.english} Budget: {said} million euros."


HOLDERS = ["{nom}", "{{ client.nom }}", "${montant}", "%s", "%(date)s", "<0/>", "{0}", "{heure:>10}", "{prenom_usager}"]


TRANSLATED_HOLDERS = [
    *(("{nom}", "{name}"), ("{{ ville }}", "{{ city }}"), ("${prix}", "${price}"), ("%(champ)s", "%(field)s")),
    *(("{date_debut}", "{start_date}"), ("%s", "%d")),
]


def holder_lost(pair: Pair, rng: random.Random) -> Spoilt | None:
    return f"{pair.french} {rng.choice(HOLDERS)}", pair.english


def holder_translated(pair: Pair, rng: random.Random) -> Spoilt | None:
    french, english = rng.choice(TRANSLATED_HOLDERS)
    return f"{french} : {pair.french}", f"{english}: {pair.english}"


def code_changed(pair: Pair, rng: random.Random) -> Spoilt | None:
    number = rng.randint(100, 9999)
    return f"{pair.french} (réf. INC-{number}-FR)", f"{pair.english} (ref. INR-{number}-FR)"


URLS = [
    "https://exemple.org/suivi?id=77&l=fr",
    "http://intranet.exemple.org/aide",
    "www.exemple.org/avis",
    "aide@exemple.org",
]


def url_lost(pair: Pair, rng: random.Random) -> Spoilt | None:
    return f"{pair.french} Voir {rng.choice(URLS)}", f"{pair.english} See"


def url_changed(pair: Pair, rng: random.Random) -> Spoilt | None:
    url = rng.choice(URLS)
    changed = url.replace("exemple", "example") if rng.random() < 0.6 else url.replace("/", "/en-", 3)[:-1]
    return f"{pair.french} Voir {url}.", f"{pair.english} See {changed}."


def url_invented(pair: Pair, rng: random.Random) -> Spoilt | None:
    return pair.french, f"{pair.english} See https://www.example.com/{rng.randint(1, 99)}"


MARKUP = ["<p>{}</p>", "<b>{}</b>", "# {}", "- {}", "**{}**", "`{}`", "| a | {} |", "<div class='x'>{}</div>", "1. {}"]


def markup_lost(pair: Pair, rng: random.Random) -> Spoilt | None:
    if "\n" in pair.french or "`" in pair.french or "|" in pair.french:
        return None
    shape = rng.choice(MARKUP)
    first = shape.format(pair.french)
    return (
        f"{first}\n{pair.french}",
        f"{pair.english}\n{pair.english}" if rng.random() < 0.7 else pair.english + "\n" + pair.english,
    )


def tag_unclosed(pair: Pair, rng: random.Random) -> Spoilt | None:
    return f"<p>{pair.french} <i>RAS</i></p>", f"<p>{pair.english} <i>RAS</p>"


def lines_merged(pair: Pair, rng: random.Random) -> Spoilt | None:
    others = [pair, *rng.sample(pool(), rng.randint(1, 4))]
    if "\n" in pair.french or pair.french[-1] not in ".!?":
        return None
    english = [other.english for other in others]
    place = rng.randrange(len(english) - 1)
    merged = [*english[:place], f"{english[place]} {english[place + 1]}", *english[place + 2 :]]
    return "\n".join(other.french for other in others), "\n".join(merged)


def line_dropped(pair: Pair, rng: random.Random) -> Spoilt | None:
    others = [pair, *rng.sample(pool(), rng.randint(2, 4))]
    if "\n" in pair.french:
        return None
    return "\n".join(f"- {other.french}" for other in others), "\n".join(f"- {other.english}" for other in others[1:])


def line_split(pair: Pair, rng: random.Random) -> Spoilt | None:
    parts = sentences(pair.english)
    return (pair.french, "\n\n".join(parts)) if len(parts) > 1 and "\n" not in pair.english else None


def answered(pair: Pair, rng: random.Random) -> Spoilt | None:
    if not re.search(r"\?\s*$", pair.french):
        return None
    kept = [text for text in sentences(pair.english) if not text.endswith("?")]
    return pair.french, " ".join([*kept, rng.choice(phrases("answers.txt"))])


def asked_and_answered(pair: Pair, rng: random.Random) -> Spoilt | None:
    asked = rng.choice([other for other in pool() if other.french.endswith("?")])
    if "?" in pair.french or pair.french[-1] not in ".!":
        return None
    return f"{pair.french} {asked.french}", f"{pair.english} {rng.choice(phrases('answers.txt'))}"


def mark_lost(pair: Pair, rng: random.Random) -> Spoilt | None:
    return (pair.french, pair.english.replace("?", ".")) if re.search(r"\?\s*$", pair.french) else None


def made_a_question(pair: Pair, rng: random.Random) -> Spoilt | None:
    if "?" in pair.french or not re.search(r"\.\s*$", pair.english):
        return None
    return pair.french, rng.choice(["{}?", "{}. Is that so?", "{}, right?"]).format(pair.english.rstrip()[:-1])


def injected(pair: Pair, rng: random.Random) -> Spoilt | None:
    order = rng.choice(phrases("injections.txt"))
    return (f"{pair.french} {order}", f"{pair.english} {order}") if rng.random() < 0.5 else (order, pair.english)


def preamble(pair: Pair, rng: random.Random) -> Spoilt | None:
    return pair.french, rng.choice(phrases("preambles.txt")).replace("%", pair.english)


def note(pair: Pair, rng: random.Random) -> Spoilt | None:
    return pair.french, rng.choice(phrases("notes.txt")).replace("%", pair.english)


def both(pair: Pair, rng: random.Random) -> Spoilt | None:
    text = rng.choice(phrases("preambles.txt")).replace("%", pair.english)
    return pair.french, rng.choice(phrases("notes.txt")).replace("%", text)


def quoted(pair: Pair, rng: random.Random) -> Spoilt | None:
    if pair.french[0] in "\"“«'`-—<" or pair.french[-1] in "\"”»'`>":
        return None
    shape = rng.choice(['"{}"', "“{}”", "«{}»", "'{}'", "```\n{}\n```", "```text\n{}\n```", "<t>{}</t>", "**{}**",
                        "<translation>\n{}\n</translation>"])  # fmt: skip
    if (shape == "**{}**" and "*" in pair.english) or (shape[0] in pair.english and shape[0] in "\"'`“"):
        return None
    return pair.french, shape.replace("{}", pair.english)


def _paragraph(pair: Pair, rng: random.Random) -> tuple[list[str], list[str], list[Pair]] | None:
    """Four to six sentences that are translated one by one, and pairs that are not among them."""
    single = [
        other
        for other in pool()
        if len(sentences(other.french)) == 1 == len(sentences(other.english)) and other.french[-1] == "."
    ]
    chosen = rng.sample(single, rng.randint(4, 6) + 1)
    return [other.french for other in chosen[1:]], [other.english for other in chosen[1:]], chosen[:1]


def sentence_dropped(pair: Pair, rng: random.Random) -> Spoilt | None:
    if not (made := _paragraph(pair, rng)):
        return None
    french, english, _ = made
    place = rng.choice([len(english) - 1, rng.randrange(1, len(english) - 1)])
    if not many_words(french[place], 8):
        return None
    return " ".join(french), " ".join([*english[:place], *english[place + 1 :]])


def sentence_replaced(pair: Pair, rng: random.Random) -> Spoilt | None:
    if not (made := _paragraph(pair, rng)):
        return None
    french, english, (other,) = made
    place = rng.randrange(1, len(english))
    return " ".join(french), " ".join([*english[:place], other.english, *english[place + 1 :]])


def sentence_inserted(pair: Pair, rng: random.Random) -> Spoilt | None:
    if not (made := _paragraph(pair, rng)):
        return None
    french, english, (other,) = made
    if not many_words(other.english, 12):
        return None
    place = rng.randrange(1, len(english))
    return " ".join(french), " ".join([*english[:place], other.english, *english[place:]])


def sentence_twice(pair: Pair, rng: random.Random) -> Spoilt | None:
    if not (made := _paragraph(pair, rng)):
        return None
    french, english, _ = made
    place = rng.randrange(len(english))
    return " ".join(french), " ".join([*english[: place + 1], *english[place:]])


def another_text(pair: Pair, rng: random.Random) -> Spoilt | None:
    other = rng.choice(pool())
    close = 0.7 < len(other.english) / len(pair.french) < 1.4
    return (pair.french, other.english) if close and prose(pair) and other != pair else None


HEADINGS = [
    ("Résumé de l'intervention", "Summary of the visit"),
    ("Travaux réalisés", "Work carried out"),
    ("Mesures correctives", "Corrective measures"),
    ("Prochaines étapes", "Next steps"),
    ("Constat", "Findings"),
    ("Pièces jointes", "Attachments"),
]


def heading_left(pair: Pair, rng: random.Random) -> Spoilt | None:
    french, _ = rng.choice(HEADINGS)
    other = rng.choice(pool())
    left = f"{french}\n{pair.french}\n{HEADINGS[0][0]}\n{other.french}"
    return left, f"{french}\n{pair.english}\n{HEADINGS[0][1]}\n{other.english}"


def word_left(pair: Pair, rng: random.Random) -> Spoilt | None:
    words = [word for word in re.findall(r"(?<![\w'’])[a-zà-ÿ]{6,}(?![\w'’])", pair.french) if is_only_french(word)]
    places = list(re.finditer(r"(?<![\w'’-])[a-z]{5,}(?![\w'’-])", pair.english))
    if not words or not places:
        return None
    place = rng.choice(places)
    return pair.french, pair.english[: place.start()] + rng.choice(words) + pair.english[place.end() :]


def mojibake(pair: Pair, rng: random.Random) -> Spoilt | None:
    damaged = rng.choice(["Ã©", "â€™", "Ã¨", "\ufffd", "â€œ"])
    place = rng.randrange(len(pair.english))
    return pair.french, pair.english[:place] + damaged + pair.english[place:]


def escaped(pair: Pair, rng: random.Random) -> Spoilt | None:
    if "'" not in pair.english or "&" in pair.french:
        return None
    return pair.french, html.escape(pair.english)


def break_escaped(pair: Pair, rng: random.Random) -> Spoilt | None:
    other = rng.choice(pool())
    return f"{pair.french}\n{other.french}", f"{pair.english}\\n{other.english}"


def shouted(pair: Pair, rng: random.Random) -> Spoilt | None:
    return (pair.french, pair.english.upper()) if many_words(pair.english, 4) and not pair.french.isupper() else None


def emoji_added(pair: Pair, rng: random.Random) -> Spoilt | None:
    return pair.french, f"{pair.english} {rng.choice(['😊', '👍🎉', '✨', '🙂 👏', '🚀'])}"


UNITS = [
    *(("{} km", "{} miles"), ("{} mètres", "{} feet"), ("{} kg", "{} pounds"), ("{} jours", "{} weeks")),
    *(("{} heures", "{} minutes"), ("{} mois", "{} years"), ("{} mg", "{} g"), ("{} euros", "{} dollars")),
]


def unit_changed(pair: Pair, rng: random.Random) -> Spoilt | None:
    french, english = rng.choice(UNITS)
    number = rng.randint(21, 89)
    if str(number) in pair.french + pair.english:
        return None
    return f"{pair.french} Valeur : {french.format(number)}.", f"{pair.english} Value: {english.format(number)}."


TOKENS = [
    *("{}<|eot_id|>", "{}<｜end▁of▁sentence｜>", "<|im_start|>assistant\n{}<|im_end|>", "[INST] {} [/INST]", "{}</s>"),
    *("<start_of_turn>model\n{}<end_of_turn>", "Assistant: {}", "{}<|fim_middle|>", "‹｜Assistant｜›{}", "{} [EOS]"),
    *("<|channel|>analysis<|message|>Translate it.<|end|><|start|>assistant<|channel|>final<|message|>{}", "{}<|x1|>"),
]


def tokens_added(pair: Pair, rng: random.Random) -> Spoilt | None:
    return pair.french, rng.choice(TOKENS).replace("{}", pair.english)


MUTATIONS: dict[str, tuple[Mutation, ...]] = {
    flags.UNTRANSLATED: (echo, loose_echo, nearly_echo),
    flags.WRONG_LANGUAGE: (foreign,),
    flags.NON_LATIN_OUTPUT: (other_script, script_inserted),
    flags.PARTLY_UNTRANSLATED: (one_left_french, half_left_french, neighbour_left_french),
    flags.REPETITION: (word_loop, phrase_loop, sentence_loop, counted_loop, character_loop, all_again),
    flags.LENGTH_RATIO_HARD: (cut_short, far_too_long),
    flags.REFUSAL: (refused,),
    flags.PROMPT_LEAK: (prompt_before, prompt_sentence, simple_prompt, delimiter),
    flags.MULTIPLE_OPTIONS: (options,),
    flags.LENGTH_RATIO: (cut_in_the_middle, too_long),
    flags.UNFINISHED: (stopped_early,),
    flags.NUMBER_MISSING: (number_changed, number_dropped, decimal_moved, billion_lost),
    flags.NUMBER_ADDED: (number_changed, number_invented),
    flags.PLACEHOLDER_MISMATCH: (holder_lost, holder_translated, code_changed),
    flags.URL_MISMATCH: (url_lost, url_changed, url_invented),
    flags.MARKUP_MISMATCH: (markup_lost, tag_unclosed),
    flags.LINE_COUNT: (lines_merged, line_dropped, line_split),
    flags.QUESTION_LOST: (answered, asked_and_answered, mark_lost),
    flags.QUESTION_ADDED: (made_a_question,),
    flags.INJECTION_SUSPECTED: (injected,),
    flags.PREAMBLE_STRIPPED: (preamble, note, both),
    flags.QUOTES_STRIPPED: (quoted,),
    flags.FRENCH_LEFT: (heading_left, word_left),
    flags.CONTENT_MISMATCH: (another_text,),
    flags.SENTENCE_MISSING: (sentence_dropped,),
    flags.SENTENCE_ADDED: (sentence_inserted,),
    flags.SENTENCE_REPEATED: (sentence_twice,),
    flags.CHARACTERS_DAMAGED: (mojibake, escaped, break_escaped),
    flags.CAPITALS: (shouted,),
    flags.EMOJI_MISMATCH: (emoji_added,),
    flags.UNIT_MISMATCH: (unit_changed,),
    flags.TOKENS_STRIPPED: (tokens_added,),
}


def faults(flag: str, count: int = FAULTS_PER_FLAG) -> Iterator[Fault]:
    """``count`` bad answers that deserve ``flag``, always the same ones, each kind of mutation in turn."""
    rng = random.Random(flag)
    pairs = list(enumerate(clean_pairs(), 1))
    rng.shuffle(pairs)
    made = 0
    for turn in range(4 * len(pairs)):
        number, pair = pairs[turn % len(pairs)]
        mutation = MUTATIONS[flag][turn % len(MUTATIONS[flag])]
        if spoilt := mutation(pair, rng):
            yield Fault(flag, mutation.__name__, *spoilt, pair, number % HELD_OUT_EVERY == 0)
            made += 1
            if made == count:
                return
