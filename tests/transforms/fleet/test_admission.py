from __future__ import annotations

import pytest

from transforms.fleet.admission import HostReport, eligible, majority_digests
from transforms.fleet.faults import Failure
from transforms.fleet.listings import ModelOnHost
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
