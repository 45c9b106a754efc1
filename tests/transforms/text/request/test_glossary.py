from __future__ import annotations

import dataclasses
import pickle
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.text.texts import HUGE, anything, mixtures
from transforms.errors import UsageError
from transforms.text.request.glossary import (
    Glossary,
    Term,
    misses,
    parse_glossary,
    prompt_lines,
    reference_lines,
    subset_digest,
)

PLANT = parse_glossary(
    """\
source;target;case;note
# heating
chaudière;boiler;;the device
pompe;pump
pompe à chaleur;heat pump
tableau électrique;switchboard
main-d'œuvre;labour
technicien;engineer
vendeur;sales assistant
directeur technique;technical director
échangeur;heat exchanger
canal;duct
PAC;heat pump;exact
SIRET;
Vert-Atelier;;exact
R&D;
""",
    "plant.csv",
)


def found(text: str, glossary: Glossary = PLANT) -> list[str]:
    return [term.source for term in glossary.found_in(text)]


def one(source: str, target: str = "thing", **more: object) -> Glossary:
    return Glossary((dataclasses.replace(Term(source, target), **more),))  # type: ignore[arg-type]


# -- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n \n# a comment, with; signs\t\n"])
def test_all_separators_work_with_and_without_a_header(delimiter: str, line_end: str, start: str) -> None:
    lines = [["chaudière", "boiler"], ["", ""], ["pompe  à eau ", " water pump"], ["SIRET", ""]]
    terms = (Term("chaudière", "boiler"), Term("pompe à eau", "water pump"), Term("SIRET", "SIRET"))
    text = line_end.join(delimiter.join(line) for line in lines)
    assert parse_glossary(start + text, "g.csv").terms == terms
    assert parse_glossary(f"{start}Source{delimiter}target{line_end}{text}", "g.csv").terms == terms


def test_columns_may_be_in_any_order_and_lines_short() -> None:
    glossary = parse_glossary("note,case,target,source\nthe town,exact,,Nice\n,,nice,joli\n", "g.csv")
    assert glossary.terms == (Term("Nice", "Nice", True, "the town"), Term("joli", "nice"))
    assert glossary.terms[0].kept
    assert parse_glossary("source,target,case\nbail,lease\nSIRET\n", "g.csv").terms[1] == Term("SIRET", "SIRET")


