"""Repairs that buy nothing are omitted: decisions one by one, and simulated runs with faults that never heal."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.engine import repair_yield
from transforms.engine.repair_yield import (
    BUDGET_SHARE,
    FEW_PILOTS,
    LEAST_BUDGET,
    MOST_SAVED,
    PILOTS,
    SOFT_SHARE,
    TRIAL_SHARE,
    WINDOW,
    Decision,
    Grant,
    Kind,
    Repair,
    RepairYield,
)

ECHO = Kind("mistral", "untranslated", "again")
LOOP = Kind("mistral", "repetition", "again")


@pytest.fixture
def ample_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a long run, where the budget allows all pilots."""
    monkeypatch.setattr(repair_yield, "LEAST_BUDGET", 1_000_000)


def grant(repairs: RepairYield, kind: Kind) -> Grant:
    """What ``granted`` returns without an event loop, as nothing has to be waited for."""
    with pytest.raises(StopIteration) as done:
        repairs.granted(kind, may_wait=False).send(None)
    assert isinstance(done.value.value, Grant)
    return done.value.value


def record(repairs: RepairYield, kind: Kind, cured: bool, times: int = 1) -> None:
    for _ in range(times):
        repairs.finished(grant(repairs, kind), cured)


def earn(repairs: RepairYield, trials: float) -> None:
    for _ in range(round(trials / TRIAL_SHARE) + 1):
        repairs.first_answer()


@pytest.mark.usefixtures("ample_budget")
def test_every_repair_is_tried_some_times_before_it_is_judged() -> None:
    repairs = RepairYield()
    for _ in range(PILOTS["again"]):
        assert repairs.decide(ECHO) is Decision.TRY
        record(repairs, ECHO, cured=False)
    assert repairs.decide(ECHO) is Decision.SKIP
    assert repairs.decide(ECHO._replace(model="gemma")) is Decision.TRY
    assert repairs.decide(ECHO._replace(repair="halves")) is Decision.TRY


@pytest.mark.usefixtures("ample_budget")
def test_a_model_that_no_repair_helps_gets_few_for_each_further_fault() -> None:
    repairs = RepairYield()
    record(repairs, ECHO, False, PILOTS["again"])
    record(repairs, LOOP, False, FEW_PILOTS["again"])
    assert repairs.decide(LOOP) is Decision.SKIP
    other = LOOP._replace(fault="refusal")
    record(repairs, other, True)
    assert repairs.decide(other) is Decision.TRY


@pytest.mark.usefixtures("ample_budget")
def test_pilots_in_progress_hold_the_others_up_until_one_of_them_shows_that_it_pays() -> None:
    repairs = RepairYield()
    pilots = [grant(repairs, ECHO) for _ in range(PILOTS["again"])]
    assert (repairs.decide(ECHO), repairs.decide(LOOP)) == (Decision.WAIT, Decision.WAIT)
    repairs.finished(pilots[0], False)
    repairs.finished(pilots[1], True)
    assert repairs.decide(ECHO) is Decision.WAIT, "one cure does not outweigh 18 more failures"
    repairs.finished(pilots[2], True)
    repairs.finished(pilots[3], True)
    assert repairs.decide(ECHO) is Decision.TRY


@pytest.mark.usefixtures("ample_budget")
def test_those_who_wait_are_woken_and_decided() -> None:
    async def run() -> tuple[list[bool], int]:
        repairs = RepairYield()
        pilots = [await repairs.granted(ECHO) for _ in range(PILOTS["again"])]
        waiting = [asyncio.create_task(repairs.granted(ECHO)) for _ in range(50)]
        await asyncio.sleep(0)
        held_up = sum(not task.done() for task in waiting)
        for pilot in pilots:
            assert pilot is not None
            repairs.finished(pilot, False)
        return [granted is not None for granted in await asyncio.gather(*waiting)], held_up

    granted, held_up = asyncio.run(run())
    assert held_up == 50
    assert not any(granted)


@pytest.mark.usefixtures("ample_budget")
def test_a_pilot_that_an_error_ends_makes_room_for_another() -> None:
    repairs = RepairYield()
    pilots = [grant(repairs, ECHO) for _ in range(PILOTS["again"])]
    repairs.finished(pilots[0], None)
    assert repairs.decide(ECHO) is Decision.TRY


