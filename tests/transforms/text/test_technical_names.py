from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.technical_names import MOST_NAMES, name_findings

WRONG = (flags.PLACEHOLDER_MISMATCH,)


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Réglez pump_speed à 3.", "Set pumpSpeed to 3."),
        ("Réglez pump_speed à 3.", "Set pump_sped to 3."),
        ("La variable MAX_FLOW_RATE est vide.", "The variable MAX FLOW RATE is empty."),
        ("La variable MAX_FLOW_RATE est vide.", "The variable max_flow_rate is empty."),
        ("Appelez open_valve() puis close_valve().", "Call open_valve() then close_va."),
        ("Voir openvalve(8).", "See opnvalve(8)."),
        ("Voir openvalve(8).", "See the manual."),
        ("Le fichier settings.local.json est lu.", "The file settings local.json is read."),
        ("Le fichier plant.settings.json est lu au départ.", "The file is read at the start."),
        ("Ajoutez --dry-run à la commande.", "Add --dry-rum to the command."),
        ("Le journal est dans /var/log/pumps.log.", "The log is in /var/log/pimps.log."),
        ("Voir :ref:`le schéma <plan>`.", "See `the diagram <plan>`."),
        (
            "Le champ `flowRate` est vide, voir aussi `flowLimit`.",
            "The field `flowRat` is empty, see also `flowLimit`.",
        ),
    ],
)
def test_a_name_in_another_form_or_lost_is_found(source: str, translation: str) -> None:
    assert names(name_findings(source, translation)) == WRONG


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Réglez pump_speed à 3.", "Set pump_speed to 3."),
        ("Réglez pump_speed à 3.", "Set the pump speed to 3."),
        ("Indiquez nom_du_fichier ici.", "Give file_name here."),
        ("En_registrer sous", "Save _As"),
        ("Voir pump(8) et valve(8).", "See **pump**(8) and **valve**(8)."),
        ("Appelez open_valve() deux fois : open_valve() ouvre.", "Call open_valve() twice: it opens."),
        ("Le(s) fichier(s) choisi(s)", "The chosen file(s)"),
        ("Les JournalEntry sont gardés dans `log`.", "The JournalEntrys are kept in `log`."),
        ("Sur MacOS, voir `plan`.", "On macOS, see `plan`."),
        ("Voir https://example.com/Water_pump", "See https://example.com/Water-pump"),
        ("La pompe fuit depuis lundi.", "The pump has been leaking since Monday."),
    ],
)
def test_names_that_stay_or_may_be_translated_are_no_fault(source: str, translation: str) -> None:
    assert name_findings(source, translation) == ()


def test_a_long_list_of_names_is_not_compared() -> None:
    listed = " ".join(f"valve_state_{number}" for number in range(MOST_NAMES * 5))
    assert name_findings(listed, "All states of the valves.") == ()
