"""Real loopback hosts whose faults never heal: what repairs cost, and that they go on where they help."""

from __future__ import annotations

import pytest

from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.transforms.engine.engines import StartEngine, submit
from transforms.engine.outcome import RepairCost, TextResult
from transforms.engine.repair_yield import MOST_SAVED, PILOTS, TRIAL_SHARE

ALLOWED_SHARE = 0.05


def run(start_engine: StartEngine, hosts: list[object], texts: list[str], **settings: object) -> list[TextResult]:
    engine = start_engine(hosts, **settings)
    batches = [submit(engine, texts[start : start + 64]) for start in range(0, len(texts), 64)]
    return [result for batch in batches for result in batch.result(120)]


def sentence(number: int, bad: bool) -> str:
    # Both kinds have the same length: longer texts are sent first.
    return f"Le technicien a remplacé la {'vanne' if bad else 'pompe'} numéro {number} du bâtiment principal ce matin."


def costs_of(results: list[TextResult]) -> dict[str, RepairCost]:
    total: dict[str, RepairCost] = {}
    for result in results:
        for fault, cost in result.requests.repairs.items():
            summed = total.setdefault(fault, RepairCost())
            summed.requests += cost.requests
            summed.seconds += cost.seconds
            summed.better += cost.better
            summed.omitted += cost.omitted
    return total


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "texts"), [("echo", 2000), ("wrong_number", 1300), ("endless", 1300)])
def test_repairs_that_buy_nothing_cost_a_few_percent_of_the_requests(
    kind: str, texts: int, sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(faults=[Fault(kind, marker="vanne")])
    results = run(start_engine, [host], [sentence(number, bad=number % 10 < 3) for number in range(texts)])
    requests = sum(len(result.requests.attempts) for result in results)
    assert requests <= (1 + ALLOWED_SHARE) * texts
    assert sum(result.requests.repaired for result in results) == 0
    assert sum(result.outcome.status != "ok" for result in results) == 0.3 * texts
    costs = costs_of(results)
    assert sum(cost.requests for cost in costs.values()) == requests - texts
    assert sum(cost.omitted for cost in costs.values()) >= 0.3 * texts - (requests - texts)
    assert sum(cost.better for cost in costs.values()) == 0
    assert all(cost.seconds > 0 for cost in costs.values() if cost.requests)
    assert requests - texts > PILOTS["again"], "a share of trials continues"


def test_faults_that_heal_are_all_repaired_whatever_else_never_heals(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    faults = [Fault("echo", marker="vanne"), Fault("chinese", marker="Rapport", first_try_only=True)]
    texts = [sentence(number, bad=number % 3 == 0) for number in range(200)]
    texts += [f"Rapport {number} : la pompe du bâtiment nord est réparée." for number in range(200)]
    results = run(start_engine, [sandbox_host(faults=faults)], texts)
    assert [result.outcome.status for result in results[200:]] == ["ok"] * 200
    assert costs_of(results)["non_latin_output"].better == 200


def test_a_fallback_model_that_never_helps_is_omitted_too(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    host = sandbox_host(models=["mistral", "qwen3:8b"], faults=[Fault("echo", marker="vanne")])
    texts = [sentence(number, bad=number % 10 < 3) for number in range(700)]
    results = run(start_engine, [host], texts, fallback_model="qwen3:8b")
    requests = sum(len(result.requests.attempts) for result in results)
    learning = 20 + 20 + 20  # of both models, and of the change between them
    assert requests <= (1 + TRIAL_SHARE) * len(texts) + learning + MOST_SAVED


def test_long_texts_whose_halves_do_not_help_are_not_halved_for_ever(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(faults=[Fault("echo", marker="vanne")])
    texts = [" ".join(sentence(10 * number + part, bad=number > 0) for part in range(10)) for number in range(150)]
    results = run(start_engine, [host], texts)
    assert sum(result.outcome.status == "failed" for result in results) == 149
    requests = sum(len(result.requests.attempts) for result in results)
    learning = 20 + 5 + 10 * 3
    most_of_a_trial = 10
    assert requests - len(texts) <= learning + TRIAL_SHARE * len(texts) + MOST_SAVED + most_of_a_trial