def test_a_share_of_trials_goes_on_and_finds_what_helps_again() -> None:
    repairs = RepairYield()
    record(repairs, ECHO, True)
    while repairs.decide(ECHO) is Decision.TRY:
        record(repairs, ECHO, False)
    earn(repairs, 1.0)
    assert repairs.decide(ECHO) is Decision.TRIAL
    record(repairs, ECHO, False)
    assert repairs.decide(ECHO) is Decision.SKIP
    earn(repairs, 1.0)
    record(repairs, ECHO, True)
    assert repairs.decide(ECHO) is Decision.TRY


def test_trials_are_spread_over_the_run() -> None:
    repairs = RepairYield()
    earn(repairs, 1000.0)
    record(repairs, ECHO, False, PILOTS["again"])
    record(repairs, ECHO, False, int(MOST_SAVED))
    assert repairs.decide(ECHO) is Decision.SKIP


@pytest.mark.usefixtures("ample_budget")
def test_a_trial_is_charged_what_it_cost() -> None:
    repairs, halves = RepairYield(), ECHO._replace(repair="halves")
    record(repairs, halves, False, PILOTS["halves"])
    earn(repairs, 2.0)
    repairs.finished(grant(repairs, halves), False, requests=10)
    earn(repairs, 8.0)
    assert repairs.decide(halves) is Decision.SKIP


def test_a_fallback_model_is_asked_as_long_as_it_helps_now_and_then() -> None:
    repairs, fallback = RepairYield(), Kind("qwen3:8b", "untranslated", "fallback")
    record(repairs, fallback, True)
    record(repairs, fallback, False, WINDOW - 1)
    assert repairs.decide(fallback) is Decision.TRY
    record(repairs, fallback, False)
    assert repairs.decide(fallback) is Decision.SKIP


def test_a_short_run_pays_for_few_repairs_without_a_cure() -> None:
    repairs = RepairYield()
    made = 0
    while repairs.decide(ECHO) is Decision.TRY:
        record(repairs, ECHO, False)
        made += 1
    assert made == LEAST_BUDGET
    assert repairs.decide(ECHO) is Decision.SKIP
    record(repairs, LOOP, False)
    assert repairs.decide(LOOP) is Decision.SKIP, "every fault has its first pilot, and no more"
    earn(repairs, TRIAL_SHARE * (LEAST_BUDGET + 2) / BUDGET_SHARE)
    assert repairs.decide(ECHO) is Decision.TRY, "more answers pay for more pilots"


def test_texts_that_would_fail_come_before_those_that_are_kept() -> None:
    repairs, kept = RepairYield(), Kind("mistral", "number_missing", "again")
    while repairs.decide(kept) is Decision.TRY:
        record(repairs, kept, False)
    made = 0
    while repairs.decide(ECHO) is Decision.TRY:
        record(repairs, ECHO, False)
        made += 1
    assert made == LEAST_BUDGET * SOFT_SHARE


def test_trials_are_made_from_the_same_budget() -> None:
    repairs = RepairYield()
    record(repairs, ECHO, True)
    while repairs.decide(ECHO) is Decision.TRY:
        record(repairs, ECHO, False)
    earn(repairs, 1.0)
    for _ in range(LEAST_BUDGET):
        record(repairs, LOOP, False)
    assert repairs.decide(ECHO) is Decision.SKIP
    earn(repairs, TRIAL_SHARE * (LEAST_BUDGET + 1) / BUDGET_SHARE)
    assert repairs.decide(ECHO) is Decision.TRIAL


def test_a_repair_that_pays_leaves_the_budget_to_others() -> None:
    repairs = RepairYield()
    record(repairs, ECHO, True, LEAST_BUDGET)
    record(repairs, ECHO, False, 2 * LEAST_BUDGET)
    record(repairs, LOOP, False, LEAST_BUDGET - 1)
    assert repairs.decide(LOOP) is Decision.TRY


