from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import Finding, names
from transforms.text.signs.code_names import code_name_findings, roman_findings


@pytest.mark.parametrize(
    ("source", "translation", "evidence"),
    [
        ("Utilisez --force-sign pour passer outre.", "Use --force-sign to override.", None),
        ("Utilisez --force-sign pour passer outre.", "Use the force sign option to override.", None),
        ("Utilisez --force-sign pour passer outre.", "Use --fore-sign to override.", "--force-sign"),
        ("Voir /var/log/serveur/erreurs.log.", "See /var/log/serveur/erreurs.log.", None),
        ("Voir /etc/alternatives/NOM.", "See /etc/alternatives/NAME.", None),
        ("Voir /var/log/serveur/erreurs.log.", "See the log.", "/var/log/serveur/erreurs.log"),
        ("Voir /var/log/serveur/erreurs.log.", "See /var/log.", "/var/log/serveur/erreurs.log"),
        ("Ouvrez C:\\Temp\\notes.txt : rien.", "Open notes.txt: nothing.", "C:\\Temp\\notes.txt"),
        ("Réglez max_queue_size à 8.", "Set max_queue_size to 8.", None),
        ("Réglez max_queue_size à 8.", "Set max queue size to 8.", "max_queue_size"),
        ("Réglez MAX_SIZE à 8.", "Set max_size to 8.", "MAX_SIZE"),
        ("Réglez max_queue_size à 8.", "Set the size of the queue to 8.", "max_queue_size"),
        ("Voir aussi RETRY_AFTER.", "See also below.", "RETRY_AFTER"),
        ("Ouvrez nom_du_dossier.", "Open folder_name.", None),
        ("Désac_tiver", "_Turn off", None),
        ("Ouvrir la pale_tte", "Open the _colours", None),
        ("Lire table_stations", "Read station_table", None),
        ("Lire table_stations", "Read it_all", "table_stations"),
        ("Lire table_stations", "Read stations_table", "table_stations"),
        ("Textes en fr_CA.", "Texts in Canadian French.", None),
        ("Le 12/03, oui et/ou non.", "On 12/03, yes and/or no.", None),
    ],
)
def test_options_and_paths_stay(source: str, translation: str, evidence: str | None) -> None:
    expected = () if evidence is None else (Finding(flags.PLACEHOLDER_MISMATCH, evidence),)
    assert code_name_findings(source, translation) == expected


@pytest.mark.parametrize(
    ("source", "translation", "evidence"),
    [
        ("Louis XIV régna 72 ans.", "Louis XIV reigned for 72 years.", None),
        ("Louis XIV régna 72 ans.", "Louis XVI reigned for 72 years.", "XIV"),
        ("Louis XIV régna 72 ans.", "Louis reigned for 72 years.", "XIV"),
        ("Le XIXe siècle.", "The 19th century.", None),
        ("L'article IV.", "The fourth article.", None),
        ("Le XIXe siècle.", "The late nineteenth century.", None),
        ("Le XXIe siècle.", "The twenty-first century.", None),
        ("Le XXIe siècle.", "The twentieth century.", "XXI"),
        ("Le VIX de la bourse.", "The index.", None),
    ],
)
def test_roman_numerals_stay_in_some_form(source: str, translation: str, evidence: str | None) -> None:
    expected = () if evidence is None else (Finding(flags.NUMBER_MISSING, evidence),)
    assert roman_findings(source, translation) == expected


def test_a_word_that_looks_like_a_numeral_is_none() -> None:
    assert roman_findings("La vie à Rome est belle.", "Life in Rome is beautiful.") == ()
    assert names(roman_findings("La vie à Rome au VIe siècle.", "Life in Rome.")) == (flags.NUMBER_MISSING,)
    assert roman_findings("La vie à Rome au VIe siècle.", "Life in Rome in the 6th century.") == ()
