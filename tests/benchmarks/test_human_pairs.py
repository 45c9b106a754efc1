from __future__ import annotations

import zipfile
from pathlib import Path

import polib

from benchmarks.human_pairs import catalogues, pairs_of

CATALOGUE = """msgid ""
msgstr "Content-Type: text/plain; charset=utf-8"

msgid "Open the valve"
msgstr "Ouvrir la vanne"

msgid "one pump"
msgid_plural "%d pumps"
msgstr[0] "une pompe"
msgstr[1] "%d pompes"

#, fuzzy
msgid "Doubtful"
msgstr "Douteux"

msgid "Not translated"
msgstr ""

msgid "Same"
msgstr "Same"

msgid "translator-credits"
msgstr "Une traductrice"

msgid "Menu|Close"
msgstr "Fermer"

msgid "help.close_button"
msgstr "Fermer la fenêtre"

#~ msgid "Gone"
#~ msgstr "Disparu"
"""
PAIRS = [("Ouvrir la vanne", "Open the valve"), ("une pompe", "one pump"), ("%d pompes", "%d pumps")]


def wheel(tmp_path: Path, *names: str) -> Path:
    source = tmp_path / "fr.po"
    source.write_text(CATALOGUE, "utf-8")
    compiled = tmp_path / "fr.mo"
    polib.pofile(str(source)).save_as_mofile(str(compiled))
    path = tmp_path / "some.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.write(compiled if name.endswith(".mo") else source, name)
    return path


def test_pairs_are_those_that_somebody_translated(tmp_path: Path) -> None:
    for name in ("some/locale/fr/LC_MESSAGES/django.po", "some/locale/fr/LC_MESSAGES/django.mo"):
        (entries,) = catalogues(wheel(tmp_path, name))
        assert sorted(pairs_of(entries)) == sorted(PAIRS)


def test_a_compiled_catalogue_beside_its_source_and_other_languages_are_left_out(tmp_path: Path) -> None:
    names = ("locale/fr/LC_MESSAGES/a.po", "locale/fr/LC_MESSAGES/a.mo", "locale/de/LC_MESSAGES/a.po", "other.po")
    assert len(list(catalogues(wheel(tmp_path, *names)))) == 1