def test_quoted_fields_may_contain_separators_and_quotes() -> None:
    glossary = parse_glossary('"pompe; à eau, neuve","the ""new"" pump"\n', "g.csv")
    assert glossary.terms == (Term("pompe; à eau, neuve", 'the "new" pump'),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["no terms"]),
        ("# nothing\n\n", ["no terms"]),
        ("source,target\n", ["no terms found below the header"]),
        ("\n# x\nchaudière\npompe\n", ["line 3", "no columns", "tab"]),
        ("chaudière,boiler\n,pump\n", ["line 2", "source is empty"]),
        ("chaudière,boiler\n\n\u200b,pump\n", ["line 3", "source is empty"]),
        ("chaudière,boiler\nbail,lease\nCHAUDIÈRE,heater\n", ["line 3", "'heater'", "'boiler'", "line 1"]),
        ("main-d'œuvre,labour\nMain d’oeuvre,\n", ["line 2", "not translated", "'labour'", "line 1"]),
        ("source,target,case\nbail,lease,yes\n", ["line 2", "'yes'", "exact"]),
        ("source,target,domain\nbail,lease,law\n", ["line 1", "'domain'", "note"]),
        ("source,target,target\nbail,lease,law\n", ["line 1", "twice"]),
        ("bail,lease,law\n", ["line 1", "3 columns", "expected 2", "header"]),
        ('bail,lease\n"pompe,pump\n', ["line 2", "quotes"]),
        ("bail,lease\n" + "x" * 200_000 + ",long\n", ["line 2", "limit"]),
    ],
)
def test_errors_name_the_line(text: str, words: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        parse_glossary(text, "terms.csv")
    assert str(error.value).startswith("terms.csv")
    assert all(word in str(error.value) for word in words), str(error.value)


def test_duplicate_terms_are_merged_and_case_can_distinguish_terms() -> None:
    assert len(parse_glossary("bail,lease\nBail,lease\nSIRET,\nSiret,\n", "g.csv").terms) == 2
    glossary = parse_glossary("source,target,case\nOrange,,exact\norange,orange tree,\n", "g.csv")
    assert [term.target for term in glossary.found_in("Orange et l'orange")] == ["Orange", "orange tree"]
    glossary = parse_glossary("source,target,case\norange,orange tree,\nOrange,,exact\n", "g.csv")
    assert [term.target for term in glossary.found_in("Orange")] == ["Orange"]


@given(st.text(alphabet="ab,;\t\"#\n\r é'"))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        glossary = parse_glossary(text, "g.csv")
    except UsageError:
        return
    assert glossary.terms
    assert pickle.loads(pickle.dumps(glossary)) == glossary  # noqa: S301


# -- finding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("Rien de spécial.", []),
        ("La chaudière fuit.", ["chaudière"]),
        ("LES CHAUDIÈRES", ["chaudière"]),
        ("la chaudie\u0300re", ["chaudière"]),
        ("la chau\u00addière", ["chaudière"]),
        ("l'échangeur", ["échangeur"]),
        ("qu’échangeurs", ["échangeur"]),
        ("chaudières_pompe/chaudière", ["chaudière", "pompe"]),
        ("chaudièriste, pompette, lapompe, pompe2", []),
        ("Les pompes à chaleur, puis la pompe", ["pompe à chaleur", "pompe"]),
        ("Les pompes à chaleur", ["pompe à chaleur"]),
        ("pompe-à-chaleur", ["pompe à chaleur"]),
        ("pompe à\nchaleur", ["pompe à chaleur"]),
        ("pompe à\u00a0 chaleur", ["pompe à chaleur"]),
        ("pompe à\n\nchaleur", ["pompe"]),
        ("pompe, à chaleur", ["pompe"]),
        ("pompe - à chaleur", ["pompe"]),
        ("les tableaux électriques", ["tableau électrique"]),
        ("la main d’oeuvre", ["main-d'œuvre"]),
        ("la MAIN D'ŒUVRE", ["main-d'œuvre"]),
        ("une technicienne et des vendeuses", ["technicien", "vendeur"]),
        ("la directrice technique", ["directeur technique"]),
        ("les canaux", ["canal"]),
        ("la PAC, les PACs", ["PAC"]),
        ("la pac", []),
        ("n° siret : 12", ["SIRET"]),
        ("des sirets", []),
        ("chez Vert-Atelier et Vert Atelier", ["Vert-Atelier"]),
        ("un vert-atelier", []),
        ("en R & D ou R&D", ["R&D"]),
        ("'pompe' et ‘chaudière’", ["pompe", "chaudière"]),
        ("pompe chaudière pompe", ["pompe", "chaudière"]),
    ],
)
def test_terms_are_found_in_texts(text: str, terms: list[str]) -> None:
    assert found(text) == terms


