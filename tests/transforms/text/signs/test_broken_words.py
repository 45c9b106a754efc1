from __future__ import annotations

import pytest

from transforms.text.signs.broken_words import broken_words

SOURCE = "La pompe est à l'arrêt depuis deux jours."


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        (SOURCE, "Thepumphasbeenstoppedfortwodays."),
        (SOURCE, "The_pump_has_been_stopped_for_two_days."),
        ("La ligne d'entrée est plus longue que %d caractères", "inputlinelongerthan%dcharacters"),
        (SOURCE, "T h e p u m p h a s s t o p p e d"),
        ("Prêtez attention à la licence de ce paquet", "Ple ase pay att ention to the lic ense of it"),
        ("L'option n'est permise qu'en mode liste", "the option is only allo- wed in list mode"),
        (SOURCE, "Th3 p5mp h4s b33n st0pped f0r two d4ys."),
        (SOURCE, "Th? p?mp has b??n stopp?d for two d?ys."),
    ],
)
def test_broken_words(source: str, translation: str) -> None:
    assert broken_words(source, translation)


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        (SOURCE, "The pump has been stopped for two days."),
        ("Zéro / un / deux / peu / beaucoup / autre", "Zero/one/two/few/many/other"),
        ("[installé, pouvant être supprimé automatiquement]", "[installed,auto-removable]"),
        ("Utilisation des HugePages sur Linux ou Windows.", "Use of huge pages on Linux or Windows."),
        ("Avant ou après la visite", "pre- and post-visit"),
        ("Les fichiers mp3, mp4 et h264 sont lus.", "The mp3, mp4 and h264 files are read."),
        ("%pB : correspondance bfd %#lx non supportée", "%pB: unsupported bfd mach %#lx"),
    ],
)
def test_words_that_are_whole(source: str, translation: str) -> None:
    assert not broken_words(source, translation)
