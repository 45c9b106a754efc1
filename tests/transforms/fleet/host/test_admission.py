from __future__ import annotations

import asyncio
import gc

import pytest

from tests.conftest import MakeHost
from transforms.fleet.addresses import parse_host
from transforms.fleet.faults import Failure
from transforms.fleet.host.admission import HostReport, eligible, inspect_all, majority_digests
from transforms.fleet.http.listings import ModelOnHost
from transforms.fleet.model_names import model_key

A, B = "aa" * 32, "bb" * 32


def report(*models: ModelOnHost) -> HostReport:
    return HostReport("http://gpu0:11434", "0.33.0", {model_key(model.name): model for model in models})


def model(name: str = "mistral:latest", digest: str = A, remote: bool = False) -> ModelOnHost:
    return ModelOnHost(name, digest, 1, remote)


def test_a_host_with_the_right_model_is_eligible() -> None:
    found = eligible(report(model()), ["mistral"], {"mistral:latest": A})
    assert (found.digests, found.problems) == ({"mistral:latest": A}, {})


@pytest.mark.parametrize(
    ("models", "failure", "words"),
    [
        ([], Failure.MODEL_MISSING, "it has no models"),
        ([model("llama3:latest")], Failure.MODEL_MISSING, "it has llama3:latest. Run `ollama pull mistral`"),
        ([model(remote=True)], Failure.FORBIDDEN, "cloud"),
        ([model(digest=B)], None, "--allow_mixed_digests"),
    ],
)
def test_why_a_host_is_not_eligible(models: list[ModelOnHost], failure: Failure | None, words: str) -> None:
    found = eligible(report(*models), ["mistral"], {"mistral:latest": A})
    assert not found.digests
    ((text, kind),) = found.problems.values()
    assert kind is failure
    assert words in text


def test_without_named_models_every_local_one_may_be_asked_for() -> None:
    found = eligible(report(model(), model("b:latest"), model("c:latest", remote=True)), None, {"b:latest": B})
    assert set(found.digests) == {"mistral:latest"}
    assert set(found.problems) == {"b:latest", "c:latest"}


def test_the_digest_that_most_hosts_have_is_expected_of_all() -> None:
    reports = [report(model(digest=B)), report(model(digest=A)), report(model(digest=A))]
    assert majority_digests(reports) == {"mistral:latest": A}
    assert majority_digests(reports[:2]) == {"mistral:latest": B}, "the first one's at a tie"
    assert majority_digests([report(model(remote=True))]) == {}


def test_models_of_a_host_are_shown_up_to_a_number() -> None:
    for count, more in ((8, False), (9, True)):
        models = [model(f"model{number}:latest") for number in range(count)]
        ((text, _),) = eligible(report(*models), ["mistral"], {}).problems.values()
        assert text.count(":latest") == 8
        assert (", …" in text) is more


def test_all_hosts_are_inspected_in_order(sandbox_host: MakeHost) -> None:
    hosts = [sandbox_host(version="0.12.6"), sandbox_host(version="0.13.0")]
    urls = [hosts[0].url, "http://127.0.0.1:9", hosts[1].url]
    reports = asyncio.run(inspect_all([parse_host(url) for url in urls]))
    assert [report.url for report in reports] == urls
    assert [report.version for report in reports] == ["0.12.6", "", "0.13.0"]
    assert [bool(report.problem) for report in reports] == [False, True, False]
    assert reports[0].models.keys() == {"mistral:latest"}
    gc.collect()  # a connection that was left open would be a warning now, and so an error