@pytest.mark.parametrize(
    ("source", "form"),
    [
        *(("pneu", "pneus"), ("feu", "feux"), ("bijou", "bijoux"), ("vitrail", "vitraux"), ("rail", "rails")),
        *(("local commercial", "locaux commerciaux"), ("travail", "travaux"), ("gaz", "gaz"), ("prix", "prix")),
        *(("soudé", "soudées"), ("vert", "vertes"), ("neuf", "neuves"), ("dangereux", "dangereuse")),
        *(
            ("premier", "premières"),
            ("ancien", "anciennes"),
            ("bon", "bonne"),
            ("net", "nettes"),
            ("complet", "complète"),
        ),
        *(("public", "publiques"), ("blanc", "blanches"), ("long", "longue"), ("bas", "basses"), ("gris", "grise")),
        *(("doux", "douces"), ("faux", "fausse"), ("jaloux", "jalouse"), ("nul", "nulles"), ("pareil", "pareilles")),
        *(("nouveau", "nouvelle"), ("fou", "folles"), ("acheteur", "acheteuses"), ("inspecteur", "inspectrices")),
        *(("supérieur", "supérieure"), ("artisanal", "artisanale"), ("individuel", "individuelles")),
    ],
)
def test_inflected_forms(source: str, form: str) -> None:
    assert found(f"Voici : {form}.", one(source)) == [source]
    assert found(form.upper(), one(source)) == [source]
    assert found(form, one(source, exact_case=True)) == [source]
    assert found(form.upper(), one(source, exact_case=True)) == []
    assert found(form, one(source, target=source)) == ([source] if form == source else [])


@pytest.mark.parametrize(
    ("source", "other"),
    [("port", "porte"), ("vent", "ventes"), ("cours", "course"), ("banc", "banque"), ("bateau", "batelle")],
)
def test_other_words_are_not_mistaken_for_forms(source: str, other: str) -> None:
    assert not found(other, one(source))


def test_acronyms_have_no_feminine() -> None:
    assert found("BAC, des bacs", one("BAC")) == ["BAC"]
    assert found("la baque", one("bac")) == ["bac"]
    assert found("la baque", one("BAC")) == []


def test_the_longest_of_overlapping_terms_wins() -> None:
    glossary = parse_glossary("a b,1\nb c d,2\nd,3\nc,4\n", "g.csv")
    assert found("x a b c d", glossary) == ["b c d"]
    assert found("x a b d c", glossary) == ["a b", "d", "c"]


def test_a_literal_match_wins_over_an_inflected_one() -> None:
    glossary = parse_glossary("cour,yard\ncours,course\nactif,asset\nactive,live\n", "g.csv")
    assert found("le cours, la cour", glossary) == ["cours", "cour"]
    assert found("active", glossary) == ["active"]


@given(mixtures)
def test_an_inserted_term_is_found_in_any_text(text: str) -> None:
    everywhere = set(found(f"{text} \n\n l’échangeur \n\n {text}"))
    assert set(found(text)) | {"échangeur"} == everywhere


@given(st.lists(st.tuples(anything, anything), max_size=5), mixtures)
def test_any_terms_in_any_text(pairs: list[tuple[str, str]], text: str) -> None:
    glossary = Glossary(tuple(Term(source or "x", target, bool(len(target) % 2)) for source, target in pairs))
    terms = glossary.found_in(f"{text} {pairs[0][0] if pairs else ''}")
    assert set(terms) <= set(glossary.terms)
    assert set(misses(terms, text)) <= set(terms)
    assert isinstance(prompt_lines(terms), str)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_finding_terms_takes_linear_time(text: str) -> None:
    assert not found(text)
    assert not found(text, one("pompe à chaleur"))


@pytest.mark.timeout(20)
def test_thousands_of_terms_in_a_megabyte() -> None:
    rng = random.Random(3)
    words = ["".join(rng.choices("abcdefgh", k=6)) for _ in range(2000)]
    glossary = Glossary(tuple(Term(f"{word} {word[::-1]}", word) for word in dict.fromkeys(words)))
    text = " ".join(f"{word} {word[::-1]}s" for word in rng.choices(words, k=70_000))
    assert len(glossary.found_in(text)) == len(glossary.terms)


# -- prompt and digests -----------------------------------------------------------------------------------------------


