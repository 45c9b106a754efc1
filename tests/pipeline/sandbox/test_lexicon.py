from __future__ import annotations

from collections import Counter

from pipeline.sandbox.lexicon import adjective_forms, noun_forms, verb_forms
from transforms.text.words.lexicon import PATH


def test_forms_are_derived() -> None:
    assert noun_forms("travail", "work") == {"travail": "work", "travails": "works"}
    assert noun_forms("signal", "signal") == {"signal": "signal", "signaux": "signals"}
    assert noun_forms("analyse", "analysis|analyses")["analyses"] == "analyses"
    assert adjective_forms("actif", "active").keys() == {"actif", "actifs", "active", "actives"}
    assert adjective_forms("heureux", "happy").keys() == {"heureux", "heureuse", "heureuses"}
    verb = verb_forms("remplacer", "replace")
    expected = {
        "remplace": "replaces",
        "remplacent": "replace",
        "remplaçait": "replaced",
        "remplacées": "replaced",
        "remplaçant": "replacing",
        "remplacera": "will replace",
        "remplaceraient": "would replace",
    }
    assert expected.items() <= verb.items()
    assert {"choisissait": "chose", "choisie": "chosen", "choisit": "chooses"}.items() <= verb_forms(
        "choisir", "choose,chose,chosen"
    ).items()
    assert {"perdu": "lost", "perd": "loses", "perdra": "will lose"}.items() <= verb_forms(
        "perdre", "lose,lost"
    ).items()
    assert verb_forms("arrêter", "stop,stopped")["arrêtant"] == "stopping"
    assert verb_forms("nettoyer", "clean")["nettoient"] == "clean"


def test_the_lexicon_is_well_formed() -> None:
    rows = [line.split("\t") for line in PATH.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(rows) > 5_000
    assert {len(row) for row in rows} <= {2, 3, 4}
    assert {row[2] for row in rows if len(row) > 2} <= {"", "n", "a", "v", "i"}
    assert all(row[1].isascii() for row in rows)
    assert max(Counter(row[0] for row in rows).values()) == 1
