from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.signs.characters import character_findings

LOWER = "La vanne du bâtiment nord fuit."


@pytest.mark.parametrize(
    ("source", "translation", "found"),
    [
        ("Café fermé", "Café closed", ()),
        ("Café fermé", "CafÃ© closed", (flags.CHARACTERS_DAMAGED,)),
        ("Le fichier « cafÃ©.txt »", "The file “cafÃ©.txt”", ()),
        ("Café fermé", "Caf\ufffd closed", (flags.CHARACTERS_DAMAGED,)),
        ("Caf\ufffd fermé", "Caf\ufffd closed", ()),
        ("Un\nDeux", "One\\nTwo", (flags.CHARACTERS_DAMAGED,)),
        ("Un\ndeux", "One\\ntwo", (flags.CHARACTERS_DAMAGED,)),
        ("Dossier C:\\temp", "Folder C:\\temp", ()),
        ("Café", "Caf\\u00e9", (flags.CHARACTERS_DAMAGED,)),
        ("Pain & vin", "Bread &amp; wine", (flags.CHARACTERS_DAMAGED,)),
        ("Pain &amp; vin", "Bread &amp; wine", ()),
        ("Pain et vin", "Bread &amp; wine", ()),
        ("Pain et vin", "Bread &amp;wine", (flags.CHARACTERS_DAMAGED,)),
        ("Pain « <b>sec</b> »", "&quot;<b>Dry</b>&quot; bread", ()),
        ('Pain <a href="#s">sec</a>', "<a href=&quot;#s&quot;>Dry</a> bread", (flags.CHARACTERS_DAMAGED,)),
        ("Pain « sec »", "&quot;Dry&quot; bread", (flags.CHARACTERS_DAMAGED,)),
        ("Le but de ``pain``", "``pain``\\'s purpose", ()),
        ("L&#39;eau &lt; 5", "The water &lt; 5", ()),
        ("« Aide &gt; Manuel »", "&quot;Help &gt; Manual&quot;", ()),
        ("Renvoie &vrai; ou &faux;.", "Returns &vrai; or .", (flags.CHARACTERS_DAMAGED,)),
        ("Voir &guide.install;.", "See the guide.", (flags.CHARACTERS_DAMAGED,)),
        ("Voir &guide-fr;.", "See &guide-en;.", ()),
        ("Jean &mdash; le chef &mdash; dort", "John, the boss, sleeps", ()),
        ("Il dit « café »", "He says 窶彡afe窶", (flags.CHARACTERS_DAMAGED,)),
        ("L'été", "ÔÇÖsummer", (flags.CHARACTERS_DAMAGED,)),
        ("Voilà, c'est fini", "VoilÃ , it is over", (flags.CHARACTERS_DAMAGED,)),
        ("La vanne fuit", "Thę vąlvę lęąks", (flags.CHARACTERS_DAMAGED,)),
        ("Voir Łódź et Poznań", "See Łódź and Poznań", ()),
        ("La rivière Arga", "Arga ärström älv", ()),
        ("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M", ()),
        ("<b>&lt;b&gt;</b>", "<b>&amp;lt;b&amp;gt;</b>", (flags.CHARACTERS_DAMAGED,)),
        ("Est &quot;prêt&quot;", "Is &quotready&quot;", (flags.CHARACTERS_DAMAGED,)),
        ("L'un\nl'autre", "One&#10;the other", (flags.CHARACTERS_DAMAGED,)),
        ("La touche &lt;", "The < key", (flags.CHARACTERS_DAMAGED,)),
        ("L'un\nl'autre", "One%0Athe other", (flags.CHARACTERS_DAMAGED,)),
        ("L'eau est froide", "The=20water=20is=20cold", (flags.CHARACTERS_DAMAGED,)),
    ],
)
def test_characters_that_an_answer_should_not_have(source: str, translation: str, found: tuple[str, ...]) -> None:
    assert names(character_findings(source, translation)) == found


WET = "La vanne fuit. Le bâtiment nord est fermé, et le bâtiment sud aussi, jusqu'à la semaine prochaine."
DRY = "The valve leaks. The north building is closed, and so is the south building, until the coming week."


@pytest.mark.parametrize(
    ("translation", "found"),
    [
        (DRY, ()),
        (DRY.replace("valve", "valve\u25a1"), (flags.CHARACTERS_DAMAGED,)),
        (DRY.replace("valve", "valve\ue000"), (flags.CHARACTERS_DAMAGED,)),
        (DRY.replace("The v", "Theﾠｖ"), (flags.CHARACTERS_DAMAGED,)),
        (DRY.replace(".", "。"), (flags.CHARACTERS_DAMAGED,)),
        (DRY.replace("valve", "vаlve"), (flags.CHARACTERS_DAMAGED,)),
        (DRY.replace("valve", "‚Äòvalve‚Äô"), (flags.CHARACTERS_DAMAGED,)),
        (DRY.replace("valve", "ΓÇ£valveΓÇ¥"), (flags.CHARACTERS_DAMAGED,)),
        (DRY.replace("valve", "\\'valve\\'"), (flags.CHARACTERS_DAMAGED,)),
        (DRY.replace(" ", ""), (flags.CHARACTERS_DAMAGED,)),
        (" ".join(DRY), (flags.CHARACTERS_DAMAGED,)),
        (DRY.replace("valve", "val- ve").replace("building", "buil- ding"), (flags.CHARACTERS_DAMAGED,)),
    ],
)
def test_damage_of_other_kinds(translation: str, found: tuple[str, ...]) -> None:
    assert names(character_findings(WET, translation)) == found


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Une résistance de 5 Ω, un angle α", "A resistance of 5 Ω, an angle α"),
        ("Cocher □ oui", "Tick □ yes"),
        ("Avant et après l'arrêt", "Pre- and post-stop"),
        ("[installé, pouvant être supprimé automatiquement]", "[installed,auto-removable]"),
    ],
)
def test_what_only_looks_damaged(source: str, translation: str) -> None:
    assert character_findings(source, translation) == ()