def test_prompt_lines() -> None:
    terms = PLANT.found_in("Les chaudières et la pompe, SIRET et R&D")
    assert prompt_lines(terms) == (
        'Use these translations: "chaudière" = "boiler"; "pompe" = "pump". Keep unchanged: "SIRET", "R&D".'
    )
    assert prompt_lines(terms[:1]) == 'Use these translations: "chaudière" = "boiler".'
    assert prompt_lines(terms[2:3]) == 'Keep unchanged: "SIRET".'
    assert prompt_lines(()) == ""


def test_digests_depend_on_the_terms_but_not_on_notes_or_order() -> None:
    base = Glossary((Term("bail", "lease"), Term("SIRET", "SIRET")))
    same = Glossary((Term("SIRET", "SIRET", note="number"), Term("bail", "lease")))
    assert base.digest() == same.digest()
    assert len(base.digest()) == 64
    others = [
        Glossary((Term("bail", "tenancy"), Term("SIRET", "SIRET"))),
        Glossary((Term("baux", "lease"), Term("SIRET", "SIRET"))),
        Glossary((Term("bail", "lease", True), Term("SIRET", "SIRET"))),
        Glossary((Term("bail", "lease"),)),
    ]
    assert len({base.digest(), *(other.digest() for other in others)}) == 5


def test_texts_with_the_same_terms_have_the_same_subset_digest() -> None:
    one_way, other_way = PLANT.found_in("la pompe et la chaudière"), PLANT.found_in("Chaudières, pompes : RAS")
    assert one_way != other_way
    assert subset_digest(one_way) == subset_digest(other_way) != subset_digest(PLANT.found_in("la pompe"))
    assert len(subset_digest(one_way)) == 16
    assert subset_digest(PLANT.found_in("rien")) == ""


# -- checking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "translation"),
    [
        *(("boiler", "The BOILERS leak."), ("boiler", "the boiler's valve"), ("boiler", "the boilers’ valves")),
        *(("gas box", "two gas boxes"), ("delivery", "Deliveries came"), ("shelf", "shelves"), ("foreman", "foremen")),
        *(("repair", "it was repaired"), ("repair", "repairing"), ("replace", "replaced"), ("replace", "replacing")),
        *(
            ("stop", "was stopped"),
            ("notify", "notified the owner"),
            ("heat pump", "a heat-pump"),
            ("co-owner", "Co owners"),
        ),
        *(("ID card", "ID cards"), ("PC", "the PCs"), ("3 mm", "3 mm")),
    ],
)
def test_present_targets_are_no_misses(target: str, translation: str) -> None:
    assert misses([Term("x", target)], translation) == ()


@pytest.mark.parametrize(
    ("term", "translation"),
    [
        (Term("x", "boiler"), "The heater leaks."),
        (Term("x", "boiler"), "boilersuit, boilermaker"),
        (Term("x", "heat pump"), "The pump gives heat."),
        (Term("x", "Tax Office", True), "the tax office"),
        (Term("SIRET", "SIRET"), "the SIREN number"),
        (Term("SIRET", "SIRET", True), "the siret number"),
        (Term("Vert-Atelier", "Vert-Atelier"), "Green Workshop"),
        (Term("Vert-Atelier", "Vert-Atelier"), "Vert Ateliers"),
        (Term("x", "boiler"), ""),
    ],
)
def test_absent_targets_are_misses(term: Term, translation: str) -> None:
    there = Term("y", "thing")
    assert misses([there, term], f"{translation} Two things.") == (term,)


def test_an_untranslated_term_must_occur_uninflected() -> None:
    terms = (Term("SIRET", "SIRET", True), Term("Vert-Atelier", "Vert-Atelier"))
    assert misses(terms, "Its SIRET, said vert-atelier's owner") == ()


def test_reference_lines_use_the_wording_of_hy_mt2() -> None:
    terms = parse_glossary("vanne,valve\nRATP,", "terms.csv").terms
    assert reference_lines(terms).splitlines() == [
        "Reference the following translations:",
        "vanne translates to valve",
        "RATP translates to RATP",
    ]
    assert reference_lines([]) == ""