def test_a_fault_waits_for_room_in_the_budget_only_while_a_cure_may_make_some() -> None:
    repairs = RepairYield()
    pilots = [grant(repairs, ECHO) for _ in range(LEAST_BUDGET)]
    first = grant(repairs, LOOP)
    assert repairs.decide(LOOP) is Decision.WAIT
    repairs.finished(first, True)
    assert repairs.decide(LOOP) is Decision.TRY, "it pays, and needs no budget"
    other = LOOP._replace(fault="refusal")
    repairs.finished(grant(repairs, other), False)
    assert repairs.decide(other) is Decision.WAIT
    for pilot in pilots[:2]:
        repairs.finished(pilot, True)
    assert repairs.decide(other) is Decision.TRY, "two cures left room for two"


def test_nobody_waits_for_a_repair_that_is_known_to_pay() -> None:
    repairs = RepairYield()
    record(repairs, ECHO, True)
    record(repairs, LOOP, False, LEAST_BUDGET)
    assert grant(repairs, ECHO).reserved == 0
    assert repairs.decide(LOOP) is Decision.SKIP


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32),
    st.floats(0.02, 1.0),
    st.integers(1, 8),
    st.integers(1, 64),
    st.lists(st.sampled_from(["again", "halves", "fallback"]), min_size=1, max_size=3, unique=True),
)
def test_repairs_that_never_cure_cost_little_whatever_fails_and_however_many_are_in_flight(
    seed: int, share: float, faults: int, in_flight: int, kinds: list[Repair]
) -> None:
    """Every faulty chunk asks for each of the repairs in turn; answers come back in any order."""
    chunks = 2000
    made: Counter[bool] = Counter()

    async def run() -> None:
        rng, repairs = random.Random(seed), RepairYield()
        slots = asyncio.Semaphore(in_flight)

        async def send() -> None:
            async with slots:
                for _ in range(rng.randrange(4)):
                    await asyncio.sleep(0)

        async def translate() -> None:
            repairs.first_answer()
            await send()
            if rng.random() >= share:
                return
            fault = f"fault{rng.randrange(faults)}"
            for repair in kinds:
                granted = await repairs.granted(Kind("mistral", fault, repair))
                if granted is not None:
                    requests = 2 if repair == "halves" else 1
                    for _ in range(requests):
                        await send()
                    made[granted.trial] += requests
                    repairs.finished(granted, False, requests)

        left = iter(range(chunks))

        async def work() -> None:
            for _ in left:
                await translate()

        await asyncio.gather(*(work() for _ in range(2 * in_flight)))

    asyncio.run(run())
    learning = sum((PILOTS[each] + (faults - 1) * FEW_PILOTS[each]) * (2 if each == "halves" else 1) for each in kinds)
    # A fault that begins late may start its own pilots before the model is known.
    most_learning = learning + sum(PILOTS[each] * (2 if each == "halves" else 1) for each in kinds)
    assert made[False] <= most_learning
    if "fallback" not in kinds:
        first = faults * sum(2 if each == "halves" else 1 for each in kinds)
        assert made.total() <= max(LEAST_BUDGET, BUDGET_SHARE * chunks) + first
    assert made[True] <= TRIAL_SHARE * chunks + MOST_SAVED
    if share * chunks > 2 * most_learning:
        assert made[True] > 0, "trials continue"


@pytest.mark.usefixtures("ample_budget")
@pytest.mark.parametrize("repair", ["again", "halves"])
def test_repairs_that_cure_a_quarter_of_the_faults_are_hardly_ever_given_up(repair: Repair) -> None:
    kind, made = Kind("mistral", "number_missing", repair), 0
    for seed in range(40):
        rng, repairs = random.Random(seed), RepairYield()
        for _ in range(400):
            repairs.first_answer()
            if repairs.decide(kind) in (Decision.TRY, Decision.TRIAL):
                record(repairs, kind, rng.random() < 0.25)
                made += 1
    assert made > 0.95 * 40 * 400


def test_what_cures_one_fault_in_thirty_is_given_up() -> None:
    rng, repairs, made = random.Random(3), RepairYield(), 0
    for _ in range(2000):
        repairs.first_answer()
        if repairs.decide(ECHO) in (Decision.TRY, Decision.TRIAL):
            record(repairs, ECHO, rng.random() < 1 / 30)
            made += 1
    assert made < 0.05 * 2000
