from __future__ import annotations

import pytest

from pipeline.options.hosts import HostOptions
from pipeline.review.another_model import AnotherModel
from tests.conftest import MakeHost
from transforms.errors import RunFailed
from transforms.fleet.addresses import parse_hosts

TEXT = "La pompe OPAQUE du bâtiment sud est en panne."


def test_the_named_model_translates_and_its_answer_is_checked(sandbox_host: MakeHost) -> None:
    hosts = [
        sandbox_host(models=["mistral"], faults=[{"kind": "echo", "marker": "OPAQUE"}]),
        sandbox_host(models=["gemma3"]),
    ]
    addresses = parse_hosts(",".join(host.url for host in hosts))
    with AnotherModel(HostOptions(hosts=addresses), 2048) as other:
        bad, good, again = (other.translate(model, TEXT) for model in ("mistral", "gemma3", "gemma3"))
        with pytest.raises(RunFailed, match="no host can translate with the model 'llama3'"):
            other.translate("llama3", TEXT)
    assert bad.rejected
    assert "status failed" in bad.reasons
    assert not good.rejected
    assert "OPAQUE" in good.english
    assert good == again


def test_a_text_in_english_is_translated_as_the_person_wants_it(sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    with AnotherModel(HostOptions(hosts=parse_hosts(host.url)), 2048) as other:
        other.translate("mistral", "The pump of the south building is out of order since yesterday morning.")
    assert host.stats()["calls"] >= 1
