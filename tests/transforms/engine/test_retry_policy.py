"""How texts are asked for, and asked for again, against real loopback hosts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.sandbox.answering import tokens_of
from pipeline.sandbox.running import SandboxThread
from tests.conftest import MakeHost
from tests.transforms.engine.engines import make_engine, submit
from transforms.engine.deduplicator import MemorySettings
from transforms.engine.engine import Engine
from transforms.engine.translator import TextResult, TranslatorSettings
from transforms.text.glossary import parse_glossary
from transforms.text.prompt_profile import ProfileChoice

Start = Callable[..., Engine]
PARAGRAPH = "Le technicien a remplacé la pompe du bâtiment principal et contrôlé la pression de la chaudière. " * 6


@pytest.fixture
def start() -> Iterator[Start]:
    """Makes engines that are closed after the test."""
    engines: list[Engine] = []

    def begin(hosts: Sequence[SandboxThread], **settings: Any) -> Engine:
        engines.append(make_engine(hosts, **settings))
        return engines[-1]

    yield begin
    for engine in engines:
        engine.close()


def translate(engine: Engine, *texts: str) -> list[TextResult]:
    return submit(engine, texts).finished()


def bodies(host: SandboxThread) -> list[dict[str, Any]]:
    return [request["body"] for request in host.stats(with_requests=True)["requests"]]


def test_no_prompt_is_over_the_context_of_a_model_that_adds_many_tokens_of_its_own(
    sandbox_host: MakeHost, start: Start
) -> None:
    host = sandbox_host(record_requests=True, hidden_tokens=400, version="0.24.0")
    engine = start([host], num_ctx=1024)
    (first,) = translate(engine, "La pompe est remplacée.")
    text = "\n\n".join(f"Paragraphe {number}. {PARAGRAPH}" for number in range(12))
    (result,) = translate(engine, text)
    assert (first.outcome.status, result.outcome.status) == ("ok", "ok")
    assert [attempt.failure for attempt in result.attempts] == [None] * (len(bodies(host)) - 1)
    for body in bodies(host):
        prompt_tokens = 400 + tokens_of(body["system"]) + tokens_of(body["prompt"])
        assert prompt_tokens + body["options"]["num_predict"] <= 1024


def test_a_piece_is_shown_what_stands_before_it_and_only_the_piece_is_translated(
    sandbox_host: MakeHost, start: Start
) -> None:
    host = sandbox_host(record_requests=True)
    paragraphs = [f"Le rapport {number} décrit la panne. Il est prêt." + PARAGRAPH for number in range(4)]
    choice = ProfileChoice(1024, chunk_chars=700, context_chars=120)
    engine = start([host], translator=TranslatorSettings(choice, "mistral", 7))
    (result,) = translate(engine, "\n\n".join(paragraphs))
    (alone,) = translate(engine, "La pompe est réparée.")
    assert (result.outcome.status, alone.outcome.status) == ("ok", "ok")
    prompts = sorted((body["prompt"] for body in bodies(host)[:-1]), key=lambda prompt: prompt.startswith("<context>"))
    assert not prompts[0].startswith("<context>")
    for prompt in prompts[1:]:
        context, _, source = prompt.removeprefix("<context>\n").partition("\n</context>\n<source>\n")
        assert 0 < len(context) <= 120
        assert context in "\n\n".join(paragraphs)
        assert source.endswith("\n</source>")
    assert bodies(host)[-1]["prompt"] == "<source>\nLa pompe est réparée.\n</source>"
    assert len({body["system"] for body in bodies(host)}) == 1
    for number in range(4):
        assert (result.outcome.translation or "").count(f"report {number} ") == 1


def test_the_model_is_told_the_column_and_the_memory_keeps_columns_apart(
    sandbox_host: MakeHost, start: Start, tmp_path: Path
) -> None:
    host = sandbox_host(record_requests=True)
    memory = MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "one")
    digests = {"mistral:latest": "ab" * 32}
    engine = start([host], memory=memory, digests=digests, allow_mixed_digests=True)
    texts = ["Pompe en panne.", "Pompe en panne.", "Vanne en panne."]
    for _ in range(2):
        submission = submit(engine, texts, field_names=["title", "body", "title"])
    told = Counter(
        (body["prompt"].splitlines()[1], body["system"].rpartition(" The text is")[2]) for body in bodies(host)
    )
    assert told == {
        ("Pompe en panne.", ' the field "title" of a record.'): 1,
        ("Pompe en panne.", ' the field "body" of a record.'): 1,
        ("Vanne en panne.", ' the field "title" of a record.'): 1,
    }
    assert [result.outcome.origin for result in submission.finished()] == ["duplicate"] * 3


def test_terms_reach_hy_mt2_in_the_words_it_was_trained_on(sandbox_host: MakeHost, start: Start) -> None:
    host = sandbox_host(record_requests=True, models=["hy-mt2:7b"])
    glossary = parse_glossary("pompe,circulation pump\nvanne,valve", "terms.csv")
    settings = TranslatorSettings(
        ProfileChoice(2048, has_glossary=True), "hy-mt2:7b", 7, checks="off", glossary=glossary
    )
    engine = start([host], translator=settings)
    translate(engine, "La pompe est réparée.")
    (body,) = bodies(host)
    assert "system" not in body
    assert body["prompt"].startswith("Reference the following translations:\npompe translates to circulation pump\n\nT")
    assert body["prompt"].endswith("without any additional explanation:\n\nLa pompe est réparée.")


def test_a_short_spanish_text_is_passed_through_with_lingua(sandbox_host: MakeHost, start: Start) -> None:
    host = sandbox_host()
    choice = ProfileChoice(2048)
    engine = start([host], translator=TranslatorSettings(choice, "mistral", 7, langid="lingua"))
    spanish, french = translate(engine, "Fuga de agua en el sótano, urgente.", "Fuite d'eau au sous-sol, urgent.")
    assert (spanish.outcome.status, list(spanish.outcome.flags)) == ("skipped", ["src_other_language"])
    assert (french.outcome.status, host.stats()["calls"]) == ("ok", 1)
