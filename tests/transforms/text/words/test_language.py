from __future__ import annotations

import pytest

from transforms.text.words.language import evidence_of, is_french, script_language


def test_names_are_not_french_prose() -> None:
    assert not is_french("Société d'exploitation des Carrières de la Vézère")
    assert is_french("Porte bloquée, pièce commandée, attente livraison")


@pytest.mark.parametrize(
    ("sentence", "french"),
    [
        ("La vanne neuve fuit toujours un peu.", True),
        ("The new valve still leaks a little.", False),
        ("Crème brûlée and café at the table", False),
        ("Rue de la Halle", False),
        ("Le Cercle de la Vézère et le Musée du Bois de Saint-Aubert are closed", False),
    ],
)
def test_french_sentences_have_more_french_words_than_english_ones_or_names(sentence: str, french: bool) -> None:
    assert evidence_of(sentence).is_french == french


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("La vanne fuit.", None),
        ("4512 €", None),
        ("製品の品質に不満があります。", "ja"),
        ("客户对产品质量不满意", "zh"),
        ("Клиент недоволен: Madame Orsat", "ru"),
        ("Madame Orsat est de клиент", None),
    ],
)
def test_a_script_stands_for_a_language_if_most_letters_are_of_it(text: str, language: str | None) -> None:
    assert script_language(text) == language
