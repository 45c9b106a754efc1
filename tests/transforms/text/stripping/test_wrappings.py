from __future__ import annotations

import pytest

from transforms.text.stripping.wrappings import without_wrapping_marks

SOURCE = "La pompe est en panne."
ENGLISH = "The pump is broken."


@pytest.mark.parametrize(
    "wrapping",
    ["***{}***", "_{}_", "~~{}~~", "({})", "[{}]", "{{{}}}", "「{}」", '"""{}"""', "\\boxed{{}}", 'print("{}")'],
)
def test_marks_around_all_of_it_go(wrapping: str) -> None:
    assert without_wrapping_marks(wrapping.replace("{}", ENGLISH), SOURCE) == ENGLISH


@pytest.mark.parametrize(
    "wrapping",
    [
        "``{}''", "‚{}‘", "„{}”", "»{}«", "=={}==", "| {} |", "##{}##", "❝{}❞", "``````\n{}\n``````",
        ":::tip\n{}\n:::", "[q]{}[/q]", "[quote=model]{}[/quote]", "/* {} */", "<!-- {} -->", "{# {} #}",
        "\\begin{quote}{}\\end{quote}", "\\emph{{}}", 'return "{}";', 'msgstr "{}"', 'const text = "{}";', "echo '{}'",
        '_("{}")', '"{}', '{}"', "{}\n```", "{% trans %}{}{% endtrans %}",
    ],
)  # fmt: skip
def test_code_comments_and_quotes_of_other_languages_go(wrapping: str) -> None:
    text = wrapping.replace("{}", ENGLISH)
    assert without_wrapping_marks(text, SOURCE).strip() == ENGLISH


@pytest.mark.parametrize(
    ("source", "english"),
    [
        ("Option inconnue : « --pompe »", 'Unknown option: "--pump"'),
        ("Valeur « a » ou « b »", 'Value "a" or "b"'),
        ('Une vis de 3" pour la pompe', 'A 3" screw for the pump'),
        ("`pompe` et `vanne`", "`pump` and `valve`"),
        ("/* La pompe */", "/* The pump */"),
        ("[b]La pompe[/b]", "[b]The pump[/b]"),
        (":ref:`pompe` :", ":ref:`pump`:"),
        ("Afficher la pompe", "Print 'pump'"),
        ("Déjà sur '%s'\n", "Already on '%s'"),
        ('"Pompe du nord" non prise en charge', 'Unsupported "Northern pump"'),
        ("$1 {{PLURAL:$1|pompe|pompes}}", "{{PLURAL:$1|$1 pump|$1 pumps}}"),
        ("``__pompe__``", "__pompe__"),
        ("  :::tip\n  La pompe\n  :::", ":::tip\n  The pump\n  :::"),
    ],
)
def test_quotes_and_code_of_the_source_stay(source: str, english: str) -> None:
    assert without_wrapping_marks(english, source) == english


def test_a_quotation_of_the_source_may_stand_within_a_line_of_code() -> None:
    source, english = "La pompe « nord » est en panne.", "The 'north' pump is broken."
    assert without_wrapping_marks(f'msgstr "{english}"', source) == english


def test_braces_may_stand_around_a_text_with_a_placeholder() -> None:
    assert without_wrapping_marks("{{The pump {name} leaks}}", "La pompe {name} fuit") == "The pump {name} leaks"


@pytest.mark.parametrize(
    ("source", "english"),
    [
        ("(La pompe est en panne.)", "(The pump is broken.)"),
        ("« La pompe est en panne. »", '"The pump is broken."'),
        ("Aucune", "(none)"),
        (SOURCE, "(The pump) is (broken)"),
        (SOURCE, "*The* pump is *broken*"),
        (SOURCE, ENGLISH),
    ],
)
def test_marks_of_the_source_and_of_parts_stay(source: str, english: str) -> None:
    assert without_wrapping_marks(english, source) == english
