"""Equal texts, in one run and over runs, against real loopback hosts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.conftest import MakeHost
from tests.transforms.engine.engines import SENTENCE, StartEngine, bodies, make_settings, translate
from transforms.engine.deduplicator import MemorySettings
from transforms.text.glossary import parse_glossary


def test_the_model_is_told_the_column_and_the_memory_keeps_columns_apart(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    host = sandbox_host(record_requests=True)
    memory = MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "one")
    digests = {"mistral:latest": "ab" * 32}
    engine = start_engine([host], memory=memory, digests=digests, allow_mixed_digests=True)
    texts = ["Pompe en panne.", "Pompe en panne.", "Vanne en panne."]
    for _ in range(2):
        results = translate(engine, *texts, field_names=["title", "body", "title"])
    told = Counter(
        (body["prompt"].splitlines()[1], body["system"].rpartition(" The text is")[2]) for body in bodies(host)
    )
    assert told == {
        ("Pompe en panne.", ' the field "title" of a record.'): 1,
        ("Pompe en panne.", ' the field "body" of a record.'): 1,
        ("Vanne en panne.", ' the field "title" of a record.'): 1,
    }
    assert [result.outcome.origin for result in results] == ["duplicate"] * 3


def test_the_memory_knows_a_text_until_one_of_its_terms_changes(
    sandbox_host: MakeHost, start_engine: StartEngine, tmp_path: Path
) -> None:
    host = sandbox_host()
    memory = MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "one")
    digests = {"mistral:latest": "ab" * 32}
    calls = []
    for terms in ("vanne,valve", "vanne,tap", "vanne,tap\npompe,pump", "vanne,valve\npompe,pump", "pompe,pumping set"):
        settings = replace(make_settings(), glossary=parse_glossary(terms, "terms.csv"), checks="off")
        engine = start_engine([host], translator=settings, memory=memory, digests=digests, allow_mixed_digests=True)
        translate(engine, SENTENCE)
        engine.close()
        calls.append(host.stats()["calls"])
    assert calls == [1, 1, 2, 2, 3]
